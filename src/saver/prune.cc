#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// The highest sequence that goes; 0 if none does.
absl::StatusOr<std::int64_t> LastToGo(Database& database,
                                      const std::string& thread_id,
                                      const std::string& checkpoint_ns,
                                      std::int64_t keep) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT sequence FROM checkpoints WHERE thread_id = ?1"
                       " AND checkpoint_ns = ?2 ORDER BY sequence DESC"
                       " LIMIT 1 OFFSET ?3"));
  select.BindText(1, thread_id).BindText(2, checkpoint_ns).BindInt(3, keep);
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  return has_row ? select.Int(0) : 0;
}

}  // namespace

absl::StatusOr<std::int64_t> PruneRows(Database& database,
                                       const std::string& thread_id,
                                       const std::string& checkpoint_ns,
                                       std::int64_t keep) {
  RETURN_IF_ERROR(GetThreadToChange(database, thread_id).status());
  ASSIGN_OR_RETURN(const std::int64_t last,
                   LastToGo(database, thread_id, checkpoint_ns, keep));
  if (last == 0) return 0;
  for (const std::string_view sql :
       {"DELETE FROM writes WHERE thread_id = ?1 AND checkpoint_ns = ?2"
        " AND checkpoint_id IN (SELECT checkpoint_id FROM checkpoints"
        " WHERE thread_id = ?1 AND checkpoint_ns = ?2 AND sequence <= ?3)",
        "DELETE FROM checkpoints WHERE thread_id = ?1 AND checkpoint_ns = ?2"
        " AND sequence <= ?3"}) {
    ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
    statement.BindText(1, thread_id).BindText(2, checkpoint_ns);
    RETURN_IF_ERROR(statement.BindInt(3, last).Run());
  }
  return database.Changes();
}

}  // namespace lastcommit::saver
