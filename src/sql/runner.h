// Runs what a script says on a connection of SQLite: the same for the store
// that is tested and for the model.

#ifndef LASTCOMMIT_SQL_RUNNER_H_
#define LASTCOMMIT_SQL_RUNNER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql/script.h"
#include "store/state.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lastcommit::sql {

// The statements of one connection, each compiled once. The connection must
// outlive it. Not thread-safe.
class Runner {
 public:
  explicit Runner(sqlite3* connection) : connection_(connection) {}

  // The statements of `transaction` in order, with the value of each of its
  // parameters, until one fails; with goes_on a statement that is refused (a
  // constraint) and leaves the transaction open is passed over. The answer is a
  // digest of all rows that they gave, whatever their order. `commit` is called
  // for the last COMMIT of a transaction that has one of its own.
  //
  // A transaction that is open at the end, or after an error, is the caller's
  // to end.
  absl::StatusOr<std::int64_t> Run(const Transaction& transaction,
                                   std::span<const std::int64_t> values,
                                   absl::FunctionRef<absl::Status()> commit);

  // That of the statement which the newest Run() of a transaction came to.
  int line() const { return line_; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  absl::StatusOr<sqlite3_stmt*> Compiled(const std::string& sql);
  // A digest of the rows that it gives.
  absl::StatusOr<std::uint64_t> RunOne(const Transaction& transaction,
                                       const SqlStatement& statement,
                                       std::span<const std::int64_t> values);
  absl::StatusOr<std::uint64_t> RowsOf(sqlite3_stmt* statement,
                                       const std::string& sql);

  sqlite3* const connection_;
  int line_ = 0;
  std::map<std::string, Statement> statements_;
};

// Adds the column to the hash, under the type it really has.
void HashColumn(sqlite3_stmt* row, int column, RowHasher& hasher);
// Of all columns.
Fingerprint FingerprintOf(sqlite3_stmt* row);

// Whether the script, and not the disk or another client, is what the statement
// failed of: the same each time.
bool IsRefused(const absl::Status& status);

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_RUNNER_H_
