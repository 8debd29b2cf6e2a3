#include "explain/deterministic.h"

#include <utility>

#include "status/status.h"
#include "trial/candidates.h"

namespace lastcommit {

bool IsByChance(const Plan& plan) {
  return RunsFreely(plan) || HasTimedKill(plan);
}

absl::StatusOr<std::optional<Deterministic>> FindDeterministic(
    TrialRunner& trial, const Plan& plan, const TrialResult& result,
    const std::function<bool()>& is_cancelled) {
  for (const Plan& candidate : DeterministicCandidates(plan, result)) {
    if (is_cancelled()) {
      return absl::CancelledError(
          "stopped before a deterministic plan was found");
    }
    ASSIGN_OR_RETURN(TrialResult tried,
                     trial.RunBy(DrivenBy::kUsed, candidate));
    if (tried.verdict.violation != result.verdict.violation ||
        tried.recorded.only_after_others > 0) {
      continue;
    }
    Plan exact = WithExactCrashes(candidate, tried);
    return Deterministic{std::move(exact), std::move(tried)};
  }
  return std::nullopt;
}

}  // namespace lastcommit
