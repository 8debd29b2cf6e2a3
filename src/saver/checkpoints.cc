#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/checkpoint_row.h"
#include "saver/shown.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// Returns the sequence that the checkpoint has now: `sequence` if it is new.
absl::StatusOr<std::int64_t> Upsert(Database& database,
                                    const Checkpoint& checkpoint,
                                    std::int64_t sequence) {
  ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare(
          "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
          " parent_id, type, state, metadata, sequence, digest)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
          " ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE"
          " SET parent_id = excluded.parent_id, type = excluded.type,"
          " state = excluded.state, metadata = excluded.metadata,"
          " digest = excluded.digest"
          " RETURNING sequence"));
  const std::string digest = DigestOf(checkpoint);
  insert.BindText(1, checkpoint.key.thread_id)
      .BindText(2, checkpoint.key.checkpoint_ns)
      .BindText(3, checkpoint.key.checkpoint_id)
      .BindText(5, checkpoint.type)
      .BindBlob(6, checkpoint.state)
      .BindJson(7, {"metadata"}, checkpoint.metadata)
      .BindInt(8, sequence)
      .BindBlob(9, digest);
  if (checkpoint.parent_id.has_value()) {
    insert.BindText(4, *checkpoint.parent_id);
  } else {
    insert.BindNull(4);
  }
  return insert.OnlyInt();
}

}  // namespace

absl::Status NoSuchCheckpoint(const CheckpointKey& key) {
  return absl::NotFoundError(absl::StrCat("no such checkpoint: ", Shown(key)));
}

absl::Status PutCheckpointRow(Database& database,
                              const Checkpoint& checkpoint) {
  return PutStepRows(database, checkpoint, {});
}

absl::Status PutStepRows(Database& database, const Checkpoint& checkpoint,
                         const std::vector<PendingWrite>& writes) {
  const std::string& thread_id = checkpoint.key.thread_id;
  ASSIGN_OR_RETURN(ThreadRow thread, GetThreadToChange(database, thread_id));
  const std::int64_t next = thread.last_checkpoint + 1;
  ASSIGN_OR_RETURN(const std::int64_t sequence,
                   Upsert(database, checkpoint, next));
  RETURN_IF_ERROR(InsertWriteRows(database, checkpoint.key, writes));
  if (sequence != next) return absl::OkStatus();
  thread.last_checkpoint = next;
  return PutThreadRow(database, thread_id, thread);
}

absl::StatusOr<Statement> SelectCheckpoint(Database& database,
                                           const CheckpointKey& key) {
  ASSIGN_OR_RETURN(Statement select,
                   database.Prepare("SELECT " LASTCOMMIT_CHECKPOINT_COLUMNS
                                    " FROM checkpoints WHERE thread_id = ?1"
                                    " AND checkpoint_ns = ?2"
                                    " AND checkpoint_id = ?3"));
  select.BindText(1, key.thread_id)
      .BindText(2, key.checkpoint_ns)
      .BindText(3, key.checkpoint_id);
  return select;
}

absl::StatusOr<Checkpoint> GetCheckpointRow(Database& database,
                                            const CheckpointKey& key) {
  ASSIGN_OR_RETURN(Statement select, SelectCheckpoint(database, key));
  ASSIGN_OR_RETURN(std::optional<Checkpoint> found,
                   FirstCheckpoint(select, key.thread_id));
  if (found.has_value()) return *std::move(found);
  return NoSuchCheckpoint(key);
}

absl::StatusOr<Checkpoint> GetLatestCheckpointRow(
    Database& database, const std::string& thread_id,
    const std::string& checkpoint_ns) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare("SELECT " LASTCOMMIT_CHECKPOINT_COLUMNS
                       " FROM checkpoints WHERE thread_id = ?1"
                       " AND checkpoint_ns = ?2 ORDER BY sequence DESC"
                       " LIMIT 1"));
  select.BindText(1, thread_id).BindText(2, checkpoint_ns);
  ASSIGN_OR_RETURN(std::optional<Checkpoint> found,
                   FirstCheckpoint(select, thread_id));
  if (found.has_value()) return *std::move(found);
  return absl::NotFoundError(absl::StrCat("there is no checkpoint: thread_id ",
                                          Shown(thread_id), ", checkpoint_ns ",
                                          Shown(checkpoint_ns)));
}

absl::StatusOr<std::vector<Checkpoint>> ListCheckpointRows(
    Database& database, const std::string& thread_id) {
  ASSIGN_OR_RETURN(Statement select,
                   database.Prepare("SELECT " LASTCOMMIT_CHECKPOINT_COLUMNS
                                    " FROM checkpoints WHERE thread_id = ?1"
                                    " ORDER BY checkpoint_ns, checkpoint_id"));
  select.BindText(1, thread_id);
  return AllCheckpoints(select, thread_id);
}

}  // namespace lastcommit::saver
