// The edits that make simpler what goes wrong in a plan. Called by
// shrink_edits.cc.

#ifndef LASTCOMMIT_GENERATE_FAULT_EDITS_H_
#define LASTCOMMIT_GENERATE_FAULT_EDITS_H_

#include "generate/edits.h"

namespace lastcommit {

// No crash, earlier steps, earlier calls, the simplest moment. A survival stays
// with its crash.
void SimplifyCrashes(const Plan& plan, Edits& edits);

// Power losses that are kills, or lose everything, or a simpler choice; of
// those that choose, fewer.
void SimplifySurvivals(const Plan& plan, Edits& edits);

// No error, one error, an earlier call, or the first one of a later step.
void SimplifyErrors(const Plan& plan, Edits& edits);

void DropTimedKills(const Plan& plan, Edits& edits);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_FAULT_EDITS_H_
