// The inside of SqliteSaver, for sqlite_saver.cc, transaction.cc and
// blob_stream.cc only.

#ifndef LASTCOMMIT_SAVER_SAVER_IMPL_H_
#define LASTCOMMIT_SAVER_SAVER_IMPL_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/counter.h"
#include "saver/database.h"
#include "saver/sqlite_saver.h"
#include "saver/transaction_stack.h"
#include "saver/wal_checkpointer.h"
#include "status/status.h"

namespace lastcommit {

// A blob stream that has begun and not ended.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  // Ends it; nothing of it is left.
  virtual void End() = 0;
};

class SqliteSaver::Impl {
 public:
  Impl(Database opened, const RecoveryReport& recovery,
       const Options& opened_with, Synchronous level, const Defences& defences)
      : database(std::move(opened)),
        checkpointer(database, opened_with),
        stack(database, defences),
        report(recovery),
        options(opened_with),
        journal_mode(opened_with.journal_mode),
        synchronous(level) {}

  template <typename Operation>
  absl::Status Change(const Operation& operation) {
    RETURN_IF_ERROR(CheckNoStream());
    return stack.Change(operation);
  }

  // Run an operation that returns a value, StatusOr<T>, through the stack.
  template <typename T, typename Operation>
  absl::StatusOr<T> Change(const Operation& operation) {
    absl::StatusOr<T> result = absl::UnknownError("not run");
    RETURN_IF_ERROR(Change([&] {
      result = operation();
      return result.status();
    }));
    return result;
  }

  template <typename T, typename Operation>
  absl::StatusOr<T> Read(const Operation& operation) {
    RETURN_IF_ERROR(CheckNoStream());
    absl::StatusOr<T> result = absl::UnknownError("not run");
    RETURN_IF_ERROR(stack.Read([&] {
      result = operation();
      return result.status();
    }));
    return result;
  }

  absl::Status CheckNoTransaction() {
    RETURN_IF_ERROR(CheckNoStream());
    if (stack.empty()) return stack.EndLeftover();
    return absl::FailedPreconditionError("a transaction is open");
  }

  absl::Status CheckNoStream() const {
    if (stream == nullptr) return absl::OkStatus();
    return absl::FailedPreconditionError("a blob stream is open");
  }

  // A blob that is not whole cannot become a part of the transaction, and one
  // that stayed open after its commit was refused would keep the write lock.
  absl::StatusOr<std::int64_t> Commit(const Level& level) {
    const bool has_stream =
        stream != nullptr && level.depth == 0 && stack.Contains(level);
    if (!has_stream) return stack.Commit(level);
    stream->End();
    if (stack.IsAborted(level)) return stack.Commit(level);
    RETURN_IF_ERROR(stack.Rollback(level));
    return absl::FailedPreconditionError(
        "a blob stream was open: the transaction was rolled back");
  }

  // Before a level of a Transaction is rolled back.
  void EndStreamIn(const Level& level) {
    if (stream != nullptr && stack.Contains(level)) stream->End();
  }

  Database database;
  WalCheckpointer checkpointer;  // refers to `database`
  TransactionStack stack;        // this too
  const RecoveryReport report;
  const Options options;
  JournalMode journal_mode;
  Synchronous synchronous;
  OpenStream* stream = nullptr;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SAVER_SAVER_IMPL_H_
