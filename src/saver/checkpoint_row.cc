#include "saver/checkpoint_row.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/digest.h"
#include "saver/shown.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

absl::StatusOr<Checkpoint> CheckpointOf(const Statement& row,
                                        const std::string& thread_id) {
  Checkpoint checkpoint;
  checkpoint.key = {thread_id, row.Bytes(0), row.Bytes(1)};
  if (!row.IsNull(2)) checkpoint.parent_id = row.Bytes(2);
  checkpoint.type = row.Bytes(3);
  checkpoint.state = row.Bytes(4);
  checkpoint.metadata = row.Bytes(5);
  checkpoint.sequence = row.Int(6);
  if (DigestOf(checkpoint) == row.Bytes(7)) return checkpoint;
  return absl::DataLossError(absl::StrCat(
      "the checkpoint is not that of its digest: ", Shown(checkpoint.key)));
}

}  // namespace

std::string DigestOf(const Checkpoint& checkpoint) {
  return DigestOf(CheckpointParts{checkpoint.parent_id, checkpoint.type,
                                  checkpoint.state, checkpoint.metadata});
}

absl::StatusOr<std::optional<Checkpoint>> FirstCheckpoint(
    Statement& select, const std::string& thread_id) {
  ASSIGN_OR_RETURN(const bool has_row, select.Step());
  if (!has_row) return std::nullopt;
  return CheckpointOf(select, thread_id);
}

absl::StatusOr<std::vector<Checkpoint>> AllCheckpoints(
    Statement& select, const std::string& thread_id) {
  std::vector<Checkpoint> checkpoints;
  while (true) {
    ASSIGN_OR_RETURN(const bool has_row, select.Step());
    if (!has_row) return checkpoints;
    ASSIGN_OR_RETURN(Checkpoint checkpoint, CheckpointOf(select, thread_id));
    checkpoints.push_back(std::move(checkpoint));
  }
}

}  // namespace lastcommit::saver
