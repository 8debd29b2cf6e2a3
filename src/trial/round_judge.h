// The answers of a round against the model: what the saver said, step by step,
// up to the one it died in. Where an error was injected, the saver has to say
// what became of the operation and of its transaction, and the model follows
// that; docs/fault-model.md has the rules.

#ifndef LASTCOMMIT_TRIAL_ROUND_JUDGE_H_
#define LASTCOMMIT_TRIAL_ROUND_JUDGE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/reference_model.h"
#include "model/verdict.h"
#include "plan/plan.h"
#include "trial/shared_page.h"
#include "trial/trial.h"

namespace lastcommit {

// What the database may hold instead of what the model says, because commits
// that failed may be there after all: a model each, without open transactions.
using Alternatives = std::vector<std::shared_ptr<const ReferenceModel>>;

// A WAL that was deleted comes back with a loss of power as long as the
// directory was not synced, also after a recovery has seen that there is none.
struct InDoubt {
  Alternatives after_kill;
  Alternatives after_power_loss;
};

struct Replayed {
  Verdict verdict;  // held, or the first wrong answer
  std::optional<std::size_t> in_flight;
  bool in_flight_acknowledged = false;
  // By step that returned:
  std::vector<std::int64_t> cuts;      // the model's afterwards
  std::vector<std::int64_t> promised;  // the highest acknowledged, afterwards
  std::vector<InDoubt> during;         // if the process dies in it
  InDoubt at_end;                      // if it dies after the last one
};

// Brings the model to what was acknowledged in `round` of `plan`, and counts
// steps, commits and errors in `result`.
struct BeforeRound {
  std::int64_t promised = -1;     // the highest acknowledged
  Alternatives after_power_loss;  // of earlier rounds
};
Replayed ReplayRound(const Plan& plan, const Round& round,
                     const SharedPage& page, const BeforeRound& before,
                     ReferenceModel& model, TrialResult& result);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_ROUND_JUDGE_H_
