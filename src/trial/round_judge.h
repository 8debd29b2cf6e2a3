// The answers of a round against the model: what the dead child recorded in
// the shared page, step by step, up to the one it was in.

#ifndef LASTCOMMIT_TRIAL_ROUND_JUDGE_H_
#define LASTCOMMIT_TRIAL_ROUND_JUDGE_H_

#include <cstddef>
#include <optional>

#include "model/reference_model.h"
#include "model/verdict.h"
#include "plan/plan.h"
#include "trial/shared_page.h"
#include "trial/trial.h"

namespace lastcommit {

struct Replayed {
  Verdict verdict;  // held, or the first wrong answer
  std::optional<std::size_t> in_flight;
  bool in_flight_acknowledged = false;
};

// Brings the model to what was acknowledged in `round` of `plan`, and counts
// steps and commits in `result`.
Replayed ReplayRound(const Plan& plan, const Round& round,
                     const SharedPage& page, ReferenceModel& model,
                     TrialResult& result);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ROUND_JUDGE_H_
