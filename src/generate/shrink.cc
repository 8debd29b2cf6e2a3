#include "generate/shrink.h"

#include <unordered_set>
#include <utility>

#include "absl/time/clock.h"
#include "generate/shrink_edits.h"
#include "plan/codec.h"
#include "rapidcheck.h"
#include "status/status.h"

namespace lastcommit {
namespace {

rc::Seq<Plan> SimplerPlans(const Plan& plan) {
  return rc::seq::mapMaybe(rc::seq::fromContainer(SimplerEdits(plan)),
                           [plan](const Edit& edit) -> rc::Maybe<Plan> {
                             std::optional<Plan> simpler = edit(plan);
                             if (!simpler.has_value()) return rc::Nothing;
                             return *std::move(simpler);
                           });
}

}  // namespace

absl::StatusOr<ShrinkResult> Shrink(const Plan& failing,
                                    const StillFails& still_fails,
                                    const ShrinkLimits& limits) {
  const absl::Time deadline = absl::Now() + limits.max_time;
  ShrinkResult result;
  result.plan = failing;
  std::unordered_set<std::string> tried;
  tried.insert(PrintPlan(failing));
  auto tree = rc::shrinkable::shrinkRecur(failing, &SimplerPlans);
  rc::Seq<rc::Shrinkable<Plan>> simpler = tree.shrinks();
  while (const auto next = simpler.next()) {
    const Plan candidate = next->value();
    if (!tried.insert(PrintPlan(candidate)).second) continue;
    if (result.trials >= limits.max_trials || absl::Now() > deadline) {
      return result;
    }
    ++result.trials;
    absl::StatusOr<std::optional<Plan>> outcome = still_fails(candidate);
    if (absl::IsCancelled(outcome.status())) return result;
    RETURN_IF_ERROR(outcome.status());
    if (!outcome->has_value()) continue;
    result.plan = **std::move(outcome);
    tried.insert(PrintPlan(result.plan));
    simpler = rc::shrinkable::shrinkRecur(result.plan, &SimplerPlans).shrinks();
  }
  result.is_minimal = true;
  return result;
}

}  // namespace lastcommit
