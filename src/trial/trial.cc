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
    const auto planned = CrashStep(plan.rounds[r]);
    if (!facts.crashed || facts.timed || !planned.has_value()) continue;
    std::vector<Step>& steps = exact.rounds[r].steps;
    steps[*planned].crash.reset();
    const auto& [io, moment] = facts.crash.point;
    steps[facts.crash.step].crash = {
        io, moment, plan.rounds[r].steps[*planned].crash->survival};
  }
  return exact;
}

}  // namespace lastcommit
