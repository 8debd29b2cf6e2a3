#include "oracle/closes.h"

namespace lastcommit {

// Excuse: ClosesWithoutError.
// A close that gets an error leaves what it could not finish, and has nobody
// to tell (https://sqlite.org/c3ref/close.html); so does one whose checkpoint
// finds that the connection was interrupted (walCheckpoint() in wal.c).
// Without a saver there is none.
bool ClosesWithoutError(const RoundView& view, const ErrorCauses& causes,
                        std::size_t i) {
  return view.HasReturned(i) && view.step(i).kind == StepKind::kClose &&
         view.HadSaver(i) && view.ErrorsIn(i) == 0 && !causes.IsInterrupted(i);
}

// Excuse: IsSettled.
// A pager that could not roll back leaves its journal hot and lets go of its
// lock (PAGER_ERROR and pager_unlock() in pager.c); whoever reads next rolls it
// back, which may be another process.
bool IsSettled(const RoundView& view, std::size_t i) {
  for (auto j = view.Previous(i); j.has_value(); j = view.Previous(*j)) {
    if (view.ErrorsIn(*j) > 0) return false;
    const StepKind kind = view.step(*j).kind;
    const bool reads = kind == StepKind::kOpen || kind == StepKind::kReopen ||
                       kind == StepKind::kBegin || kind == StepKind::kRead ||
                       kind == StepKind::kQuery || IsChange(kind);
    if (reads && view.Found(*j).code == absl::StatusCode::kOk) return true;
  }
  return true;
}

}  // namespace lastcommit
