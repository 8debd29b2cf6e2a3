// Where a round is killed. Called by arbitrary_plan.cc.

#ifndef LASTCOMMIT_GENERATE_CRASH_DRAW_H_
#define LASTCOMMIT_GENERATE_CRASH_DRAW_H_

#include <cstddef>
#include <vector>

#include "plan/plan.h"
#include "store/draw.h"

namespace lastcommit {

// What a round opens.
struct Opened {
  enum class Left { kNothing, kByClose, kByCrash };
  Left left = Left::kNothing;
  int wal_pages = 0;  // about how many pages a crash left in the WAL
};

// What `round` leaves.
Opened OpenedAfter(const Profile& profile, const Round& round);

// One of the steps, rather one where a fault may do harm.
std::size_t DrawFaultStep(Draw& draw, const std::vector<Step>& steps);

// Gives one of the steps a crash.
void DrawCrash(Draw& draw, const Profile& profile, const Opened& opened,
               Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_CRASH_DRAW_H_
