// The bug: what belongs together is written in two places. A checkpoint that is
// put again has the digest of the first time, since the statement that replaces
// it was written before there were digests.

#include <optional>
#include <string>
#include <vector>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatKeepsTheFirstDigest : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint) override {
    return WithFirstDigest(checkpoint.key, [&] {
      return SqliteSubject::PutCheckpoint(checkpoint);
    });
  }
  absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes) override {
    return WithFirstDigest(checkpoint.key, [&] {
      return SqliteSubject::CommitStep(checkpoint, writes);
    });
  }

 private:
  template <typename Put>
  absl::Status WithFirstDigest(const saver::CheckpointKey& key,
                               const Put& put) {
    return InTransaction([&]() -> absl::Status {
      ASSIGN_OR_RETURN(
          const std::optional<std::string> first,
          RunSql(saver().connection(),
                 "SELECT digest FROM checkpoints WHERE thread_id = ?1"
                 " AND checkpoint_ns = ?2 AND checkpoint_id = ?3",
                 {key.thread_id, key.checkpoint_ns, key.checkpoint_id}));
      RETURN_IF_ERROR(put());
      if (!first.has_value()) return absl::OkStatus();
      return Run(
          "UPDATE checkpoints SET digest = CAST(?4 AS BLOB)"
          " WHERE thread_id = ?1 AND checkpoint_ns = ?2"
          " AND checkpoint_id = ?3",
          {key.thread_id, key.checkpoint_ns, key.checkpoint_id, *first});
    });
  }
};

}  // namespace

SaverEntry PlantedFirstDigestKept() {
  return {"planted-first-digest-kept",
          "leaves the digest of a checkpoint that is put again as it was",
          ViolationClass::kNotACut,
          OpenPlanted<SaverThatKeepsTheFirstDigest>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
