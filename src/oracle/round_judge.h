// The answers of a round against the model: what the saver said, step by step,
// up to the one it died in. Where an error was injected, the saver has to say
// what became of the operation and of its transaction, and the model follows
// that; docs/oracle.md has the rules.

#ifndef LASTCOMMIT_ORACLE_ROUND_JUDGE_H_
#define LASTCOMMIT_ORACLE_ROUND_JUDGE_H_

#include <optional>

#include "model/reference_model.h"
#include "oracle/client_units.h"
#include "oracle/replayed.h"
#include "oracle/round_counts.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

struct BeforeRound {
  Alternatives after_power_loss;  // of earlier rounds
  std::optional<DeathOfOne> death = {};
  bool has_attached = false;  // the store has databases attached
};

// Brings the model to what was acknowledged in `round` of `plan`, and counts
// steps, commits and errors in `counts`.
Replayed ReplayRound(const Plan& plan, const Round& round,
                     const RoundTrace& trace, const BeforeRound& before,
                     ReferenceModel& model, RoundCounts& counts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ROUND_JUDGE_H_
