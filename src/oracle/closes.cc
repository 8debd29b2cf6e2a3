#include "oracle/closes.h"

namespace lastcommit {
namespace {

// Whatever comes to one of several databases may not come to the others.
bool Reads(StepKind kind, bool has_attached) {
  if (kind == StepKind::kOpen || kind == StepKind::kReopen ||
      kind == StepKind::kRead) {
    return true;
  }
  return !has_attached && (kind == StepKind::kBegin ||
                           kind == StepKind::kQuery || IsChange(kind));
}

}  // namespace

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
bool IsSettled(const RoundView& view, std::size_t i, bool has_attached) {
  for (auto j = view.Previous(i); j.has_value(); j = view.Previous(*j)) {
    if (view.ErrorsIn(*j) > 0) return false;
    if (!Reads(view.step(*j).kind, has_attached)) continue;
    if (view.Found(*j).code == absl::StatusCode::kOk) return true;
  }
  return true;
}

}  // namespace lastcommit
