// What a script's reads say that the model cannot. Of transactions that read
// before they begin (OperationSpec::seen) the trace alone knows which commit
// each of those reads saw; and an invariant may be broken though every row is
// the model's.

#ifndef LASTCOMMIT_ORACLE_SCRIPT_READS_H_
#define LASTCOMMIT_ORACLE_SCRIPT_READS_H_

#include <cstdint>

#include "model/verdict.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

// The round with what the reads saw in its operations, for the model.
Round AsItRan(const Round& round, const RoundTrace& trace);

// Violated: a read saw less than had been acknowledged before its step began,
// `base` when the round began. That none saw more than there was the model
// says.
Verdict JudgeSeenReads(const Round& round, const RoundTrace& trace,
                       std::int64_t base);

// Violated: what a step has read breaks an invariant.
Verdict JudgeInvariants(const Round& round, const RoundTrace& trace);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_SCRIPT_READS_H_
