// Plans as shrinking leaves them: random walks through its edits.

#ifndef LASTCOMMIT_TESTS_TOKEN_WALKS_H_
#define LASTCOMMIT_TESTS_TOKEN_WALKS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "plan/plan.h"

namespace lastcommit {

// Numbers that look random and are the same each time.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  // 0 .. bound-1
  std::size_t Below(std::size_t bound);

 private:
  std::uint64_t state_;
};

inline constexpr FaultChoice kAllFaults[] = {
    FaultChoice::kNone,      FaultChoice::kKill,      FaultChoice::kMixed,
    FaultChoice::kTimedKill, FaultChoice::kPowerLoss, FaultChoice::kIoError};
static_assert(std::size(kAllFaults) == kFaultChoices);

// From `plan` one simpler plan after another, `plan` not among them. As in
// shrinking, the bold edits are tried first and most are not taken.
std::vector<Plan> Walk(const Plan& plan, std::uint64_t seed, int steps);

// Walks from some generated plans: calls `check` with each key, its
// options, and the plans of its walk.
using CheckWalk = std::function<void(const CaseKey&, const GenerateOptions&,
                                     const std::vector<Plan>&)>;
void ForEachWalk(const CheckWalk& check);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_TOKEN_WALKS_H_
