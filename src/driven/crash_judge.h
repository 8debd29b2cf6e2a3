// CrashJudge: what is left after crashes of a recorded conversation. Of the
// crash images the most telling are recovered by the driver, and must hold what
// the model has after a commit that may be the newest (legal_commits.h). All of
// them are judged by SQLite without the model, and what it finds is given to
// the driver, too.

#ifndef LASTCOMMIT_DRIVEN_CRASH_JUDGE_H_
#define LASTCOMMIT_DRIVEN_CRASH_JUDGE_H_

#include <string>

#include "absl/status/status.h"
#include "driven/conversation.h"
#include "driven/driven_trial.h"
#include "driven/linearization.h"
#include "driven/protocol.h"
#include "driven/recoveries.h"
#include "trial/trial.h"

namespace lastcommit::driven {

// Of a run that was recorded, and whose answers are right.
struct RecordedRun {
  const Plan& plan;
  const Conversation& conversation;
  const Answers& answers;
  std::string directory;  // private
  std::string recording;  // the file
  std::string data;       // where the driver had its files; they are replaced
  // Of several clients; else nullptr.
  const Linearization* linearization = nullptr;
};

// Counts, and perhaps a verdict, in `result`. In `crash` the directory with
// what the crash left that is violated, if one is.
absl::Status JudgeCrashes(const DrivenOptions& options, const RecordedRun& run,
                          Recoverer& recoverer, TrialResult& result,
                          std::string& crash);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_CRASH_JUDGE_H_
