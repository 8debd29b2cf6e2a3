#include "oracle/transaction_places.h"

#include "oracle/round_view.h"

namespace lastcommit {

TransactionPlaces::TransactionPlaces(const Round& round,
                                     const RoundTrace& trace)
    : round_(round), trace_(trace), places_(round.steps.size()) {
  for (const std::vector<std::size_t>& program : Programs(round)) {
    FollowProgram(program);
  }
}

// By what the plan asked for and the saver answered: a transaction that it
// keeps open after it said that it has ended it is none that it may have.
void TransactionPlaces::FollowProgram(const std::vector<std::size_t>& program) {
  bool is_open = false;
  std::size_t began = 0;
  std::optional<std::size_t> previous;
  for (const std::size_t i : program) {
    const StepRecord& record = trace_.records[i];
    const StepKind kind = round_.steps[i].kind;
    Place& place = places_[i];
    place.previous = previous;
    place.in_transaction = is_open;
    if (!is_open) began = i;
    place.transaction_began = began;
    const bool is_ok = CodeOf(record) == absl::StatusCode::kOk;
    if (kind == StepKind::kBegin && is_ok) is_open = true;
    const bool ends = kind == StepKind::kCommit || kind == StepKind::kRollback;
    if ((ends && is_ok) || IsOpening(kind) || kind == StepKind::kClose ||
        !record.has_saver || !record.is_in_transaction) {
      is_open = false;
    }
    place.in_transaction_after = is_open;
    previous = i;
  }
}

// A step that may write, by itself or in its transaction. PRAGMA optimize is
// for the end of a connection (https://sqlite.org/pragma.html#pragma_optimize).
bool TransactionPlaces::MayWrite(std::size_t step) const {
  switch (const StepKind kind = round_.steps[step].kind) {
    case StepKind::kOpen:
    case StepKind::kReopen:
    case StepKind::kClose:
    case StepKind::kBegin:
    case StepKind::kCommit:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return true;
    default:
      return IsChange(kind) || places_[step].in_transaction;
  }
}

// After a commit too
// (https://sqlite.org/pragma.html#pragma_wal_autocheckpoint), but not in the
// middle of a transaction.
bool TransactionPlaces::MayCopy(std::size_t step) const {
  switch (const StepKind kind = round_.steps[step].kind) {
    case StepKind::kWalCheckpoint:
    case StepKind::kOpen:
    case StepKind::kReopen:
    case StepKind::kClose:
    case StepKind::kCommit:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return true;
    default:
      return IsChange(kind) && !places_[step].in_transaction;
  }
}

bool TransactionPlaces::MayCommit(std::size_t step) const {
  const StepKind kind = round_.steps[step].kind;
  if (kind == StepKind::kCommit) return true;
  return MayWrite(step) && !places_[step].in_transaction &&
         kind != StepKind::kBegin && kind != StepKind::kClose;
}

}  // namespace lastcommit
