#include <limits>

#include "absl/strings/str_cat.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// INSERT of `rows` entries: ?1 is the thread, ?2 the number before the first,
// ?3 the level, ?4, ?5, ... the payloads. One statement for all, so that SQLite
// undoes the entries before a bad one itself.
std::string InsertSql(std::size_t rows) {
  std::string sql = "INSERT INTO logs (thread_id, number, level, payload)";
  for (std::size_t row = 1; row <= rows; ++row) {
    absl::StrAppend(&sql, row == 1 ? " VALUES " : ", ", "(?1, ?2 + ", row,
                    ", ?3, ?", row + 3, ")");
  }
  return sql;
}

absl::StatusOr<Statement> PrepareInsert(Database& database, std::size_t rows) {
  if (rows > 1) return database.PrepareOnce(InsertSql(rows));
  return database.Prepare(
      "INSERT INTO logs (thread_id, number, level, payload)"
      " VALUES (?1, ?2 + 1, ?3, ?4)");
}

absl::Status InsertRows(Database& database, const LogBatch& batch,
                        std::int64_t last) {
  ASSIGN_OR_RETURN(Statement insert,
                   PrepareInsert(database, batch.payloads.size()));
  insert.BindText(1, batch.thread_id)
      .BindInt(2, last)
      .BindInt(3, static_cast<std::int64_t>(batch.level));
  for (std::size_t i = 0; i < batch.payloads.size(); ++i) {
    insert.BindJson(static_cast<int>(i) + 4, NameOfPayload(batch, i),
                    batch.payloads[i]);
  }
  return insert.Run();
}

}  // namespace

absl::StatusOr<std::int64_t> AppendLogRows(Database& database,
                                           const LogBatch& batch) {
  ASSIGN_OR_RETURN(ThreadRow thread,
                   GetThreadToChange(database, batch.thread_id));
  RETURN_IF_ERROR(InsertRows(database, batch, thread.last_log));
  thread.last_log += static_cast<std::int64_t>(batch.payloads.size());
  RETURN_IF_ERROR(PutThreadRow(database, batch.thread_id, thread));
  return thread.last_log;
}

absl::StatusOr<std::vector<LogEntry>> ReadLogRows(Database& database,
                                                  const std::string& thread_id,
                                                  const LogRange& range) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT number, payload, level FROM logs"
                       " WHERE thread_id = ?1 AND number BETWEEN ?2 AND ?3"
                       " AND level >= ?4 ORDER BY number LIMIT ?5"));
  select.BindText(1, thread_id)
      .BindInt(2, range.first)
      .BindInt(3, range.last.value_or(std::numeric_limits<std::int64_t>::max()))
      .BindInt(4, static_cast<std::int64_t>(range.least))
      .BindInt(5, range.limit == 0 ? -1 : range.limit);
  std::vector<LogEntry> entries;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return entries;
    entries.push_back(
        {select.Int(0), select.Bytes(1), static_cast<LogLevel>(select.Int(2))});
  }
}

}  // namespace lastcommit::saver
