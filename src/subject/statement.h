// Statement: a compiled statement of SQLite, which is finalized when it goes.
// For what in src/subject reads and writes by plain SQL, without SqliteSaver.

#ifndef LASTCOMMIT_SUBJECT_STATEMENT_H_
#define LASTCOMMIT_SUBJECT_STATEMENT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lastcommit {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const;
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

absl::StatusOr<Statement> Prepare(sqlite3* connection, std::string_view sql);

// Statements that give nothing that is wanted, to their end.
absl::Status Execute(sqlite3* connection, const std::string& sql);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_STATEMENT_H_
