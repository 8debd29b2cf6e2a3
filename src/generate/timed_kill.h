// Where a timed kill goes: the step from whose beginning its clock runs, and
// how long. A generator knows no durations, so it goes by what a fast machine
// would need at least: most kills then land while the program still runs.

#ifndef LASTCOMMIT_GENERATE_TIMED_KILL_H_
#define LASTCOMMIT_GENERATE_TIMED_KILL_H_

#include <cstdint>

#include "plan/plan.h"

namespace lastcommit {

// Any two numbers; each pair gives one place.
struct TimedKillDraws {
  std::uint64_t step = 0;
  std::uint64_t delay = 0;
};

// Puts a timed kill at a step of a round that has neither crash nor timed
// kill. `creates`: the round makes the database.
void PlaceTimedKill(const TimedKillDraws& draws, bool creates, Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_TIMED_KILL_H_
