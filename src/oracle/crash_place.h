// CrashPlace: where a process died, and what it was doing.

#ifndef LASTCOMMIT_ORACLE_CRASH_PLACE_H_
#define LASTCOMMIT_ORACLE_CRASH_PLACE_H_

#include <cstddef>
#include <string_view>

#include "disk/shim_vfs.h"
#include "plan/plan.h"

namespace lastcommit {

// What the process was doing when it died. A checkpoint inside a commit is a
// checkpoint; one inside open or close is open or close.
// kBetween is between two steps: nothing had been called.
enum class Phase {
  kCreate,
  kOpen,
  kStatement,
  kCommit,
  kCheckpoint,
  kClose,
  kBetween
};
inline constexpr int kPhases = static_cast<int>(Phase::kBetween) + 1;

std::string_view Name(Phase phase);
// That of a step, as far as its kind says.
Phase PhaseOf(StepKind kind, bool in_transaction);

// Where a process really died. Exact for a crash point; a timed kill fell
// somewhere in the call (kDuring), between it and the next one (kAfter), or
// before the first of the step (point.io is 0).
struct CrashPlace {
  std::size_t step = 0;
  IoPoint point = {};  // counted from the beginning of `step`
  Phase phase = Phase::kOpen;
  IoCall call = {};  // the call it died at; meaningless if point.io is 0
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_CRASH_PLACE_H_
