// The timer of a timed kill. The kernel sends the SIGKILL, from a timer that
// the child arms when it enters the step: it comes between any two
// instructions, as one from another process does, but not later than it is due.
// A parent that has to wake up first is late by milliseconds on a busy machine,
// in which a whole round is over.

#ifndef LASTCOMMIT_TRIAL_KILL_TIMER_H_
#define LASTCOMMIT_TRIAL_KILL_TIMER_H_

#include <cstdint>

namespace lastcommit {

// The clock of the timer.
std::int64_t MonotonicNanoseconds();

// SIGKILL for this process when the clock reaches `due`; at once if it has. The
// timer does not go to children and is nothing that a signal handler or mask
// can stop.
void KillAt(std::int64_t due);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_KILL_TIMER_H_
