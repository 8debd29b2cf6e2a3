// What a plan says about its disk: what it promises, what a power loss leaves,
// which calls fail. Called by arbitrary_plan.cc.

#ifndef LASTCOMMIT_GENERATE_DISK_DRAW_H_
#define LASTCOMMIT_GENERATE_DISK_DRAW_H_

#include "plan/plan.h"
#include "store/draw.h"

namespace lastcommit {

// Settings and promises for a disk that has faults: also the modes that only a
// power loss or an error can tell from others. Real files have no sector size
// of their own.
Profile DrawDiskProfile(Draw& draw, Engine engine);

// How many further crash images a plan has.
int DrawImages(Draw& draw);

// A power loss.
Survival DrawPowerLoss(Draw& draw);

// Gives one of the steps an error: if the round begins with a recovery, often
// the open, which recovers.
void DrawError(Draw& draw, bool is_recovered, Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_DISK_DRAW_H_
