#include "oracle/error_causes.h"

#include <cstdint>

#include "oracle/error_answers.h"

namespace lastcommit {

void ErrorCauses::NoteRemoval(std::size_t i, Mark at) {
  const DatabaseFile file = view_.step(i).file;
  has_removal_ = true;
  removals_.of[static_cast<std::size_t>(file)] = true;
  if (file != DatabaseFile::kIndex) removals_.at = at;
  has_journal_without_database_ |=
      file == DatabaseFile::kDatabase &&
      view_.Found(i).value ==
          static_cast<std::int64_t>(Unlinked::kFileBesideAJournal) &&
      plan_.profile.journal_mode != saver::JournalMode::kWal;
}

// Rule: HasCause.
bool ErrorCauses::HasCause(std::size_t i, bool was_in_transaction) const {
  const absl::StatusCode code = view_.Found(i).code;
  switch (code) {
    case absl::StatusCode::kOk:
      return false;
    case absl::StatusCode::kDataLoss:
      return IsAboutARead(i) || IsSpoiledByRead(i);
    case absl::StatusCode::kAborted:
      return IsAborted(i, was_in_transaction);
    case absl::StatusCode::kCancelled:
      return IsInterrupted(i);
    case absl::StatusCode::kFailedPrecondition:
      return IsRefusedForRemoval(i);
    case absl::StatusCode::kUnknown:
      if (CannotRead(i, was_in_transaction)) return true;
      [[fallthrough]];
    default:
      return view_.ErrorsIn(i) > 0 && Injected().has_value() &&
             MayAnswer(*Injected(), code);
  }
}

std::optional<ErrorKind> ErrorCauses::Injected() const {
  const auto step = ErrorStep(view_.round());
  if (!step.has_value()) return std::nullopt;
  return view_.step(*step).error->kind;
}

// Excuse: MayAbort.
// A step that failed may end its transaction: by an error of its own, or in a
// transaction that a read has spoiled.
bool ErrorCauses::MayAbort(std::size_t i) const {
  return view_.ErrorsIn(i) > 0 || is_spoiled_;
}

// Excuse: IsAborted.
// Until it is rolled back, or from now on.
bool ErrorCauses::IsAborted(std::size_t i, bool was_in_transaction) const {
  return (view_.WasAborted(i) && view_.step(i).kind != StepKind::kRollback) ||
         (was_in_transaction && MayAbort(i));
}

// Excuse: IsAboutARead.
// The "unix" VFS calls an EIO from a read SQLITE_IOERR_CORRUPTFS, which
// statements report as SQLITE_CORRUPT (unixRead in os_unix.c, "abort_due_to_
// error" in vdbe.c). Whether anything is damaged is for the reopen to say.
bool ErrorCauses::IsAboutARead(std::size_t i) const {
  return plan_.engine == Engine::kFork && view_.ErrorsIn(i) > 0 &&
         Injected() == ErrorKind::kRead;
}

// Excuse: IsSpoiledByRead.
// After that SQLite answers the rest of the transaction with the same code:
// writes and COMMIT (SQLITE_CorruptRdOnly in vdbe.c and vdbeaux.c), and all
// of it if it was the journal that could not be read (PAGER_ERROR in
// pager.c). A second connection knows nothing of it.
bool ErrorCauses::IsSpoiledByRead(std::size_t i) const {
  return is_spoiled_ && !HasItsOwnConnection(view_.step(i).kind);
}

void ErrorCauses::NoteSpoiled(std::size_t i, bool is_in_transaction) {
  const bool has_begun =
      view_.Found(i).code == absl::StatusCode::kDataLoss && IsAboutARead(i);
  is_spoiled_ = is_in_transaction && (is_spoiled_ || has_begun);
}

// Excuse: IsInterrupted.
// An interrupt that finds no statement at work stops what checks for it next
// (https://sqlite.org/c3ref/interrupt.html), once: the next statement that
// begins takes it back (sqlite3Step() in vdbeapi.c, sqlite3RunParser() in
// tokenize.c). A refusal may have had none, and a step with a connection of
// its own has none on this one.
bool ErrorCauses::IsInterrupted(std::size_t i) const {
  if (Injected() != ErrorKind::kInterrupt) return false;
  if (view_.ErrorsIn(i) > 0) return true;
  for (auto j = view_.Previous(i); j.has_value(); j = view_.Previous(*j)) {
    if (view_.ErrorsIn(*j) > 0) return true;
    if (HasItsOwnConnection(view_.step(*j).kind)) continue;
    const absl::StatusCode code = view_.Found(*j).code;
    if (!IsAboutContent(code) && code != absl::StatusCode::kAborted) break;
  }
  return false;
}

// Excuse: CannotRead.
// Whoever begins to read without a WAL looks whether a journal that is there
// is hot, and cannot open it without its database, whose mode it takes:
// SQLITE_IOERR_FSTAT (hasHotJournal() in pager.c, findCreateFileMode() in
// os_unix.c). An empty one counts as none.
bool ErrorCauses::CannotRead(std::size_t i, bool is_in_transaction) const {
  const StepKind kind = view_.step(i).kind;
  return has_journal_without_database_ && !is_in_transaction &&
         (kind == StepKind::kRead || kind == StepKind::kQuery ||
          ReadsFirst(view_.step(i)));
}

// Excuse: IsRefusedForRemoval.
// Of a database one of whose files was removed every change is refused until
// it is opened again (saver/sqlite_saver.h); reading goes on.
bool ErrorCauses::IsRefusedForRemoval(std::size_t i) const {
  switch (view_.step(i).kind) {
    case StepKind::kBegin:
    case StepKind::kCommit:
    case StepKind::kWalCheckpoint:
    case StepKind::kVacuum:
      return has_removal_;
    default:
      return has_removal_ && IsChange(view_.step(i).kind);
  }
}

}  // namespace lastcommit
