// Runs what a script says on a connection of SQLite: the same for the store
// that is tested and for the model.

#ifndef LASTCOMMIT_SQL_RUNNER_H_
#define LASTCOMMIT_SQL_RUNNER_H_

#include <cstddef>
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
struct sqlite3_value;

namespace lastcommit::sql {

struct FreeValue {
  void operator()(sqlite3_value* value) const;
};

// A transaction as it is run once: how far it came, and what it has read.
struct Execution {
  const Transaction& transaction;
  std::span<const std::int64_t> values;  // as an operation has them
  std::size_t next = 0;                  // of its statements
  // By name, of \gset. Null: a statement that would have set it failed.
  std::map<std::string, std::unique_ptr<sqlite3_value, FreeValue>> variables =
      {};
  RowHasher answer = {};
};

// The statements of one connection, each compiled once. The connection must
// outlive it. Not thread-safe.
class Runner {
 public:
  explicit Runner(sqlite3* connection) : connection_(connection) {}

  // The next statement, which comes before the BEGIN of its transaction.
  absl::Status ReadBefore(Execution& execution);

  // The other statements in order, until one fails; with goes_on a statement
  // that is refused (a constraint) and leaves the transaction open is passed
  // over. The answer is a digest of all rows that all statements gave, whatever
  // their order. `commit` is called for the last COMMIT of a transaction that
  // has one of its own.
  //
  // A transaction that is open at the end, or after an error, is the caller's
  // to end.
  absl::StatusOr<std::int64_t> Run(Execution& execution,
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
  absl::StatusOr<std::uint64_t> RunOne(const SqlStatement& statement,
                                       Execution& execution);
  absl::StatusOr<std::uint64_t> RowsOf(sqlite3_stmt* statement,
                                       const std::string& sql);
  absl::StatusOr<std::uint64_t> SetVariables(sqlite3_stmt* statement,
                                             const SqlStatement& sql,
                                             Execution& execution);

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
