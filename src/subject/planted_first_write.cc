// The bug: INSERT OR REPLACE where INSERT OR IGNORE was meant. A task that runs
// again then overwrites what its first run has written, and what others have
// read from it.

#include <vector>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

std::vector<saver::PendingWrite> Replaceable(
    std::vector<saver::PendingWrite> writes) {
  for (saver::PendingWrite& write : writes) write.is_replaceable = true;
  return writes;
}

class SaverThatOverwritesTheFirstWrite : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status PutWrites(
      const saver::CheckpointKey& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return SqliteSubject::PutWrites(checkpoint, Replaceable(writes));
  }

  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return SqliteSubject::CommitStep(checkpoint, Replaceable(writes));
  }
};

}  // namespace

SaverEntry PlantedOverwritesFirstWrite() {
  return {"planted-overwrites-first-write",
          "replaces a pending write that is there already",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatOverwritesTheFirstWrite>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
