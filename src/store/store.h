// Store: what the tester drives, whatever it keeps: the controls that every
// store has, and one Do() for the operations of its vocabulary.
//
// A store is used by one thread. Errors are absl::Status with the codes of
// saver/sqlite_saver.h; the ReferenceModel gives the same ones.

#ifndef LASTCOMMIT_STORE_STORE_H_
#define LASTCOMMIT_STORE_STORE_H_

#include <cstdint>
#include <span>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/settings.h"
#include "saver/sqlite_saver.h"
#include "store/operation.h"
#include "store/state.h"

namespace lastcommit {

// Called at the moment from which the caller may rely on the commit, with the
// new value of the commit counter. An honest store calls it once, after COMMIT
// succeeded.
using Acknowledge = absl::FunctionRef<void(std::int64_t cut)>;

class Store {
 public:
  virtual ~Store() = default;

  virtual absl::Status Begin() = 0;
  virtual absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) = 0;
  virtual absl::Status Rollback() = 0;
  virtual absl::Status Savepoint() = 0;
  virtual absl::Status Release() = 0;
  // 0 = the innermost savepoint, 1 = the one around it, ...
  virtual absl::Status RollbackTo(int up) = 0;

  // What the operation answers (Outcome::value). Outside a transaction a change
  // is one of its own.
  virtual absl::StatusOr<std::int64_t> Do(const Operation& operation) = 0;

  // The commit counter, without the open transaction's.
  virtual absl::StatusOr<std::int64_t> CommitCounter() = 0;
  // The value that the counter has, or would have had, in the newest
  // transaction of this store that took the write lock; 0 = there was none, or
  // the store does not say, and then it can be one of several clients. Touches
  // no file; may be asked in the middle of any other call.
  virtual std::int64_t AttemptedCommit() const { return 0; }
  // What the reads of the newest Do() saw that came before its transaction, as
  // OperationSpec::seen has it. Touches no file; may be asked in the middle of
  // any other call.
  virtual std::span<const std::int64_t> Seen() const { return {}; }
  // Everything, through the store's own calls, the open transaction's changes
  // included; `cut` is CommitCounter().
  virtual absl::StatusOr<State> ReadState() = 0;

  // Pages written before their COMMIT because the cache was full, since the
  // store was opened (SQLITE_DBSTATUS_CACHE_SPILL).
  virtual std::int64_t CacheSpills() = 0;

  virtual absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode mode) = 0;
  virtual absl::Status Vacuum() = 0;
  // Of the open database.
  virtual absl::Status SetJournalMode(saver::JournalMode mode) = 0;

  // What the store says of its transaction: it is open; it was rolled back and
  // everything in it is refused until Rollback().
  virtual bool IsInTransaction() = 0;
  virtual bool IsAborted() = 0;

  // sqlite3_interrupt() on its connection.
  virtual void Interrupt() = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_STORE_H_
