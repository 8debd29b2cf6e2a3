#include "subject/sql_reader.h"

#include <sqlite3.h>

#include <string_view>
#include <utility>

#include "saver/sqlite_status.h"
#include "sql/runner.h"
#include "status/status.h"
#include "subject/statement.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

// Until the next step.
std::string_view Bytes(sqlite3_stmt* row, int column) {
  const void* bytes = sqlite3_column_blob(row, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, column));
  return size == 0 ? std::string_view()
                   : std::string_view(static_cast<const char*>(bytes), size);
}

std::string Text(sqlite3_stmt* row, int column) {
  return std::string(Bytes(row, column));
}

template <typename EachRow>
absl::Status Query(sqlite3* connection, std::string_view sql,
                   EachRow each_row) {
  ASSIGN_OR_RETURN(const Statement statement, Prepare(connection, sql));
  int result = sqlite3_step(statement.get());
  for (; result == SQLITE_ROW; result = sqlite3_step(statement.get())) {
    each_row(statement.get());
  }
  return saver::SqliteStatus(result, connection, sql);
}

// What tells the row apart stands in its first columns.
RowKey KeyOf(sqlite3_stmt* row, const TableSpec& table) {
  RowKey key;
  key.table = table;
  int column = 0;
  for (std::size_t i = 0; i < table.names; ++i) {
    key.names[i] = Text(row, column++);
  }
  if (table.has_number) key.number = sqlite3_column_int64(row, column);
  return key;
}

absl::Status ReadTable(sqlite3* connection, const TableQuery& query,
                       State& state) {
  const int hashed_from =
      static_cast<int>(query.table->names) + (query.table->has_number ? 1 : 0);
  return Query(connection, query.sql, [&](sqlite3_stmt* row) {
    RowHasher hasher;
    const int columns = sqlite3_column_count(row);
    for (int i = hashed_from; i < columns; ++i) {
      sql::HashColumn(row, i, hasher);
    }
    // Mostly they come in the order of their keys.
    state.rows.insert_or_assign(state.rows.end(), KeyOf(row, *query.table),
                                hasher.Finish());
  });
}

absl::Status ReadRows(sqlite3* connection, std::span<const TableQuery> tables,
                      State& state) {
  RETURN_IF_ERROR(Query(
      connection, "SELECT value FROM meta WHERE key = 'commit_counter'",
      [&](sqlite3_stmt* row) { state.cut = sqlite3_column_int64(row, 0); }));
  return AddRows(connection, tables, state);
}

constexpr TableQuery kThreadsTables[] = {
    {&threads::kThreads,
     "SELECT thread_id, last_log, last_checkpoint, is_deleted FROM threads"},
    {&threads::kCheckpoints,
     "SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type, state,"
     " metadata, sequence, digest FROM checkpoints"},
    {&threads::kWrites,
     "SELECT thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel,"
     " type, bytes FROM writes"},
    {&threads::kLogs, "SELECT thread_id, number, level, payload FROM logs"},
    {&threads::kTasks,
     "SELECT thread_id, task_id, state, attempts, version, payload"
     " FROM tasks"},
    {&threads::kBlobs,
     "SELECT thread_id, name, bytes, digest FROM blobs"
     " LEFT JOIN contents ON id = content_id"},
};

}  // namespace

absl::Status AddRows(sqlite3* connection, std::span<const TableQuery> tables,
                     State& state) {
  for (const TableQuery& query : tables) {
    RETURN_IF_ERROR(ReadTable(connection, query, state));
  }
  return absl::OkStatus();
}

absl::StatusOr<State> ReadTables(sqlite3* connection,
                                 std::span<const TableQuery> tables) {
  RETURN_IF_ERROR(saver::SqliteStatus(
      sqlite3_exec(connection, "BEGIN", nullptr, nullptr, nullptr), connection,
      "BEGIN"));
  State state;
  bool has_schema = false;
  absl::Status status = Query(connection, "SELECT 1 FROM sqlite_schema LIMIT 1",
                              [&](sqlite3_stmt*) { has_schema = true; });
  if (status.ok() && has_schema) status = ReadRows(connection, tables, state);
  if (status.ok() && has_schema && state.cut < 0) {
    status = absl::DataLossError("a schema without its commit counter");
  }
  sqlite3_exec(connection, "ROLLBACK", nullptr, nullptr, nullptr);
  RETURN_IF_ERROR(status);
  return state;
}

absl::StatusOr<State> ReadStateBySql(sqlite3* connection,
                                     const std::string& /*path*/) {
  return ReadTables(connection, kThreadsTables);
}

}  // namespace lastcommit
