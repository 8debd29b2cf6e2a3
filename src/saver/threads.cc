#include "absl/strings/str_cat.h"
#include "saver/shown.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {

absl::Status ThreadIsDeleted(std::string_view thread_id,
                             std::string_view argument) {
  return absl::FailedPreconditionError(
      absl::StrCat("the thread was deleted: ", std::string(argument), " ",
                   Shown(thread_id)));
}

absl::StatusOr<ThreadRow> GetThreadToChange(Database& database,
                                            std::string_view thread_id,
                                            std::string_view argument) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT last_log, last_checkpoint, is_deleted"
                       " FROM threads WHERE thread_id = ?1"));
  select.BindText(1, thread_id);
  ASSIGN_OR_RETURN(const bool is_there, select.Step());
  if (!is_there) return ThreadRow{};
  if (select.Int(2) != 0) return ThreadIsDeleted(thread_id, argument);
  return ThreadRow{true, select.Int(0), select.Int(1)};
}

absl::Status PutThreadRow(Database& database, std::string_view thread_id,
                          const ThreadRow& row) {
  ASSIGN_OR_RETURN(
      Statement upsert,
      database.Prepare("INSERT INTO threads"
                       " (thread_id, last_log, last_checkpoint, is_deleted)"
                       " VALUES (?1, ?2, ?3, 0)"
                       " ON CONFLICT (thread_id) DO UPDATE"
                       " SET last_log = excluded.last_log,"
                       " last_checkpoint = excluded.last_checkpoint"));
  upsert.BindText(1, thread_id)
      .BindInt(2, row.last_log)
      .BindInt(3, row.last_checkpoint);
  return upsert.Run();
}

absl::Status TouchThreadRow(Database& database, std::string_view thread_id) {
  ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare("INSERT INTO threads"
                       " (thread_id, last_log, last_checkpoint, is_deleted)"
                       " VALUES (?1, 0, 0, 0)"
                       " ON CONFLICT (thread_id) DO NOTHING"));
  return insert.BindText(1, thread_id).Run();
}

// The row that stays is the tombstone: whoever writes to the thread later, also
// a process that had begun before, finds it under the write lock.
absl::Status DeleteThreadRows(Database& database,
                              const std::string& thread_id) {
  for (const std::string_view sql :
       {"DELETE FROM writes WHERE thread_id = ?1",
        "DELETE FROM checkpoints WHERE thread_id = ?1",
        "DELETE FROM logs WHERE thread_id = ?1",
        "DELETE FROM tasks WHERE thread_id = ?1",
        "DELETE FROM contents WHERE id IN"
        " (SELECT content_id FROM blobs WHERE thread_id = ?1)",
        "DELETE FROM blobs WHERE thread_id = ?1",
        "INSERT INTO threads"
        " (thread_id, last_log, last_checkpoint, is_deleted)"
        " VALUES (?1, 0, 0, 1) ON CONFLICT (thread_id) DO UPDATE"
        " SET last_log = 0, last_checkpoint = 0, is_deleted = 1"}) {
    ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
    RETURN_IF_ERROR(statement.BindText(1, thread_id).Run());
  }
  return absl::OkStatus();
}

// No digest is made again: none is of the thread's id.
absl::Status CopyThreadRows(Database& database, const std::string& from,
                            const std::string& to) {
  ASSIGN_OR_RETURN(const ThreadRow original,
                   GetThreadToChange(database, from, "from"));
  ASSIGN_OR_RETURN(const ThreadRow former,
                   GetThreadToChange(database, to, "to"));
  if (!original.is_there) {
    return absl::NotFoundError(
        absl::StrCat("no such thread: from ", Shown(from)));
  }
  if (former.is_there) {
    return absl::AlreadyExistsError(
        absl::StrCat("the thread is there already: to ", Shown(to)));
  }
  for (const std::string_view sql :
       {"INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
        " parent_id, type, state, metadata, sequence, digest)"
        " SELECT ?2, checkpoint_ns, checkpoint_id, parent_id, type, state,"
        " metadata, sequence, digest FROM checkpoints WHERE thread_id = ?1",
        "INSERT INTO writes (thread_id, checkpoint_ns, checkpoint_id, task_id,"
        " idx, channel, type, bytes)"
        " SELECT ?2, checkpoint_ns, checkpoint_id, task_id, idx, channel, type,"
        " bytes FROM writes WHERE thread_id = ?1",
        "INSERT INTO logs (thread_id, number, level, payload)"
        " SELECT ?2, number, level, payload FROM logs WHERE thread_id = ?1",
        "INSERT INTO tasks (thread_id, task_id, state, attempts, version,"
        " payload)"
        " SELECT ?2, task_id, state, attempts, version, payload FROM tasks"
        " WHERE thread_id = ?1",
        "INSERT INTO blobs (thread_id, name, size, digest)"
        " SELECT ?2, name, size, digest FROM blobs WHERE thread_id = ?1",
        "INSERT INTO contents (id, bytes)"
        " SELECT copies.content_id, bytes FROM blobs AS originals"
        " JOIN blobs AS copies"
        " ON copies.thread_id = ?2 AND copies.name = originals.name"
        " JOIN contents ON id = originals.content_id"
        " WHERE originals.thread_id = ?1"}) {
    ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
    const absl::Status copied =
        statement.BindText(1, from).BindText(2, to).Run();
    if (!absl::IsInvalidArgument(copied)) {
      RETURN_IF_ERROR(copied);
      continue;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("to ", Shown(to), ": ", std::string(copied.message())));
  }
  return PutThreadRow(database, to, original);
}

absl::StatusOr<std::vector<ThreadInfo>> ListThreadRows(Database& database,
                                                       const ThreadPage& page) {
  // Nothing is left out of the first page, as the id "" would be that another
  // program has put there.
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare(
          page.after.empty()
              ? "SELECT thread_id, last_log, last_checkpoint, is_deleted"
                " FROM threads WHERE is_deleted <= ?2"
                " ORDER BY thread_id LIMIT ?3"
              : "SELECT thread_id, last_log, last_checkpoint, is_deleted"
                " FROM threads WHERE thread_id > ?1 AND is_deleted <= ?2"
                " ORDER BY thread_id LIMIT ?3"));
  select.BindText(1, page.after)
      .BindInt(2, page.with_deleted ? 1 : 0)
      .BindInt(3, page.limit);
  std::vector<ThreadInfo> threads;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return threads;
    threads.push_back(
        {select.Bytes(0), select.Int(1), select.Int(2), select.Int(3) != 0});
  }
}

}  // namespace lastcommit::saver
