// The inside of SqliteSaver, for sqlite_saver.cc, transaction.cc and
// blob_stream.cc only.

#ifndef LASTCOMMIT_SAVER_SAVER_IMPL_H_
#define LASTCOMMIT_SAVER_SAVER_IMPL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/arguments.h"
#include "saver/counter.h"
#include "saver/database.h"
#include "saver/kept_locks.h"
#include "saver/named_files.h"
#include "saver/out_of_memory.h"
#include "saver/process.h"
#include "saver/sqlite_saver.h"
#include "saver/transaction_stack.h"
#include "saver/wal_checkpointer.h"
#include "status/status.h"

namespace lastcommit::saver {

// A blob stream that has begun and not ended.
class OpenStream {
 public:
  virtual ~OpenStream() = default;
  // Ends it; nothing of it is left.
  virtual void End() noexcept = 0;
};

class SqliteSaver::Impl {
 public:
  Impl(const std::string& path, Database opened, const RecoveryReport& recovery,
       const Options& opened_with, Synchronous level,
       const TransactionDefences& defences)
      : process(path),
        database(std::move(opened)),
        files(database, opened_with.notice_removed_files),
        checkpointer(database, opened_with, &files),
        locks(database, opened_with.avoid_sqlite_bugs),
        stack(database, files, locks, defences),
        report(recovery),
        options(opened_with),
        journal_mode(opened_with.journal_mode),
        synchronous(level) {}

  // A connection that has opened another file under one of the names has
  // written to it; a checkpoint would write over that, and a last close would
  // delete it.
  ~Impl() {
    if (files.AreReplaced()) database.SetCheckpointOnClose(false);
  }

  static absl::StatusOr<std::unique_ptr<SqliteSaver>> Open(
      const std::string& path, const Options& options);
  absl::Status SetJournalMode(JournalMode mode);
  absl::StatusOr<std::int64_t> AppendLogs(const LogBatch& batch);

  // What every call of the interface goes through.
  template <typename Call>
  auto Enter(const Call& call) noexcept -> decltype(call()) {
    return CatchBadAlloc([&]() -> decltype(call()) {
      if (!process.IsHere()) return WasInherited();
      return call();
    });
  }

  // `check` refuses bad arguments before anything is asked of the database.
  template <typename Check, typename Operation>
  auto Change(const Check& check, const Operation& operation) noexcept {
    return Enter([&]() -> decltype(operation()) {
      RETURN_IF_ERROR(check());
      RETURN_IF_ERROR(CheckNoStream());
      return Collect(operation, [&](TransactionStack::Operation work) {
        return stack.Change(work);
      });
    });
  }

  template <typename Check, typename Operation>
  auto Read(const Check& check, const Operation& operation) noexcept {
    return Enter([&]() -> decltype(operation()) {
      RETURN_IF_ERROR(check());
      RETURN_IF_ERROR(CheckNoStream());
      return Collect(operation, [&](TransactionStack::Operation work) {
        return stack.Read(work);
      });
    });
  }

  template <typename Operation>
  auto Read(const Operation& operation) noexcept {
    return Read([] { return absl::OkStatus(); }, operation);
  }

  // Of arguments, saver/arguments.h.
  std::int64_t max_bytes() const { return database.MaxRowBytes(); }
  absl::Status CheckThread(const std::string& thread_id) const {
    return CheckNames({{"thread_id", thread_id}}, max_bytes());
  }

  absl::Status CheckNoTransaction() {
    RETURN_IF_ERROR(CheckNoStream());
    if (stack.empty()) return stack.EndLeftover();
    RETURN_IF_ERROR(stack.CheckNotAborted());
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
  void EndStreamIn(const Level& level) noexcept {
    if (stream != nullptr && stack.Contains(level)) stream->End();
  }

  const OpenInProcess process;
  Database database;
  NamedFiles files;              // refers to `database`
  WalCheckpointer checkpointer;  // to both
  KeptLocks locks;
  TransactionStack stack;  // refers to the three
  const RecoveryReport report;
  const Options options;
  JournalMode journal_mode;
  Synchronous synchronous;
  OpenStream* stream = nullptr;

 private:
  // Runs an operation, which returns a Status or a StatusOr, as one that
  // returns a Status.
  template <typename Operation, typename Run>
  static auto Collect(const Operation& operation, const Run& run)
      -> decltype(operation()) {
    if constexpr (std::is_same_v<decltype(operation()), absl::Status>) {
      return run(operation);
    } else {
      decltype(operation()) result =
          absl::Status(absl::StatusCode::kUnknown, "");
      RETURN_IF_ERROR(run([&] {
        result = operation();
        return result.status();
      }));
      return result;
    }
  }
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_SAVER_IMPL_H_
