#include "subject/planted_sql.h"

#include <sqlite3.h>

#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/statement.h"

namespace lastcommit {
namespace {

std::string FirstColumn(sqlite3_stmt* row) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
  return text == nullptr ? "" : text;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> RunSql(
    sqlite3* connection, std::string_view sql,
    std::initializer_list<std::string_view> texts) {
  ASSIGN_OR_RETURN(const Statement statement, Prepare(connection, sql));
  int result = SQLITE_OK;
  int parameter = 1;
  for (const std::string_view text : texts) {
    if (result != SQLITE_OK) break;
    // A null pointer would bind NULL.
    result = sqlite3_bind_text(statement.get(), parameter++,
                               text.empty() ? "" : text.data(),
                               static_cast<int>(text.size()), SQLITE_STATIC);
  }
  std::optional<std::string> first;
  while (result == SQLITE_OK || result == SQLITE_ROW) {
    result = sqlite3_step(statement.get());
    if (result == SQLITE_ROW && !first.has_value()) {
      first = FirstColumn(statement.get());
    }
  }
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, sql));
  return first;
}

absl::Status HideFromCommitCounter(sqlite3* connection) {
  return RunSql(connection,
                "UPDATE meta SET value = value - 1 "
                "WHERE key = 'commit_counter'")
      .status();
}

}  // namespace lastcommit
