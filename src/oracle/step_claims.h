// What the answers of a round's steps claim of the files, against what the
// calls of those steps show: a checkpoint, a VACUUM and a change of the journal
// mode leave the rows as they are, so that the model cannot tell whether they
// happened.

#ifndef LASTCOMMIT_ORACLE_STEP_CLAIMS_H_
#define LASTCOMMIT_ORACLE_STEP_CLAIMS_H_

#include "model/verdict.h"
#include "oracle/round_counts.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

// Violated: a step said that it had done what its calls show that nobody did.
// Counts in `counts` those that the calls do show. The order of the steps is
// legal, as ReplayRound has found.
Verdict JudgeClaims(const Plan& plan, const Round& round,
                    const RoundTrace& trace, RoundCounts& counts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_STEP_CLAIMS_H_
