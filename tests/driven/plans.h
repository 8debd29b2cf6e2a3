// Plans of the vocabulary `pairs` for the tests of this folder.

#ifndef LASTCOMMIT_TESTS_DRIVEN_PLANS_H_
#define LASTCOMMIT_TESTS_DRIVEN_PLANS_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "keys/pairs.h"
#include "plan/plan.h"

namespace lastcommit::driven {

// One round of these steps, opened and closed.
inline Plan PlanOf(std::vector<Step> steps) {
  Plan plan;
  plan.dialect = &pairs::kVocabulary;
  plan.engine = Engine::kRecord;
  steps.insert(steps.begin(), {.kind = StepKind::kOpen});
  steps.push_back({.kind = StepKind::kClose});
  plan.rounds.push_back({std::move(steps)});
  return plan;
}

inline Step Put(int key, std::uint64_t seed) {
  return StepOf(
      pairs::Make(pairs::Kind::kPut, {.key = key, .value = {20, seed}}));
}

// The step of another client.
inline Step Of(int client, Step step) {
  step.client = client;
  return step;
}

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_TESTS_DRIVEN_PLANS_H_
