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
  round.steps[place.step].crash = {place.point.io, place.point.moment,
                                   survival};
}

}  // namespace

std::string_view Name(Phase phase) {
  constexpr std::array<std::string_view, kPhases> kNames = {
      "create",     "open",  "statement", "commit",
      "checkpoint", "close", "between"};
  return kNames[static_cast<std::size_t>(phase)];
}

Plan WithExactCrashes(const Plan& plan, const TrialResult& result) {
  Plan exact = plan;
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const RoundFacts& facts = result.rounds[r];
    if (!facts.crashed || facts.timed) continue;
    MoveCrash(facts.crash, SurvivalOf(plan.rounds[r]), exact.rounds[r]);
  }
  if (!result.violated_image.has_value()) return exact;
  const ViolatedImage& image = *result.violated_image;
  exact.images = 0;
  exact.rounds.resize(image.round + 1);
  MoveCrash(image.place, image.survival, exact.rounds.back());
  return exact;
}

}  // namespace lastcommit
