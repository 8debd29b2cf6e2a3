// From a plan that failed by chance to one that fails every time: of a timed
// one the kill as a crash point at the position where it fell, or near it; of
// one whose processes ran freely, with a schedule.

#ifndef LASTCOMMIT_EXPLAIN_DETERMINISTIC_H_
#define LASTCOMMIT_EXPLAIN_DETERMINISTIC_H_

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "plan/plan.h"
#include "trial/trial.h"
#include "trial/trial_runner.h"

namespace lastcommit {

// Where the clock or the kernel decides, what a plan gives is no function of
// it.
bool IsByChance(const Plan& plan);

struct Deterministic {
  Plan plan;
  TrialResult result;
};

// The first candidate that fails in the class of `result`, with its crashes
// where they really were; nullopt if none does. Cancelled: `is_cancelled` said
// so before all were tried.
absl::StatusOr<std::optional<Deterministic>> FindDeterministic(
    TrialRunner& trial, const Plan& plan, const TrialResult& result,
    const std::function<bool()>& is_cancelled);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_DETERMINISTIC_H_
