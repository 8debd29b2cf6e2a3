#include "token/walks.h"

#include <optional>
#include <utility>

#include "generate/shrink_edits.h"

namespace lastcommit {

// splitmix64
std::size_t Dice::Below(std::size_t bound) {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return (mixed ^ (mixed >> 31)) % bound;
}

std::vector<Plan> Walk(const Plan& plan, std::uint64_t seed, int steps) {
  constexpr std::size_t kTakenOneIn = 8;
  Dice dice(seed);
  std::vector<Plan> plans;
  Plan at = plan;
  for (int i = 0; i < steps; ++i) {
    for (const Edit& edit : SimplerEdits(at)) {
      if (dice.Below(kTakenOneIn) != 0) continue;
      std::optional<Plan> simpler = edit(at);
      if (!simpler.has_value()) continue;
      at = *std::move(simpler);
      plans.push_back(at);
      break;
    }
  }
  return plans;
}

void ForEachWalk(const CheckWalk& check) {
  constexpr std::uint64_t kPlansPerFault = 25;
  constexpr int kSteps = 40;
  for (const FaultChoice fault : kAllFaults) {
    for (std::uint64_t index = 0; index < kPlansPerFault; ++index) {
      const CaseKey key = {5, index};
      const auto engine = static_cast<EngineChoice>(index % kEngineChoices);
      const GenerateOptions options = {.engine = engine, .fault = fault};
      check(key, options, Walk(PlanAt(key, options), index, kSteps));
    }
  }
}

}  // namespace lastcommit
