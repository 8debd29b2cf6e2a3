#include "absl/strings/str_cat.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// INSERT of `rows` entries: ?1 is the thread, ?2 the number before the first,
// ?3, ?4, ... the payloads. One statement for all, so that SQLite undoes the
// entries before a bad one itself.
std::string InsertSql(std::size_t rows) {
  std::string sql = "INSERT INTO logs (thread_id, number, payload) VALUES";
  for (std::size_t row = 1; row <= rows; ++row) {
    absl::StrAppend(&sql, row == 1 ? " " : ", ", "(?1, ?2 + ", row, ", ?",
                    row + 2, ")");
  }
  return sql;
}

absl::StatusOr<Statement> PrepareInsert(Database& database, std::size_t rows) {
  if (rows > 1) return database.PrepareOnce(InsertSql(rows));
  return database.Prepare(
      "INSERT INTO logs (thread_id, number, payload) VALUES (?1, ?2 + 1, ?3)");
}

absl::StatusOr<std::int64_t> LastNumber(Database& database,
                                        const std::string& thread_id) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT last_log FROM threads WHERE thread_id = ?1"));
  select.BindText(1, thread_id);
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  return has_row ? select.Int(0) : 0;
}

absl::Status SetLastNumber(Database& database, const std::string& thread_id,
                           std::int64_t number) {
  ASSIGN_OR_RETURN(
      Statement upsert,
      database.Prepare(
          "INSERT INTO threads (thread_id, last_log) VALUES (?1, ?2)"
          " ON CONFLICT (thread_id) DO UPDATE"
          " SET last_log = excluded.last_log"));
  return upsert.BindText(1, thread_id).BindInt(2, number).Run();
}

}  // namespace

absl::StatusOr<std::int64_t> AppendLogRows(
    Database& database, const std::string& thread_id,
    const std::vector<std::string>& payloads) {
  ASSIGN_OR_RETURN(const std::int64_t last, LastNumber(database, thread_id));
  {
    ASSIGN_OR_RETURN(Statement insert,
                     PrepareInsert(database, payloads.size()));
    insert.BindText(1, thread_id).BindInt(2, last);
    int parameter = 3;
    for (const std::string& payload : payloads) {
      insert.BindText(parameter++, payload);
    }
    RETURN_IF_ERROR(insert.Run());
  }
  const std::int64_t number = last + static_cast<std::int64_t>(payloads.size());
  RETURN_IF_ERROR(SetLastNumber(database, thread_id, number));
  return number;
}

absl::StatusOr<std::vector<LogEntry>> ReadLogRows(
    Database& database, const std::string& thread_id) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT number, payload FROM logs WHERE thread_id = ?1"
                       " ORDER BY number"));
  select.BindText(1, thread_id);
  std::vector<LogEntry> entries;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return entries;
    entries.push_back({select.Int(0), select.Bytes(1)});
  }
}

}  // namespace lastcommit
