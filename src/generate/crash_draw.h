// Where a round is killed. Called by arbitrary_plan.cc.

#ifndef LASTCOMMIT_GENERATE_CRASH_DRAW_H_
#define LASTCOMMIT_GENERATE_CRASH_DRAW_H_

#include "generate/draw.h"
#include "plan/plan.h"

namespace lastcommit {

// What the round opens.
enum class Opens {
  kNothing,  // it creates the database
  kClosed,   // what a close left
  kCrashed,  // what a crash left
};

// Gives one of the steps a crash.
void DrawCrash(Draw& draw, const Profile& profile, Opens opens, Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_CRASH_DRAW_H_
