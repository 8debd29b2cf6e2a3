#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit {

absl::Status TouchThreadRow(Database& database, std::string_view thread_id) {
  ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare("INSERT INTO threads (thread_id, last_log)"
                       " VALUES (?1, 0) ON CONFLICT (thread_id) DO NOTHING"));
  return insert.BindText(1, thread_id).Run();
}

absl::Status DeleteThreadRows(Database& database,
                              const std::string& thread_id) {
  for (const std::string_view sql :
       {"DELETE FROM checkpoints WHERE thread_id = ?1",
        "DELETE FROM logs WHERE thread_id = ?1",
        "DELETE FROM blobs WHERE thread_id = ?1",
        "DELETE FROM threads WHERE thread_id = ?1"}) {
    ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
    RETURN_IF_ERROR(statement.BindText(1, thread_id).Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> ListThreadIds(Database& database) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT thread_id FROM threads ORDER BY thread_id"));
  return select.AllBytes();
}

}  // namespace lastcommit
