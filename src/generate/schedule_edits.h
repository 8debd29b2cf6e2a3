// The edits that make an interleaving simpler: fewer switches, and steps in the
// order in which they run. Called by shrink_edits.cc.

#ifndef LASTCOMMIT_GENERATE_SCHEDULE_EDITS_H_
#define LASTCOMMIT_GENERATE_SCHEDULE_EDITS_H_

#include "generate/edits.h"

namespace lastcommit {

// With switches that a schedule draws, which are simpler only if fewer were
// made. Without switches: all, halves, each. With the order of the steps
// instead of a switch: whoever it goes to has its next step before, or right
// after, the step that it leaves. And with switches earlier, best between two
// steps.
void DropSwitches(const Plan& plan, Edits& edits);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_SCHEDULE_EDITS_H_
