#include "oracle/lock_entitlement.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "oracle/lock_rows.h"
#include "oracle/round_view.h"

namespace lastcommit {
namespace {

bool MayEndWal(StepKind kind) {
  return IsOpening(kind) || kind == StepKind::kClose ||
         kind == StepKind::kJournalMode || HasItsOwnConnection(kind);
}

bool MayLeaveWal(StepKind kind) {
  return IsOpening(kind) || kind == StepKind::kJournalMode;
}

}  // namespace

LockEntitlement::LockEntitlement(const Round& round, const RoundTrace& trace,
                                 bool has_schema)
    : round_(round),
      trace_(trace),
      has_schema_(has_schema),
      places_(round, trace) {}

std::vector<LockRefusal> LockEntitlement::RefusalsOf(std::size_t step) const {
  std::vector<LockRefusal> refusals;
  for (std::uint32_t i = 0; i < trace_.lock_refusals.count; ++i) {
    const LockRefusal& refusal = trace_.lock_refusals.list[i];
    if (refusal.step == step) refusals.push_back(refusal);
  }
  return refusals;
}

// Rule: MayBeBusy.
std::optional<bool> LockEntitlement::MayBeBusy(std::size_t step) const {
  if (!trace_.lock_refusals.are_recorded ||
      !trace_.lock_refusals.are_complete) {
    return std::nullopt;
  }
  const std::vector<LockRefusal> refusals = RefusalsOf(step);
  bool has_reason = false;
  for (const LockRefusal& refusal : refusals) {
    if (!IsEntitled(refusal)) return false;
    has_reason |= MakesBusy(refusal);
  }
  return has_reason || HasTriedTooOften(refusals) || IsOutOfDate(step) ||
         HasModeOfOther(step);
}

// Rule: IsEntitled.
bool LockEntitlement::IsEntitled(const LockRefusal& refusal) const {
  if (refusal.holder == LockRefusal::kNobody) return false;
  if (HasLeftovers(refusal)) return true;
  const std::size_t at = refusal.holder_step;
  const StepKind kind = round_.steps[at].kind;
  const bool is_inside = !refusal.is_between;
  const bool in_transaction = is_inside ? places_.Of(at).in_transaction
                                        : places_.Of(at).in_transaction_after;
  switch (RowOf(refusal.held).holder) {
    case Holder::kConnected:
      return is_inside || kind != StepKind::kClose;
    case Holder::kAtWork:
      return is_inside || in_transaction;
    case Holder::kWriting:
      // A connection that finds a journal beside an empty file deletes it under
      // RESERVED (hasHotJournal() in pager.c).
      return in_transaction ||
             (is_inside && (places_.MayWrite(at) || !has_schema_));
    case Holder::kCopying:
      return is_inside && places_.MayCopy(at);
    case Holder::kEndingWal:
      return is_inside && MayEndWal(kind);
  }
  return false;
}

// Excuse: HasLeftovers.
// The client's next step that works on the database settles what an error has
// left the client, if it can: without memory SQLite cannot even compile a
// ROLLBACK.
bool LockEntitlement::HasLeftovers(const LockRefusal& refusal) const {
  std::optional<std::size_t> step = refusal.holder_step;
  if (!refusal.is_between) step = places_.Of(*step).previous;
  for (; step.has_value(); step = places_.Of(*step).previous) {
    const StepRecord& record = trace_.records[*step];
    const std::optional<std::size_t> before = places_.Of(*step).previous;
    const std::int64_t errors_before =
        before.has_value() ? trace_.records[*before].errors : 0;
    if (record.errors > errors_before) return true;
    // A transaction that has ended already is rolled back without SQLite.
    if (CodeOf(record) == absl::StatusCode::kOk &&
        round_.steps[*step].kind != StepKind::kRollback) {
      return false;
    }
  }
  return false;
}

// Rule: MakesBusy.
bool LockEntitlement::MakesBusy(const LockRefusal& refusal) const {
  const std::size_t step = refusal.step;
  const StepKind kind = round_.steps[step].kind;
  // What a client does to itself is no excuse, but for a reader that cannot
  // read what its own transaction has spilled.
  if (refusal.holder == round_.steps[step].client) {
    return HasItsOwnConnection(kind) && places_.Of(step).in_transaction &&
           refusal.held == LockKind::kExclusiveOfWriter;
  }
  const bool is_checkpoint = kind == StepKind::kWalCheckpoint;
  switch (RowOf(refusal.asked).refused) {
    case Refused::kAnybody:
      return true;
    case Refused::kWriters:
      return places_.MayWrite(step);
    case Refused::kModeChanges:
      return MayLeaveWal(kind);
    case Refused::kCheckpoints:
    case Refused::kCheckpointsOrOften:
      return is_checkpoint;
  }
  return false;
}

// Excuse: HasTriedTooOften.
// SQLITE_PROTOCOL after WAL_RETRY_PROTOCOL_LIMIT tries, 100, of
// walTryBeginRead() in wal.c. Some of them may have found another header, and
// no lock.
bool LockEntitlement::HasTriedTooOften(
    const std::vector<LockRefusal>& refusals) const {
  constexpr std::uint32_t kOften = 50;
  std::uint32_t times = 0;
  for (const LockRefusal& refusal : refusals) {
    if (RowOf(refusal.asked).refused == Refused::kCheckpointsOrOften) {
      times += refusal.times;
    }
  }
  return times >= kOften;
}

// Whether another client returned from, or is in, a step that the predicate is
// true of, not all before that moment and not all after the step.
template <typename Predicate>
bool LockEntitlement::AnyOfOthers(std::size_t step, Mark since,
                                  Predicate predicate) const {
  for (std::size_t i = 0; i < round_.steps.size(); ++i) {
    const StepRecord& other = trace_.records[i];
    if (round_.steps[i].client == round_.steps[step].client ||
        other.progress == Progress::kNone ||
        other.intended_at > trace_.records[step].returned_at ||
        (other.progress == Progress::kReturned && other.returned_at < since)) {
      continue;
    }
    if (predicate(i)) return true;
  }
  return false;
}

// Excuse: IsOutOfDate.
// A client that has read and then wants to write is out of date if another one
// committed in between: https://sqlite.org/rescode.html#busy_snapshot.
bool LockEntitlement::IsOutOfDate(std::size_t step) const {
  if (!trace_.lock_refusals.uses_index || !places_.MayWrite(step)) return false;
  const std::size_t began = places_.Of(step).transaction_began;
  return AnyOfOthers(
      step, trace_.records[began].intended_at,
      [&](std::size_t other) { return places_.MayCommit(other); });
}

// Excuse: HasModeOfOther.
// Another connection may set the mode again before this one has looked.
bool LockEntitlement::HasModeOfOther(std::size_t step) const {
  if (!MayLeaveWal(round_.steps[step].kind)) return false;
  const bool sets = round_.steps[step].kind == StepKind::kJournalMode;
  return AnyOfOthers(
      step, trace_.records[step].intended_at, [&](std::size_t other) {
        const StepKind kind = round_.steps[other].kind;
        return kind == StepKind::kJournalMode || (sets && IsOpening(kind));
      });
}

// Rule: CheckWaits.
// Readers that a checkpoint waits for are in nobody's way: it says what it has
// copied, and is no worse for being put off.
Verdict LockEntitlement::CheckWaits() const {
  if (!trace_.lock_refusals.are_recorded ||
      !trace_.lock_refusals.are_complete) {
    return Verdict::Held();
  }
  for (std::uint32_t i = 0; i < trace_.lock_refusals.count; ++i) {
    const LockRefusal& refusal = trace_.lock_refusals.list[i];
    const StepKind kind = round_.steps[refusal.step].kind;
    if (refusal.holder == LockRefusal::kNobody || IsEntitled(refusal) ||
        !MakesBusy(refusal) || kind == StepKind::kWalCheckpoint) {
      continue;
    }
    return Verdict::Violated(
        ViolationClass::kWrongAnswer,
        absl::StrCat("step ", refusal.step, " (",
                     std::string(NameOf(round_.steps[refusal.step])),
                     ") had to wait: ", Explain(refusal)));
  }
  return Verdict::Held();
}

std::string LockEntitlement::Explain(const LockRefusal& refusal) const {
  std::string text =
      absl::StrCat("it was refused ", std::string(Name(refusal.asked)));
  if (refusal.holder == LockRefusal::kNobody) {
    return text + " although nobody had a lock that is in the way";
  }
  absl::StrAppend(&text, " because client ", static_cast<int>(refusal.holder),
                  " had ", std::string(Name(refusal.held)),
                  refusal.is_between ? " after" : " in", " step ",
                  refusal.holder_step, " (",
                  std::string(NameOf(round_.steps[refusal.holder_step])), ")");
  if (!IsEntitled(refusal)) return text + ", which it may not have then";
  if (!MakesBusy(refusal)) return text + ", which is no reason to be busy";
  return text;
}

std::string LockEntitlement::Explain(std::size_t step) const {
  if (!trace_.lock_refusals.are_recorded) return "";
  std::string text;
  for (const LockRefusal& refusal : RefusalsOf(step)) {
    absl::StrAppend(&text, "; ", Explain(refusal));
  }
  return text.empty() ? "; no lock was refused" : text;
}

}  // namespace lastcommit
