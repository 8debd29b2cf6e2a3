// The edits that make an interleaving simpler: fewer switches, and steps in the
// order in which they run. Called by shrink_edits.cc.

#ifndef LASTCOMMIT_GENERATE_SCHEDULE_EDITS_H_
#define LASTCOMMIT_GENERATE_SCHEDULE_EDITS_H_

#include "generate/edits.h"

namespace lastcommit {

// With switches that a schedule draws, which are simpler only if fewer were
// made. Of hundreds nearly none can go without the rest; few are drawn anew
// when dropping some of them has not helped.
void DrawManySwitchesAnew(const Plan& plan, Edits& edits);
void DrawFewSwitchesAnew(const Plan& plan, Edits& edits);
// All, halves, each.
void DropSwitches(const Plan& plan, Edits& edits);
// Two that only go together, there and back.
void DropPairsOfSwitches(const Plan& plan, Edits& edits);
// With the order of the steps instead of a switch: whoever it goes to has its
// next step before, or right after, the step that it leaves. Without a switch a
// step runs to its end before the next one.
void ReorderSteps(const Plan& plan, Edits& edits);
// Best between two steps.
void SwitchEarlier(const Plan& plan, Edits& edits);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_SCHEDULE_EDITS_H_
