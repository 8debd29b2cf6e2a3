#include "explain/blame.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "disk/smallest_loss.h"
#include "status/status.h"

namespace lastcommit {
namespace {

CrashPoint* LastCrash(Plan& plan) {
  for (std::size_t r = plan.rounds.size(); r > 0; --r) {
    Round& round = plan.rounds[r - 1];
    const std::optional<std::size_t> step = CrashStep(round);
    if (step.has_value()) return &*round.steps[*step].crash;
  }
  return nullptr;
}

Plan WithLastSurvival(Plan plan, Survival survival) {
  LastCrash(plan)->survival = std::move(survival);
  return plan;
}

absl::StatusOr<SmallestLoss> Reduce(
    TrialRunner& trial, const Loss& all,
    const std::function<Plan(const Loss&)>& plan_of,
    const BlameOptions& options) {
  int trials = 0;
  return FindSmallestLoss(all, [&](const Loss& loss) -> absl::StatusOr<bool> {
    if (++trials > options.max_trials || options.is_cancelled()) {
      return absl::CancelledError("stopped");
    }
    ASSIGN_OR_RETURN(const TrialResult result, trial.Run(plan_of(loss)));
    return result.verdict.violation.has_value();
  });
}

}  // namespace

absl::Status CheckLosesPower(const Plan& plan) {
  if (plan.engine != Engine::kSim) {
    return absl::InvalidArgumentError(
        "only a plan for the engine sim says what a loss of power takes: "
        "\"engine\":\"sim\" in the header");
  }
  Plan copy = plan;
  const CrashPoint* crash = LastCrash(copy);
  if (crash == nullptr && plan.images > 0) return absl::OkStatus();
  if (crash == nullptr) {
    return absl::InvalidArgumentError("there is no crash in the plan");
  }
  if (crash->survival.kind == SurvivalKind::kAll && plan.images == 0) {
    return absl::InvalidArgumentError(
        "the last crash of the plan is a kill, which takes nothing");
  }
  return absl::OkStatus();
}

absl::StatusOr<Blame> FindBlame(TrialRunner& trial, const Plan& plan,
                                const TrialResult& result,
                                const BlameOptions& options) {
  Blame blame;
  blame.plan = WithExactCrashes(plan, result);
  blame.plan.images = 0;
  const CrashPoint* crash = LastCrash(blame.plan);
  if (crash == nullptr || crash->survival.kind == SurvivalKind::kAll) {
    return absl::FailedPreconditionError(
        "it is violated before any loss of power");
  }
  const absl::StatusOr<PowerLossView> before =
      ViewPowerLoss(trial.sim(), blame.plan);
  if (absl::IsNotFound(before.status())) {
    return absl::FailedPreconditionError(
        "it is violated before the loss of power");
  }
  RETURN_IF_ERROR(before.status());
  const std::int64_t names = before->directory_changes;
  const auto plan_of = [&](const Loss& loss) {
    return WithLastSurvival(blame.plan, WithLoss(before->chosen, loss, names));
  };
  const Loss all = LossOf(before->chosen, names);
  ASSIGN_OR_RETURN(const TrialResult first, trial.Run(plan_of(all)));
  if (!first.verdict.violation.has_value()) {
    return absl::InternalError(
        "the plan holds when each change that it loses is named");
  }
  ASSIGN_OR_RETURN(const SmallestLoss smallest,
                   Reduce(trial, all, plan_of, options));
  blame.plan = plan_of(smallest.loss);
  blame.lost_before = all.size();
  blame.lost = smallest.loss.size();
  blame.trials = smallest.trials;
  blame.is_minimal = smallest.is_minimal;
  ASSIGN_OR_RETURN(blame.view, ViewPowerLoss(trial.sim(), blame.plan));
  ASSIGN_OR_RETURN(const TrialResult last, trial.Run(blame.plan));
  blame.verdict = last.verdict;
  return blame;
}

}  // namespace lastcommit
