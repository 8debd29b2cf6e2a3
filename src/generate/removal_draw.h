// What another program does to an open database in a generated round. Called by
// arbitrary_plan.cc.

#ifndef LASTCOMMIT_GENERATE_REMOVAL_DRAW_H_
#define LASTCOMMIT_GENERATE_REMOVAL_DRAW_H_

#include "plan/plan.h"
#include "store/draw.h"

namespace lastcommit {

// Has a file of the database removed somewhere in the round, which has no fault
// yet. What opens the name behind that is taken out.
void DrawRemoval(Draw& draw, const Profile& profile, Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_REMOVAL_DRAW_H_
