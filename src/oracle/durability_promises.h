// What SQLite promises of earlier commits by the answers of checkpoints and
// closes.

#ifndef LASTCOMMIT_ORACLE_DURABILITY_PROMISES_H_
#define LASTCOMMIT_ORACLE_DURABILITY_PROMISES_H_

#include <vector>

#include "oracle/replayed.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

// The checkpoint has copied all of the WAL.
bool IsComplete(const CheckpointAnswer& answer);

// What checkpoints and closes have promised.
std::vector<DurabilityPromise> PromisesOf(const Plan& plan, const Round& round,
                                          const RoundTrace& trace);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_DURABILITY_PROMISES_H_
