// Shrinks a failing plan: a simpler plan that still fails is taken, again and
// again, until none does. What is tried are the edits of shrink_edits.h; what
// "fails" means comes in as a callback.

#ifndef LASTCOMMIT_GENERATE_SHRINK_H_
#define LASTCOMMIT_GENERATE_SHRINK_H_

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plan/plan.h"

namespace lastcommit {

struct ShrinkLimits {
  int max_trials = 5000;
  absl::Duration max_time = absl::Minutes(2);
  // Asked of each plan that still fails: true ends it with that one.
  std::function<bool(const Plan&)> is_enough = [](const Plan&) {
    return false;
  };
  // Told of each simpler plan that is taken.
  std::function<void(const Plan&)> on_taken = [](const Plan&) {};
};

struct ShrinkResult {
  Plan plan;
  int trials = 0;
  // False if a limit, or the caller, ended it before nothing simpler failed.
  bool is_minimal = false;
  bool is_enough = false;  // as the limits have it
};

// Runs a candidate. A plan = it fails in the same way, and this is the same
// failure with its crashes where they really were; nullopt = it does not. An
// error ends shrinking and is returned; Cancelled ends it with what there is.
using StillFails =
    std::function<absl::StatusOr<std::optional<Plan>>(const Plan&)>;

absl::StatusOr<ShrinkResult> Shrink(const Plan& failing,
                                    const StillFails& still_fails,
                                    const ShrinkLimits& limits);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_SHRINK_H_
