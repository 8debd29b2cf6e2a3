#include "trial/trial.h"

#include <array>

namespace lastcommit {

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
    for (Step& step : exact.rounds[r].steps) step.crash.reset();
    exact.rounds[r].steps[facts.crash.step].crash = facts.crash.point;
  }
  return exact;
}

}  // namespace lastcommit
