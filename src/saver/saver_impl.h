// The inside of SqliteSaver, for sqlite_saver.cc and transaction.cc only.

#ifndef LASTCOMMIT_SAVER_SAVER_IMPL_H_
#define LASTCOMMIT_SAVER_SAVER_IMPL_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/counter.h"
#include "saver/database.h"
#include "saver/sqlite_saver.h"
#include "saver/transaction_stack.h"

namespace lastcommit {

class SqliteSaver::Impl {
 public:
  Impl(Database opened, const RecoveryReport& recovery, bool avoid_bug)
      : database(std::move(opened)),
        stack(database, avoid_bug),
        report(recovery) {}

  // Run an operation that returns a value, StatusOr<T>, through the stack.
  template <typename T, typename Operation>
  absl::StatusOr<T> Change(const Operation& operation) {
    absl::StatusOr<T> result = absl::UnknownError("not run");
    const absl::Status status = stack.Change([&] {
      result = operation();
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  template <typename T, typename Operation>
  absl::StatusOr<T> Read(const Operation& operation) {
    absl::StatusOr<T> result = absl::UnknownError("not run");
    const absl::Status status = stack.Read([&] {
      result = operation();
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }

  absl::Status CheckNoTransaction() const {
    if (stack.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError("a transaction is open");
  }

  Database database;
  TransactionStack stack;  // refers to `database`
  const RecoveryReport report;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SAVER_SAVER_IMPL_H_
