// Deterministic plans in the place of a timed one, or of one whose processes
// run freely. A timed kill that did harm left its position in the shared page,
// but not the very instruction: the call it was in may have been done, half
// done or not begun. Of processes that ran freely nobody knows how they met:
// they are let take turns, in many ways. So there are several plans to try.

#ifndef LASTCOMMIT_TRIAL_CANDIDATES_H_
#define LASTCOMMIT_TRIAL_CANDIDATES_H_

#include <vector>

#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

// More plans than this are not made.
inline constexpr std::size_t kMaxCandidates = 200;

// `plan`, whose timed kills did what `result` says, with crash points in their
// stead; the likeliest first. None of them has a timed kill: those that came
// too late, or never, are left out. Or `plan`, if its processes run freely,
// with schedules.
std::vector<Plan> DeterministicCandidates(const Plan& plan,
                                          const TrialResult& result);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CANDIDATES_H_
