#include "saver/json.h"

#include <sqlite3.h>

#include <memory>

#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Compiled = std::unique_ptr<sqlite3_stmt, Finalize>;

// The first version whose json_valid() tells a lack of memory from bad JSON
// (jsonValidFunc() in json.c); it also brought JSON5, which json() accepts and
// json_valid() does not (https://sqlite.org/json1.html). Before it, both accept
// the same, and the errors of json() tell.
constexpr int kJsonValidTells = 3042000;

}  // namespace

absl::StatusOr<bool> IsJson(sqlite3* connection, std::string_view text) {
  const bool is_told_by_error = sqlite3_libversion_number() < kJsonValidTells;
  const char* const sql = is_told_by_error ? "SELECT json(?1) IS NOT NULL"
                                           : "SELECT json_valid(?1)";
  sqlite3_stmt* statement = nullptr;
  RETURN_IF_ERROR(
      SqliteStatus(sqlite3_prepare_v2(connection, sql, -1, &statement, nullptr),
                   connection, sql));
  const Compiled owned(statement);
  RETURN_IF_ERROR(
      SqliteStatus(sqlite3_bind_text64(statement, 1, text.data(), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8),
                   connection, sql));
  const int result = sqlite3_step(statement);
  if (is_told_by_error && result == SQLITE_ERROR) return false;  // malformed
  RETURN_IF_ERROR(SqliteStatus(result, connection, sql));
  if (sqlite3_column_int(statement, 0) != 0) return true;
  if (!is_told_by_error) return false;
  // json() of a text that could not be copied.
  return SqliteStatus(SQLITE_NOMEM, nullptr, sql);
}

}  // namespace lastcommit::saver
