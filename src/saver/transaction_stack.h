// TransactionStack: the open transaction of a saver and the savepoints in it.
// It begins, counts, commits and undoes; the SQL of the tables is elsewhere
// (saver/tables.h).
//
// When SQLite rolls a transaction back by itself, or a failed operation cannot
// be undone alone, the stack is *aborted*: nothing is left of the transaction,
// and every call but Rollback() of its levels is refused, so that what the
// caller still means to be part of it cannot be committed without the rest.
//
// std::bad_alloc of an operation is an error as any other (out_of_memory.h).
// What ends or undoes anything does not throw.

#ifndef LASTCOMMIT_SAVER_TRANSACTION_STACK_H_
#define LASTCOMMIT_SAVER_TRANSACTION_STACK_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/database.h"
#include "saver/in_doubt.h"
#include "saver/kept_locks.h"
#include "saver/named_files.h"

namespace lastcommit::saver {

// One level of the stack: depth 0 is the transaction, 1.. are savepoints.
// `id` tells it from earlier levels of the same depth.
struct Level {
  int depth = 0;
  std::uint64_t id = 0;
};

// Which bugs of SQLite (docs/findings.md) are to be avoided.
struct TransactionDefences {
  // SQLite has the bug of saver/partial_rollback.h, in WAL mode.
  bool against_partial_rollback = false;
  // WritesOverJournal() of saver/journal_end.h.
  bool against_lost_journal_end = false;
  // A statement that failed half-way and was not undone.
  bool against_half_statements = false;
  // If there was no room for a page in a rollback journal on the disk, that
  // page is written to the database all the same.
  bool against_unjournaled_pages = false;
};

class TransactionStack {
 public:
  using Operation = absl::FunctionRef<absl::Status()>;

  // `database`, `files` and `locks` must outlive it.
  TransactionStack(Database& database, NamedFiles& files, KeptLocks& locks,
                   const TransactionDefences& defences)
      : database_(database),
        files_(files),
        locks_(locks),
        defences_(defences) {}

  absl::StatusOr<Level> Begin();
  // A level for a change of several calls: a savepoint in what is open, or
  // else a transaction of its own. Ends with FinishChange, or with
  // UndoChange, which returns `cause`, or Aborted if it took the whole
  // transaction with it. FinishChange: after Unavailable the level is still
  // there, after any other error it is not.
  absl::StatusOr<Level> BeginChange();
  absl::Status FinishChange(const Level& level);
  absl::Status UndoChange(const Level& level,
                          const absl::Status& cause) noexcept;
  absl::StatusOr<std::int64_t> Commit(const Level& level);
  // Inside everything that is open.
  absl::StatusOr<Level> Savepoint(const Level& level);
  absl::Status Release(const Level& level);
  absl::Status RollbackTo(const Level& level);
  // OK for an aborted level too: this is how it ends.
  absl::Status Rollback(const Level& level) noexcept;

  // Outside a transaction.
  void set_defences(const TransactionDefences& defences) {
    defences_ = defences;
  }

  bool empty() const { return ids_.empty(); }
  // False also when the stack is aborted.
  bool IsOpen(const Level& level) const;
  bool IsAborted(const Level& level) const;
  // Aborted, with what aborted it.
  absl::Status CheckNotAborted() const;
  // Not ended yet; may be aborted.
  bool Contains(const Level& level) const;

  // Runs `operation` in the open transaction, or else in one of its own.
  absl::Status Change(Operation operation);
  absl::Status Read(Operation operation);
  // Rolls back what a ROLLBACK that failed has left open, and gives back the
  // locks of a change of the journal mode that failed; before anything is done
  // outside a transaction.
  absl::Status EndLeftover();
  // The commit counter of the newest transaction that has the write lock, or
  // had; 0 = there was none.
  std::int64_t counter() const { return counter_; }
  // Before a transaction that does not go through the stack.
  absl::Status MakeJournalDurable();

 private:
  absl::Status BeginImmediate(bool may_roll_back_partly);
  absl::Status Start(bool may_roll_back_partly);
  absl::Status ChangeInside(Operation operation);
  absl::Status ChangeAlone(Operation operation);
  bool MayBeHalfDone() const;
  bool MayWriteUnjournaled();
  bool IsAborted() const;
  absl::Status CheckOpen(const Level& level) const;
  absl::Status CheckSavepoint(const Level& level) const;
  absl::Status RunSavepointSql(const char* verb, int depth);
  absl::Status CommitSql();
  absl::Status AfterFailure(const absl::Status& failure);
  absl::Status Abort(const absl::Status& cause);
  void RollbackAll() noexcept;
  void EndAbove(int depth);
  // For one level more: before a transaction or a savepoint begins.
  void MakeRoom();
  Level Push();

  Database& database_;
  NamedFiles& files_;
  KeptLocks& locks_;
  TransactionDefences defences_;
  const DoubtMarker doubt_;
  std::vector<std::uint64_t> ids_;
  std::uint64_t next_id_ = 1;
  std::int64_t counter_ = 0;
  bool is_aborted_ = false;
  bool has_leftover_ = false;  // a transaction whose ROLLBACK failed
  bool is_partial_rollback_safe_ = true;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_TRANSACTION_STACK_H_
