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
      hasher.Blob(Bytes(row, column));
      break;
    default:
      hasher.Text(Bytes(row, column));
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

// A table: which columns are its key, and from where on they are hashed.
struct Reader {
  std::string_view sql;
  int hashed_from;
  RowKey (*key)(sqlite3_stmt* row);
};

constexpr Reader kReaders[] = {
    {"SELECT thread_id, last_log, last_checkpoint, is_deleted FROM threads", 1,
     [](sqlite3_stmt* row) {
       return RowKey{Table::kThreads, Text(row, 0), "", "", "", 0};
     }},
    {"SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type, state,"
     " metadata, sequence, digest FROM checkpoints",
     3,
     [](sqlite3_stmt* row) {
       return RowKey{Table::kCheckpoints, Text(row, 0), Text(row, 1),
                     Text(row, 2),        "",           0};
     }},
    {"SELECT thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel,"
     " type, bytes FROM writes",
     5,
     [](sqlite3_stmt* row) {
       return RowKey{Table::kWrites, Text(row, 0),
                     Text(row, 1),   Text(row, 2),
                     Text(row, 3),   sqlite3_column_int64(row, 4)};
     }},
    {"SELECT thread_id, number, level, payload FROM logs", 2,
     [](sqlite3_stmt* row) {
       return RowKey{Table::kLogs, Text(row, 0), "",
                     "",           "",           sqlite3_column_int64(row, 1)};
     }},
    {"SELECT thread_id, task_id, state, attempts, version, payload FROM tasks",
     2,
     [](sqlite3_stmt* row) {
       return RowKey{Table::kTasks, Text(row, 0), Text(row, 1), "", "", 0};
     }},
    {"SELECT thread_id, name, bytes, digest FROM blobs"
     " LEFT JOIN contents ON id = content_id",
     2,
     [](sqlite3_stmt* row) {
       return RowKey{Table::kBlobs, Text(row, 0), Text(row, 1), "", "", 0};
     }},
};

absl::Status ReadRows(sqlite3* connection, State& state) {
  RETURN_IF_ERROR(Query(
      connection, "SELECT value FROM meta WHERE key = 'commit_counter'",
      [&](sqlite3_stmt* row) { state.cut = sqlite3_column_int64(row, 0); }));
  for (const Reader& reader : kReaders) {
    RETURN_IF_ERROR(Query(connection, reader.sql, [&](sqlite3_stmt* row) {
      RowHasher hasher;
      const int columns = sqlite3_column_count(row);
      for (int i = reader.hashed_from; i < columns; ++i) Hash(row, i, hasher);
      // Mostly they come in the order of their keys.
      state.rows.insert_or_assign(state.rows.end(), reader.key(row),
                                  hasher.Finish());
    }));
  }
  return absl::OkStatus();
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
