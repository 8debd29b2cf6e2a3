#include "trial/trial.h"

#include <array>

namespace lastcommit {
namespace {

Survival SurvivalOf(const Round& round) {
  const std::optional<std::size_t> step = CrashStep(round);
  return step.has_value() ? round.steps[*step].crash->survival : Survival();
}

void MoveCrash(const CrashPlace& place, const Survival& survival,
               Round& round) {
  for (Step& step : round.steps) step.crash.reset();
  round.steps[place.step].crash =
      CrashPoint{place.point.io, place.point.moment, survival};
}

Plan WithExactSwitches(Plan plan, const TrialResult& result) {
  if (Clients(plan) == 1) return plan;
  plan.schedule = {};
  for (Round& round : plan.rounds) {
    for (Step& step : round.steps) step.switches.clear();
  }
  for (const TakenSwitch& taken : result.switches) {
    plan.rounds[taken.round].steps[taken.step].switches.push_back(taken.what);
  }
  return plan;
}

}  // namespace

std::string_view Name(Phase phase) {
  constexpr std::array<std::string_view, kPhases> kNames = {
      "create",     "open",  "statement", "commit",
      "checkpoint", "close", "between"};
  return kNames[static_cast<std::size_t>(phase)];
}

Plan WithExactCrashes(const Plan& plan, const TrialResult& result) {
  Plan exact = WithExactSwitches(plan, result);
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const RoundFacts& facts = result.rounds[r];
    if (!facts.crashed || facts.timed) continue;
    const bool is_of_one =
        plan.rounds[r].steps[*CrashStep(plan.rounds[r])].crash->is_of_one;
    MoveCrash(facts.crash, SurvivalOf(plan.rounds[r]), exact.rounds[r]);
    exact.rounds[r].steps[facts.crash.step].crash->is_of_one = is_of_one;
  }
  if (!result.violated_image.has_value()) return exact;
  const ViolatedImage& image = *result.violated_image;
  exact.images = 0;
  exact.rounds.resize(image.round + 1);
  MoveCrash(image.place, image.survival, exact.rounds.back());
  return exact;
}

}  // namespace lastcommit
