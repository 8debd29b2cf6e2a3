// The child's side of a round: opens the saver, runs the steps, writes intent,
// acknowledgement and its position into the shared page, and kills its own
// process at the crash point.

#ifndef LASTCOMMIT_TRIAL_ROUND_RUNNER_H_
#define LASTCOMMIT_TRIAL_ROUND_RUNNER_H_

#include <string>

#include "plan/plan.h"
#include "subject/registry.h"
#include "trial/shared_page.h"

namespace lastcommit {

struct RoundTask {
  const SaverEntry* entry = nullptr;
  const Profile* profile = nullptr;
  const Round* round = nullptr;
  std::string database;
  bool creates = false;  // there is no schema yet
};

// Runs to the end of the round or does not return.
void RunRound(const RoundTask& task, SharedPage& page);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ROUND_RUNNER_H_
