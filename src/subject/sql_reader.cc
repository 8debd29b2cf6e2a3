#include "subject/sql_reader.h"

#include <sqlite3.h>

#include <memory>
#include <string_view>
#include <utility>

#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
  }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

std::string Text(sqlite3_stmt* row, int column) {
  const void* bytes = sqlite3_column_blob(row, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return size == 0 ? "" : std::string(static_cast<const char*>(bytes), size);
}

// Hashes the column under the type it really has.
void Hash(sqlite3_stmt* row, int column, RowHasher& hasher) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER:
      hasher.Integer(sqlite3_column_int64(row, column));
      break;
    case SQLITE_NULL:
      hasher.Null();
      break;
    case SQLITE_BLOB:
      hasher.Blob(Text(row, column));
      break;
    default:
      hasher.Text(Text(row, column));
  }
}

template <typename EachRow>
absl::Status Query(sqlite3* connection, std::string_view sql,
                   EachRow each_row) {
  sqlite3_stmt* raw = nullptr;
  int result = sqlite3_prepare_v2(connection, sql.data(),
                                  static_cast<int>(sql.size()), &raw, nullptr);
  const Statement statement(raw);
  while (result == SQLITE_OK || result == SQLITE_ROW) {
    result = sqlite3_step(statement.get());
    if (result == SQLITE_ROW) each_row(statement.get());
  }
  return SqliteStatus(result, connection, sql);
}

absl::Status ReadRows(sqlite3* connection, State& state) {
  RETURN_IF_ERROR(Query(
      connection, "SELECT value FROM meta WHERE key = 'commit_counter'",
      [&](sqlite3_stmt* row) { state.cut = sqlite3_column_int64(row, 0); }));
  RETURN_IF_ERROR(
      Query(connection, "SELECT thread_id, last_log FROM threads",
            [&](sqlite3_stmt* row) {
              RowHasher hasher;
              Hash(row, 1, hasher);
              state.rows[{Table::kThreads, Text(row, 0), "", "", "", 0}] =
                  hasher.Finish();
            }));
  RETURN_IF_ERROR(
      Query(connection,
            "SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type, "
            "state, metadata FROM checkpoints",
            [&](sqlite3_stmt* row) {
              RowHasher hasher;
              for (int column = 3; column <= 6; ++column) {
                Hash(row, column, hasher);
              }
              state.rows[{Table::kCheckpoints, Text(row, 0), Text(row, 1),
                          Text(row, 2), "", 0}] = hasher.Finish();
            }));
  RETURN_IF_ERROR(
      Query(connection, "SELECT thread_id, number, payload FROM logs",
            [&](sqlite3_stmt* row) {
              RowHasher hasher;
              Hash(row, 2, hasher);
              state.rows[{Table::kLogs, Text(row, 0), "", "", "",
                          sqlite3_column_int64(row, 1)}] = hasher.Finish();
            }));
  return Query(
      connection, "SELECT thread_id, name, bytes FROM blobs",
      [&](sqlite3_stmt* row) {
        RowHasher hasher;
        Hash(row, 2, hasher);
        state.rows[{Table::kBlobs, Text(row, 0), Text(row, 1), "", "", 0}] =
            hasher.Finish();
      });
}

}  // namespace

absl::StatusOr<State> ReadStateBySql(sqlite3* connection,
                                     const std::string& /*path*/) {
  RETURN_IF_ERROR(
      SqliteStatus(sqlite3_exec(connection, "BEGIN", nullptr, nullptr, nullptr),
                   connection, "BEGIN"));
  State state;
  bool has_schema = false;
  absl::Status status = Query(connection, "SELECT 1 FROM sqlite_schema LIMIT 1",
                              [&](sqlite3_stmt*) { has_schema = true; });
  if (status.ok() && has_schema) status = ReadRows(connection, state);
  if (status.ok() && has_schema && state.cut < 0) {
    status = absl::DataLossError("a schema without its commit counter");
  }
  sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  RETURN_IF_ERROR(status);
  return state;
}

}  // namespace lastcommit
