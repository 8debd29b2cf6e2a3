// Blame: the smallest set of changes that a loss of power has to take, or tear,
// for a plan to fail (disk/smallest_loss.h over its last crash).

#ifndef LASTCOMMIT_EXPLAIN_BLAME_H_
#define LASTCOMMIT_EXPLAIN_BLAME_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "model/verdict.h"
#include "plan/plan.h"
#include "trial/power_loss_view.h"
#include "trial/trial.h"
#include "trial/trial_runner.h"

namespace lastcommit {

struct BlameOptions {
  int max_trials = 5000;
  std::function<bool()> is_cancelled = [] { return false; };
};

struct Blame {
  // Fails, with its last survival explicit and minimal.
  Plan plan;
  Verdict verdict;               // of it
  PowerLossView view;            // what it loses
  std::int64_t lost = 0;         // how many changes
  std::int64_t lost_before = 0;  // by the plan that was given
  int trials = 0;
  // Without any single one of its changes nothing is violated. False: a limit,
  // or the caller, ended it before that was known.
  bool is_minimal = false;
};

// Whether the last crash of the plan is a loss of power on a simulated disk.
// InvalidArgument says what it is instead.
absl::Status CheckLosesPower(const Plan& plan);

// `result` is that of the plan, which is violated. FailedPrecondition: its loss
// of power was not reached, or is none. The errors of SimTrial::Run.
absl::StatusOr<Blame> FindBlame(TrialRunner& trial, const Plan& plan,
                                const TrialResult& result,
                                const BlameOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_BLAME_H_
