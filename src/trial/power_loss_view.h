// PowerLossView: what the last loss of power of a plan found unsynced, and what
// became of it, fate by fate and in words.

#ifndef LASTCOMMIT_TRIAL_POWER_LOSS_VIEW_H_
#define LASTCOMMIT_TRIAL_POWER_LOSS_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "plan/plan.h"
#include "trial/sim_trial.h"

namespace lastcommit {

struct PowerLossView {
  std::size_t round = 0;
  std::int64_t changes = 0;            // of files, that were unsynced
  std::int64_t directory_changes = 0;  // that were unsynced
  // The plan's survival, made explicit.
  Survival chosen;
  // A line for each change that did not survive whole, at most kMaxLines; then
  // the directory's.
  std::vector<std::string> lines;

  static constexpr std::size_t kMaxLines = 1000;
};

// Runs the plan, whatever its verdict. NotFound: no power was lost in it.
// ResourceExhausted: too many changes. The errors of SimTrial::Run.
absl::StatusOr<PowerLossView> ViewPowerLoss(SimTrial& trial, const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_POWER_LOSS_VIEW_H_
