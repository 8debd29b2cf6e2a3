// The columns of a checkpoint in a SELECT, in one order for all of them.

#ifndef LASTCOMMIT_SAVER_CHECKPOINT_ROW_H_
#define LASTCOMMIT_SAVER_CHECKPOINT_ROW_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "saver/database.h"
#include "saver/records.h"

namespace lastcommit::saver {

// SELECT LASTCOMMIT_CHECKPOINT_COLUMNS FROM checkpoints ...
#define LASTCOMMIT_CHECKPOINT_COLUMNS                                \
  "checkpoint_ns, checkpoint_id, parent_id, type, state, metadata, " \
  "sequence, digest"

std::string DigestOf(const Checkpoint& checkpoint);

// The first one, if there is one. DataLoss: its digest is not that of what is
// there.
absl::StatusOr<std::optional<Checkpoint>> FirstCheckpoint(
    Statement& select, const std::string& thread_id);
// DataLoss as well.
absl::StatusOr<std::vector<Checkpoint>> AllCheckpoints(
    Statement& select, const std::string& thread_id);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_CHECKPOINT_ROW_H_
