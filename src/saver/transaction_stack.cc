#include "saver/transaction_stack.h"

#include <sqlite3.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/counter.h"
#include "saver/in_doubt.h"
#include "saver/journal_end.h"
#include "saver/journal_mode.h"
#include "saver/out_of_memory.h"
#include "saver/partial_rollback.h"
#include "status/status.h"

namespace lastcommit::saver {

absl::StatusOr<Level> TransactionStack::Begin() {
  RETURN_IF_ERROR(CheckNotAborted());
  if (!empty()) {
    return absl::FailedPreconditionError("a transaction is open already");
  }
  MakeRoom();
  RETURN_IF_ERROR(BeginImmediate(/*may_roll_back_partly=*/true));
  return Push();
}

absl::StatusOr<Level> TransactionStack::BeginChange() {
  RETURN_IF_ERROR(CheckNotAborted());
  MakeRoom();
  if (empty()) {
    RETURN_IF_ERROR(BeginImmediate(/*may_roll_back_partly=*/false));
  } else {
    RETURN_IF_ERROR(
        RunSavepointSql("SAVEPOINT", static_cast<int>(ids_.size())));
  }
  return Push();
}

absl::Status TransactionStack::FinishChange(const Level& level) {
  if (level.depth == 0) return Commit(level).status();
  absl::Status status = Release(level);
  return status.ok() ? status : UndoChange(level, status);
}

absl::Status TransactionStack::UndoChange(const Level& level,
                                          const absl::Status& cause) noexcept {
  if (!Contains(level)) return cause;
  if (level.depth == 0) {
    Rollback(level).IgnoreError();
    return cause;
  }
  const bool is_undone = !IsAborted() && Rollback(level).ok();
  if (is_undone) return cause;
  absl::Status aborted = Abort(cause);
  EndAbove(level.depth - 1);
  return aborted;
}

absl::Status TransactionStack::BeginImmediate(bool may_roll_back_partly) {
  RETURN_IF_ERROR(EndLeftover());
  if (!database_.IsAutocommit()) {
    return absl::FailedPreconditionError(
        "a transaction that is not the saver's is open on its connection");
  }
  absl::Status status = CatchBadAlloc([&]() -> absl::Status {
    // So that a lack of memory cannot keep the lock that this takes.
    RETURN_IF_ERROR(database_.Prepare("ROLLBACK").status());
    RETURN_IF_ERROR(database_.Run("BEGIN IMMEDIATE"));
    return Start(may_roll_back_partly);
  });
  if (status.ok()) return status;
  RollbackAll();
  // Without the database SQLite cannot even open a persistent journal
  // (findCreateFileMode() in os_unix.c).
  const absl::Status moved = files_.Check();
  return moved.ok() ? status : moved;
}

// The counter is read and written under the write lock, so that its values are
// the order of the commits.
absl::Status TransactionStack::Start(bool may_roll_back_partly) {
  is_partial_rollback_safe_ = true;
  RETURN_IF_ERROR(files_.Check());
  // Who had the lock before may have died at any moment.
  RETURN_IF_ERROR(MakeJournalDurable());
  ASSIGN_OR_RETURN(const std::int64_t last, ReadCounter(database_));
  counter_ = last + 1;
  bool may_lose = defences_.against_partial_rollback && may_roll_back_partly;
  if (may_lose) {
    // Another connection may have changed the mode since it was opened.
    ASSIGN_OR_RETURN(may_lose, IsInWalMode(database_));
  }
  if (!may_lose) return WriteCounter(database_, counter_);
  ASSIGN_OR_RETURN(is_partial_rollback_safe_,
                   WriteCounterTwice(database_, counter_));
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> TransactionStack::Commit(const Level& level) {
  RETURN_IF_ERROR(CheckOpen(level));
  if (level.depth != 0) {
    return StatusWith(absl::StatusCode::kFailedPrecondition,
                      "a savepoint cannot be committed");
  }
  // Who has found another wal-index under its name does not know of this
  // connection's write lock: the fewer frames of its WAL are written over the
  // better.
  absl::Status status = files_.Check();
  if (status.ok()) status = CommitSql();
  // A refused COMMIT may be tried again, with all the changes still there. One
  // that gave up on a lock is aborted.
  if (absl::IsUnavailable(status)) return status;
  ids_.clear();
  if (!status.ok()) {
    RollbackAll();
    return status;
  }
  return counter_;
}

// A COMMIT that is refused (busy, a foreign key, an interrupt) leaves the
// transaction open. One that fails in its middle ends it, and then nobody can
// say here what of it reached the disk: a WAL whose sync failed may hold the
// whole commit. The same holds for one that went to a file which had lost its
// name by then. One that gives up on a lock of the wal-index (SQLITE_PROTOCOL)
// ends it too, but before it has written anything: walRestartLog() in wal.c.
absl::Status TransactionStack::CommitSql() {
  absl::Status status = CatchBadAlloc([&] { return database_.Run("COMMIT"); });
  if (status.ok()) status = files_.Check();
  if (status.ok() || absl::IsUnavailable(status) || !database_.IsAutocommit()) {
    return status;
  }
  return doubt_.MarkInDoubt(std::move(status));
}

absl::StatusOr<Level> TransactionStack::Savepoint(const Level& level) {
  RETURN_IF_ERROR(CheckOpen(level));
  MakeRoom();
  RETURN_IF_ERROR(RunSavepointSql("SAVEPOINT", static_cast<int>(ids_.size())));
  return Push();
}

absl::Status TransactionStack::Release(const Level& level) {
  RETURN_IF_ERROR(CheckSavepoint(level));
  RETURN_IF_ERROR(RunSavepointSql("RELEASE", level.depth));
  EndAbove(level.depth - 1);
  return absl::OkStatus();
}

absl::Status TransactionStack::RollbackTo(const Level& level) {
  RETURN_IF_ERROR(CheckSavepoint(level));
  const absl::Status undone = RunSavepointSql("ROLLBACK TO", level.depth);
  // Half of it may be undone, and another try would undo less: with a rollback
  // journal SQLite goes on from where it was interrupted (docs/findings.md).
  // Without memory it does not begin.
  if (!undone.ok() && !IsAborted() && !absl::IsResourceExhausted(undone)) {
    return Abort(undone);
  }
  RETURN_IF_ERROR(undone);
  EndAbove(level.depth);
  if (is_partial_rollback_safe_) return absl::OkStatus();
  return Abort(
      StatusWith(absl::StatusCode::kUnavailable,
                 "SQLite cannot undo a part of this transaction safely"));
}

absl::Status TransactionStack::Rollback(const Level& level) noexcept {
  if (!Contains(level)) {
    return StatusWith(absl::StatusCode::kFailedPrecondition,
                      "the transaction has ended");
  }
  if (IsAborted() || level.depth == 0) {
    RollbackAll();
    EndAbove(level.depth - 1);
    is_aborted_ = is_aborted_ && !empty();
    return absl::OkStatus();
  }
  absl::Status status = RollbackTo(level);
  if (status.ok()) status = Release(level);
  if (status.ok()) return status;
  // What was given up must not be committed.
  if (!IsAborted()) status = Abort(status);
  EndAbove(level.depth - 1);
  return status;
}

bool TransactionStack::IsOpen(const Level& level) const {
  return Contains(level) && !IsAborted();
}

bool TransactionStack::IsAborted(const Level& level) const {
  return Contains(level) && IsAborted();
}

bool TransactionStack::Contains(const Level& level) const {
  const auto depth = static_cast<std::size_t>(level.depth);
  return depth < ids_.size() && ids_[depth] == level.id;
}

absl::Status TransactionStack::Change(Operation operation) {
  RETURN_IF_ERROR(CheckNotAborted());
  return empty() ? ChangeAlone(operation) : ChangeInside(operation);
}

// What the failed operation changed before it failed is seen in the counter of
// changes, from which SQLite leaves out statements that it undid.
absl::Status TransactionStack::ChangeInside(Operation operation) {
  const int changes_before = sqlite3_total_changes(database_.connection());
  absl::Status status = CatchBadAlloc(operation);
  if (status.ok()) return status;
  const int changes_after = sqlite3_total_changes(database_.connection());
  if (changes_after != changes_before || !is_partial_rollback_safe_ ||
      MayBeHalfDone()) {
    return Abort(status);
  }
  return AfterFailure(status);
}

// A failure is undone as a whole, hence no partial rollback is ever committed.
absl::Status TransactionStack::ChangeAlone(Operation operation) {
  RETURN_IF_ERROR(BeginImmediate(/*may_roll_back_partly=*/false));
  absl::Status status = CatchBadAlloc(operation);
  if (status.ok()) status = CommitSql();
  if (!status.ok()) RollbackAll();
  return status;
}

// SQLite undoes a statement that fails, or ends its transaction. But not if the
// statement has no journal of its own, and one of a savepoint cannot be opened
// or a page is found damaged: the foreign keys that it counted stay counted,
// for COMMIT to refuse (docs/findings.md).
bool TransactionStack::MayBeHalfDone() const {
  const int code = sqlite3_errcode(database_.connection()) & 0xff;
  return code == SQLITE_CORRUPT ||
         (defences_.against_half_statements && code == SQLITE_CANTOPEN);
}

// A page is in the list of those to be written before it is in the journal, and
// stays there if the journal has no room for it (docs/findings.md). A ROLLBACK
// takes it off.
bool TransactionStack::MayWriteUnjournaled() {
  if (!defences_.against_unjournaled_pages ||
      (sqlite3_errcode(database_.connection()) & 0xff) != SQLITE_FULL) {
    return false;
  }
  const absl::StatusOr<bool> is_in_wal_mode =
      CatchBadAlloc([&] { return IsInWalMode(database_); });
  return !is_in_wal_mode.ok() || !*is_in_wal_mode;
}

absl::Status TransactionStack::Read(Operation operation) {
  RETURN_IF_ERROR(CheckNotAborted());
  RETURN_IF_ERROR(EndLeftover());
  const absl::Status status = CatchBadAlloc(operation);
  return status.ok() || empty() ? status : AfterFailure(status);
}

absl::Status TransactionStack::CheckNotAborted() const {
  if (!IsAborted()) return absl::OkStatus();
  return StatusWith(absl::StatusCode::kAborted,
                    "the transaction was rolled back");
}

// By itself, or by SQLite during a statement of the caller's own.
bool TransactionStack::IsAborted() const {
  return is_aborted_ || (!empty() && database_.IsAutocommit());
}

absl::Status TransactionStack::CheckOpen(const Level& level) const {
  if (!Contains(level)) {
    return StatusWith(absl::StatusCode::kFailedPrecondition,
                      "the transaction has ended");
  }
  return CheckNotAborted();
}

absl::Status TransactionStack::CheckSavepoint(const Level& level) const {
  RETURN_IF_ERROR(CheckOpen(level));
  if (level.depth > 0) return absl::OkStatus();
  return StatusWith(absl::StatusCode::kFailedPrecondition,
                    "not a savepoint but the transaction");
}

absl::Status TransactionStack::RunSavepointSql(const char* verb, int depth) {
  const absl::Status status = CatchBadAlloc(
      [&] { return database_.RunOnce(absl::StrCat(verb, " s", depth)); });
  return status.ok() ? status : AfterFailure(status);
}

// Whether a failed statement took the transaction with it differs by error and
// by statement; SQLite's documentation says to ask.
// https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
absl::Status TransactionStack::AfterFailure(const absl::Status& failure) {
  return database_.IsAutocommit() || MayWriteUnjournaled() ? Abort(failure)
                                                           : failure;
}

absl::Status TransactionStack::Abort(const absl::Status& cause) {
  RollbackAll();
  is_aborted_ = true;
  return StatusOf(absl::StatusCode::kAborted, [&] {
    return absl::StrCat("the transaction was rolled back: ", cause.ToString());
  });
}

// Errors are not reported: SQLite ends the transaction even if a part of the
// rollback fails, and does the rest when the database is opened next. Only
// without memory it may not come as far as that.
void TransactionStack::RollbackAll() noexcept {
  if (database_.IsAutocommit()) return;
  database_.RollBack();
  has_leftover_ = !database_.IsAutocommit();
}

absl::Status TransactionStack::EndLeftover() {
  if (!has_leftover_) return locks_.Release();
  const absl::Status status = database_.Run("ROLLBACK");
  has_leftover_ = !database_.IsAutocommit();
  return has_leftover_ ? status : absl::OkStatus();
}

absl::Status TransactionStack::MakeJournalDurable() {
  return defences_.against_lost_journal_end ? SyncJournal(database_)
                                            : absl::OkStatus();
}

void TransactionStack::MakeRoom() { ids_.reserve(ids_.size() + 1); }

void TransactionStack::EndAbove(int depth) {
  ids_.resize(static_cast<std::size_t>(depth) + 1);
}

Level TransactionStack::Push() {
  const Level level{static_cast<int>(ids_.size()), next_id_++};
  ids_.push_back(level.id);
  return level;
}

}  // namespace lastcommit::saver
