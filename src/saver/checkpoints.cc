#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Column numbers of the two SELECTs below.
Checkpoint CheckpointOf(const Statement& row, const std::string& thread_id) {
  Checkpoint checkpoint;
  checkpoint.key = {thread_id, row.Bytes(0), row.Bytes(1)};
  if (!row.IsNull(2)) checkpoint.parent_id = row.Bytes(2);
  checkpoint.type = row.Bytes(3);
  checkpoint.state = row.Bytes(4);
  checkpoint.metadata = row.Bytes(5);
  return checkpoint;
}

}  // namespace

absl::Status PutCheckpointRow(Database& database,
                              const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(
      Statement insert,
      database.Prepare(
          "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
          " parent_id, type, state, metadata)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
          " ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE"
          " SET parent_id = excluded.parent_id, type = excluded.type,"
          " state = excluded.state, metadata = excluded.metadata"));
  insert.BindText(1, checkpoint.key.thread_id)
      .BindText(2, checkpoint.key.checkpoint_ns)
      .BindText(3, checkpoint.key.checkpoint_id)
      .BindText(5, checkpoint.type)
      .BindBlob(6, checkpoint.state)
      .BindText(7, checkpoint.metadata);
  if (checkpoint.parent_id.has_value()) {
    insert.BindText(4, *checkpoint.parent_id);
  } else {
    insert.BindNull(4);
  }
  RETURN_IF_ERROR(insert.Run());
  return TouchThreadRow(database, checkpoint.key.thread_id);
}

absl::StatusOr<Checkpoint> GetCheckpointRow(Database& database,
                                            const CheckpointKey& key) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare(
          "SELECT checkpoint_ns, checkpoint_id, parent_id, type, state,"
          " metadata FROM checkpoints WHERE thread_id = ?1"
          " AND checkpoint_ns = ?2 AND checkpoint_id = ?3"));
  select.BindText(1, key.thread_id)
      .BindText(2, key.checkpoint_ns)
      .BindText(3, key.checkpoint_id);
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  if (!has_row) return absl::NotFoundError("no such checkpoint");
  return CheckpointOf(select, key.thread_id);
}

absl::StatusOr<std::vector<Checkpoint>> ListCheckpointRows(
    Database& database, const std::string& thread_id) {
  ASSIGN_OR_RETURN(
      Statement select,
      database.Prepare(
          "SELECT checkpoint_ns, checkpoint_id, parent_id, type, state,"
          " metadata FROM checkpoints WHERE thread_id = ?1"
          " ORDER BY checkpoint_ns, checkpoint_id"));
  select.BindText(1, thread_id);
  std::vector<Checkpoint> checkpoints;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return checkpoints;
    checkpoints.push_back(CheckpointOf(select, thread_id));
  }
}

}  // namespace lastcommit
