// Which round and which step of a generated plan each round and step of a
// shrunk one was. Only token.cc and plan_difference.cc call it.

#ifndef LASTCOMMIT_TOKEN_PLAN_ALIGNMENT_H_
#define LASTCOMMIT_TOKEN_PLAN_ALIGNMENT_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "plan/plan.h"

namespace lastcommit {

struct RoundAlignment {
  // nullopt = a round that the generated plan does not have.
  std::optional<std::size_t> round;
  // For each step which of that round, ascending. Empty without a round.
  std::vector<std::size_t> steps;
};

// One for each round of `plan`, the rounds ascending. Of all ways that keep the
// order and the kinds of steps it is the one that leaves least to be said.
std::vector<RoundAlignment> Align(const Plan& generated, const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_PLAN_ALIGNMENT_H_
