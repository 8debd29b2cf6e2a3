#include "subject/statement.h"

#include <sqlite3.h>

#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit {

void Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

absl::StatusOr<Statement> Prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int result = sqlite3_prepare_v2(
      connection, sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
  Statement statement(raw);
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, sql));
  return statement;
}

absl::Status Execute(sqlite3* connection, const std::string& sql) {
  return saver::SqliteStatus(
      sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
      connection, sql);
}

}  // namespace lastcommit
