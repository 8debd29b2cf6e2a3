#include "oracle/refused_steps.h"

#include <algorithm>
#include <optional>

namespace lastcommit {

// Excuse: HasFailed.
bool RefusedSteps::HasFailed(std::size_t step) const {
  return view_.Code(step) != absl::StatusCode::kOk &&
         (view_.ErrorsIn(step) > 0 || view_.WasAborted(step));
}

// Excuse: IsRefused.
bool RefusedSteps::IsRefused(const Unit& unit, std::size_t step) const {
  const absl::StatusCode code = view_.Code(step);
  if (code == absl::StatusCode::kFailedPrecondition) {
    return view_.Previous(step).has_value() && !view_.HadSaver(step);
  }
  if (code != absl::StatusCode::kUnavailable) return false;
  const std::optional<bool> may_be_busy = entitlement_.MayBeBusy(step);
  if (may_be_busy.has_value()) return *may_be_busy;
  return company_.HasCompany(unit, step) ||
         (NeedsTheFileAlone(step) && company_.IsShared(unit, step));
}

bool RefusedSteps::IsNotJudged(std::size_t step) const {
  return view_.Code(step) == absl::StatusCode::kUnavailable &&
         !entitlement_.MayBeBusy(step).has_value();
}

// Excuse: NeedsTheFileAlone.
// Nobody leaves WAL while others have the database open
// (sqlite3PagerCloseWal() in pager.c), also not to open it in the mode that
// it had.
bool RefusedSteps::NeedsTheFileAlone(std::size_t step) const {
  const std::vector<Step>& steps = view_.round().steps;
  const StepKind kind = steps[step].kind;
  return (kind == StepKind::kJournalMode &&
          steps[step].journal_mode != saver::JournalMode::kWal) ||
         (IsOpening(kind) &&
          std::any_of(steps.begin(), steps.end(), [](const Step& other) {
            return other.kind == StepKind::kJournalMode;
          }));
}

// Excuse: LostARace.
// What the step has read first (a task that it updates) another client may have
// changed before the step did. Not in a transaction: that has the write lock,
// and reads what nobody else can change.
bool RefusedSteps::LostARace(const Unit& unit, std::size_t at) const {
  const Step& update = view_.step(at);
  const StepRecord& record = view_.record(at);
  if (unit.is_transaction || !ReadsFirst(update) ||
      CodeOf(record) != absl::StatusCode::kFailedPrecondition) {
    return false;
  }
  const std::int64_t first =
      numbers_.AcknowledgedBefore(record.intended_at) + 1;
  const std::int64_t last = LastSeenByUpdate(at);
  for (const auto& [number, other] : numbers_.commits()) {
    if (number < first || number > last || other->client == unit.client) {
      continue;
    }
    for (const std::size_t i : other->steps) {
      const Step& step = view_.step(i);
      if (IsChange(step.kind) && view_.Code(i) == absl::StatusCode::kOk &&
          update.operation.spec->is_spoiled_by(update.operation,
                                               step.operation)) {
        return true;
      }
    }
  }
  return false;
}

// The newest commit that can have been there when the update looked again. If
// it took the write lock, the number that it read there says it.
std::int64_t RefusedSteps::LastSeenByUpdate(std::size_t step) const {
  const StepRecord& record = view_.record(step);
  const std::optional<std::size_t> previous = view_.Previous(step);
  const std::int64_t before =
      previous.has_value() ? view_.record(*previous).attempted : 0;
  const std::int64_t last = numbers_.AttemptedBefore(record.returned_at);
  return record.attempted == before ? last
                                    : std::min(last, record.attempted - 1);
}

}  // namespace lastcommit
