#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// OK if the thread may be changed and the checkpoint is there.
absl::Status CheckThere(Database& database, const CheckpointKey& checkpoint) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT is_deleted, EXISTS (SELECT 1 FROM checkpoints"
                       " WHERE thread_id = ?1 AND checkpoint_ns = ?2"
                       " AND checkpoint_id = ?3)"
                       " FROM threads WHERE thread_id = ?1"));
  select.BindText(1, checkpoint.thread_id)
      .BindText(2, checkpoint.checkpoint_ns)
      .BindText(3, checkpoint.checkpoint_id);
  ASSIGN_OR_RETURN(const bool has_thread, select.Step());
  if (has_thread && select.Int(0) != 0) {
    return ThreadIsDeleted(checkpoint.thread_id);
  }
  if (has_thread && select.Int(1) != 0) return absl::OkStatus();
  return NoSuchCheckpoint(checkpoint);
}

absl::StatusOr<Statement> PrepareInsert(Database& database,
                                        bool is_replaceable) {
  return database.Prepare(
      is_replaceable
          ? "INSERT INTO writes (thread_id, checkpoint_ns, checkpoint_id,"
            " task_id, idx, channel, type, bytes)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            " ON CONFLICT DO UPDATE SET channel = excluded.channel,"
            " type = excluded.type, bytes = excluded.bytes"
          : "INSERT INTO writes (thread_id, checkpoint_ns, checkpoint_id,"
            " task_id, idx, channel, type, bytes)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
            " ON CONFLICT DO NOTHING");
}

}  // namespace

absl::Status PutWriteRows(Database& database, const CheckpointKey& checkpoint,
                          const std::vector<PendingWrite>& writes) {
  RETURN_IF_ERROR(CheckThere(database, checkpoint));
  return InsertWriteRows(database, checkpoint, writes);
}

absl::Status InsertWriteRows(Database& database,
                             const CheckpointKey& checkpoint,
                             const std::vector<PendingWrite>& writes) {
  for (const PendingWrite& write : writes) {
    ASSIGN_OR_RETURN(Statement insert,
                     PrepareInsert(database, write.is_replaceable));
    insert.BindText(1, checkpoint.thread_id)
        .BindText(2, checkpoint.checkpoint_ns)
        .BindText(3, checkpoint.checkpoint_id)
        .BindText(4, write.task_id)
        .BindInt(5, write.idx)
        .BindText(6, write.channel)
        .BindText(7, write.type)
        .BindBlob(8, write.bytes);
    RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PendingWrite>> ListWriteRows(
    Database& database, const CheckpointKey& checkpoint) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT task_id, idx, channel, type, bytes FROM writes"
                       " WHERE thread_id = ?1 AND checkpoint_ns = ?2"
                       " AND checkpoint_id = ?3 ORDER BY task_id, idx"));
  select.BindText(1, checkpoint.thread_id)
      .BindText(2, checkpoint.checkpoint_ns)
      .BindText(3, checkpoint.checkpoint_id);
  std::vector<PendingWrite> writes;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return writes;
    writes.push_back({select.Bytes(0), select.Int(1), select.Bytes(2),
                      select.Bytes(3), select.Bytes(4), false});
  }
}

}  // namespace lastcommit::saver
