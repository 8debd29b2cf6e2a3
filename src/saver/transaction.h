// Transaction: a transaction of a SqliteSaver, or a savepoint inside one.
// Belongs to the saver's thread and ends before the saver.

#ifndef LASTCOMMIT_SAVER_TRANSACTION_H_
#define LASTCOMMIT_SAVER_TRANSACTION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lastcommit::saver {

class SqliteSaver;

// Destroyed without Commit() or Release() it is rolled back. Nested ones end
// before the outer one; ending an outer one ends those inside it. While a blob
// stream is open Savepoint(), Release() and RollbackTo() are refused with
// FailedPrecondition.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  // Commits the whole transaction and returns the value of the commit counter.
  // A savepoint refuses it with FailedPrecondition and goes on, and after
  // Unavailable the transaction is still open with all its changes, or it
  // is_aborted(), if SQLite gave up on a lock of the WAL. After any other
  // error it has ended, and IsInDoubt(status) says whether the commit may
  // have reached the disk all the same. FailedPrecondition: a blob stream is
  // open, which ends with it. Aborted: it is_aborted().
  absl::StatusOr<std::int64_t> Commit();
  // Undoes everything, also what a blob stream has written that is open in it,
  // and ends it. A savepoint is undone and released; Aborted: it could not be
  // undone alone, and the whole transaction was rolled back.
  absl::Status Rollback();

  // A savepoint inside this one and all that are open inside it.
  absl::StatusOr<Transaction> Savepoint();
  // Savepoints only: keeps the changes and ends the savepoint.
  absl::Status Release();
  // Savepoints only: undoes the changes since it was made and keeps it open.
  // Aborted: it could not be undone alone, and everything was rolled back.
  absl::Status RollbackTo();

  // False after it ended, by itself or with an outer one.
  bool is_open() const;
  // SQLite rolled it back by itself (disk full, I/O error, interrupt, no
  // memory), or the saver had to: nothing of it is left, and every call in it
  // is refused with Aborted until Rollback() or the destructor ends it.
  bool is_aborted() const;

 private:
  friend class SqliteSaver;
  Transaction(SqliteSaver* saver, int depth, std::uint64_t id);
  template <typename Call>
  auto Enter(const Call& call) -> decltype(call());

  SqliteSaver* saver_;
  int depth_;         // 0 = the transaction itself, 1.. = savepoints
  std::uint64_t id_;  // which of the saver's levels this object is
};

// Whether a failed commit may be there after all. In WAL mode it can come back
// from the WAL until another commit succeeds, the WAL starts anew or a recovery
// has decided, whatever readers see until then.
bool IsInDoubt(const absl::Status& status);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_TRANSACTION_H_
