#include "explain/blame.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// What the crash takes: changes of files, and the last ones of the directory.
struct Taken {
  std::vector<Fate> fates;
  std::int64_t entries = 0;

  std::int64_t size() const {
    return static_cast<std::int64_t>(fates.size()) + entries;
  }
};

CrashPoint* LastCrash(Plan& plan) {
  for (std::size_t r = plan.rounds.size(); r > 0; --r) {
    Round& round = plan.rounds[r - 1];
    const std::optional<std::size_t> step = CrashStep(round);
    if (step.has_value()) return &*round.steps[*step].crash;
  }
  return nullptr;
}

class Search {
 public:
  Search(TrialRunner& trial, Plan plan, const PowerLossView& view,
         const BlameOptions& options)
      : trial_(trial),
        plan_(std::move(plan)),
        view_(view),
        options_(options),
        best_{view.chosen.fates,
              view.chosen.directory < 0
                  ? 0
                  : view.directory_changes - view.chosen.directory} {}

  absl::Status Run() {
    const absl::Status status = Minimize();
    if (absl::IsCancelled(status)) return absl::OkStatus();
    RETURN_IF_ERROR(status);
    is_minimal_ = true;
    return absl::OkStatus();
  }

  const Taken& best() const { return best_; }
  int trials() const { return trials_; }
  bool is_minimal() const { return is_minimal_; }

  Plan PlanOf(const Taken& taken) const {
    Plan plan = plan_;
    Survival& survival = LastCrash(plan)->survival;
    survival = view_.chosen;
    survival.fates = taken.fates;
    survival.directory =
        taken.entries == 0 ? -1 : view_.directory_changes - taken.entries;
    return plan;
  }

 private:
  absl::Status Minimize() {
    ASSIGN_OR_RETURN(const bool is_nothing_enough, Take({}));
    if (is_nothing_enough) return absl::OkStatus();
    RETURN_IF_ERROR(Take({{}, best_.entries}).status());
    RETURN_IF_ERROR(TakeAwayUntilNoneCanGo());
    RETURN_IF_ERROR(LoseInsteadOfTearing());
    // Something that was torn before may have needed more beside it.
    return TakeAwayUntilNoneCanGo();
  }

  absl::Status TakeAwayUntilNoneCanGo() {
    std::int64_t before = 0;
    do {
      before = best_.size();
      for (std::size_t chunk = best_.fates.size(); chunk > 0; chunk /= 2) {
        RETURN_IF_ERROR(TakeAwayFates(chunk));
      }
      RETURN_IF_ERROR(TakeAwayEntries());
    } while (best_.size() < before);
    return absl::OkStatus();
  }

  // Chunks of that many, from the end.
  absl::Status TakeAwayFates(std::size_t chunk) {
    for (std::size_t end = best_.fates.size(); end > 0;) {
      const std::size_t begin = end > chunk ? end - chunk : 0;
      Taken less = best_;
      less.fates.erase(less.fates.begin() + static_cast<std::ptrdiff_t>(begin),
                       less.fates.begin() + static_cast<std::ptrdiff_t>(end));
      RETURN_IF_ERROR(Take(std::move(less)).status());
      end = begin;
    }
    return absl::OkStatus();
  }

  // The fewest: the directory survives up to some point, and one that survives
  // longer may fail where a shorter one holds.
  absl::Status TakeAwayEntries() {
    for (std::int64_t entries = 0; entries < best_.entries; ++entries) {
      RETURN_IF_ERROR(Take({best_.fates, entries}).status());
    }
    return absl::OkStatus();
  }

  // A write that is not there at all is easier to understand.
  absl::Status LoseInsteadOfTearing() {
    for (std::size_t i = 0; i < best_.fates.size(); ++i) {
      Taken simpler = best_;
      Fate& fate = simpler.fates[i];
      if (fate.kind == FateKind::kLost) continue;
      fate = {fate.change, FateKind::kLost, 0};
      RETURN_IF_ERROR(Take(std::move(simpler)).status());
    }
    return absl::OkStatus();
  }

  // Whether it still fails; then it is the best.
  absl::StatusOr<bool> Take(Taken taken) {
    if (trials_ >= options_.max_trials || options_.is_cancelled()) {
      return absl::CancelledError("stopped");
    }
    ++trials_;
    ASSIGN_OR_RETURN(const TrialResult result, trial_.Run(PlanOf(taken)));
    if (!result.verdict.violation.has_value()) return false;
    best_ = std::move(taken);
    return true;
  }

  TrialRunner& trial_;
  const Plan plan_;
  const PowerLossView& view_;
  const BlameOptions& options_;
  Taken best_;
  int trials_ = 0;
  bool is_minimal_ = false;
};

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
  Search search(trial, blame.plan, *before, options);
  blame.lost_before = search.best().size();
  ASSIGN_OR_RETURN(const TrialResult first,
                   trial.Run(search.PlanOf(search.best())));
  if (!first.verdict.violation.has_value()) {
    return absl::InternalError(
        "the plan holds when each change that it loses is named");
  }
  RETURN_IF_ERROR(search.Run());
  blame.plan = search.PlanOf(search.best());
  blame.lost = search.best().size();
  blame.trials = search.trials();
  blame.is_minimal = search.is_minimal();
  ASSIGN_OR_RETURN(blame.view, ViewPowerLoss(trial.sim(), blame.plan));
  ASSIGN_OR_RETURN(const TrialResult last, trial.Run(blame.plan));
  blame.verdict = last.verdict;
  return blame;
}

}  // namespace lastcommit
