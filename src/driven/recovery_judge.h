// RecoveryJudge: whether what a store recovers from a crash may be there. With
// a model it is what that holds after a commit that may be the newest
// (legal_commits.h). Without one it is what the same store makes of a copy of
// what it held at such a moment of the same run (references.h).

#ifndef LASTCOMMIT_DRIVEN_RECOVERY_JUDGE_H_
#define LASTCOMMIT_DRIVEN_RECOVERY_JUDGE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "driven/crash_judge.h"
#include "driven/legal_commits.h"
#include "driven/recoveries.h"
#include "judge/timeline.h"
#include "trial/trial.h"

namespace lastcommit::driven {

class RecoveryJudge {
 public:
  virtual ~RecoveryJudge() = default;

  // Of these Judge() will be asked.
  virtual absl::Status Prepare(const std::vector<Crash>& crashes) = 0;
  // Counts, and perhaps a verdict, in the result. `is_in_place`: the recovery
  // was by a process of its own, where the database was.
  virtual absl::Status Judge(const Crash& crash, const Recovery& recovery,
                             bool is_in_place) = 0;
};

// All must outlive it.
std::unique_ptr<RecoveryJudge> JudgeWithModel(const RecordedRun& run,
                                              const AnsweredRun& answered,
                                              TrialResult& result);
// `root`: what was recorded.
std::unique_ptr<RecoveryJudge> JudgeWithReferences(
    const RecordedRun& run, const AnsweredRun& answered, std::string root,
    const Timeline& timeline, Recoverer& recoverer, TrialResult& result);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_RECOVERY_JUDGE_H_
