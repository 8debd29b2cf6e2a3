// Saver: what the tester drives. One method per operation and control of a
// plan; SqliteSaver stands behind one implementation, the planted savers, each
// with one known bug, behind others (subject/registry.h).
//
// A saver is used by one thread. Errors are absl::Status with the codes of
// saver/sqlite_saver.h; the ReferenceModel gives the same ones.

#ifndef LASTCOMMIT_SUBJECT_SAVER_H_
#define LASTCOMMIT_SUBJECT_SAVER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/state.h"
#include "saver/settings.h"
#include "saver/sqlite_saver.h"

namespace lastcommit {

// Called at the moment from which the caller may rely on the commit, with the
// new value of the commit counter. An honest saver calls it once, after COMMIT
// succeeded.
using Acknowledge = absl::FunctionRef<void(std::int64_t cut)>;

class Saver {
 public:
  virtual ~Saver() = default;

  virtual absl::Status Begin() = 0;
  virtual absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) = 0;
  virtual absl::Status Rollback() = 0;
  virtual absl::Status Savepoint() = 0;
  virtual absl::Status Release() = 0;
  // 0 = the innermost savepoint, 1 = the one around it, ...
  virtual absl::Status RollbackTo(int up) = 0;

  virtual absl::Status PutCheckpoint(const Checkpoint& checkpoint) = 0;
  virtual absl::StatusOr<std::vector<Checkpoint>> ListCheckpoints(
      const CheckpointQuery& query) = 0;
  virtual absl::StatusOr<std::int64_t> Prune(const std::string& thread_id,
                                             const std::string& checkpoint_ns,
                                             std::int64_t keep) = 0;
  virtual absl::Status PutWrites(const CheckpointKey& checkpoint,
                                 const std::vector<PendingWrite>& writes) = 0;
  virtual absl::Status CommitStep(const Checkpoint& checkpoint,
                                  const std::vector<PendingWrite>& writes) = 0;
  virtual absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                                 const std::string& payload,
                                                 LogLevel level) = 0;
  virtual absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      LogLevel level) = 0;
  virtual absl::Status CreateTask(const TaskKey& key,
                                  const std::string& payload) = 0;
  virtual absl::StatusOr<std::int64_t> UpdateTask(const TaskKey& key,
                                                  const TaskUpdate& update) = 0;
  virtual absl::StatusOr<Task> GetTask(const TaskKey& key) = 0;
  virtual absl::Status PutBlob(const std::string& thread_id,
                               const std::string& name,
                               std::string_view bytes) = 0;
  // Through a BlobWriter, `chunk` bytes a call.
  virtual absl::Status StreamBlob(const std::string& thread_id,
                                  const std::string& name,
                                  std::string_view bytes,
                                  std::int64_t chunk) = 0;
  virtual absl::Status DeleteThread(const std::string& thread_id) = 0;

  // The commit counter, without the open transaction's.
  virtual absl::StatusOr<std::int64_t> CommitCounter() = 0;
  // The value that the counter has, or would have had, in the newest
  // transaction of this saver that took the write lock; 0 = there was none, or
  // the saver does not say, and then it can be one of several clients. Touches
  // no file; may be asked in the middle of any other call.
  virtual std::int64_t AttemptedCommit() const { return 0; }
  // Everything, through the saver's own calls, the open transaction's changes
  // included; `cut` is CommitCounter().
  virtual absl::StatusOr<State> ReadState() = 0;

  // Pages written before their COMMIT because the cache was full, since the
  // saver was opened (SQLITE_DBSTATUS_CACHE_SPILL).
  virtual std::int64_t CacheSpills() = 0;

  virtual absl::StatusOr<WalCheckpointResult> WalCheckpoint(
      CheckpointMode mode) = 0;
  virtual absl::Status Vacuum() = 0;
  // Of the open database.
  virtual absl::Status SetJournalMode(JournalMode mode) = 0;

  // What the saver says of its transaction: it is open; it was rolled back and
  // everything in it is refused until Rollback().
  virtual bool IsInTransaction() = 0;
  virtual bool IsAborted() = 0;

  // sqlite3_interrupt() on its connection.
  virtual void Interrupt() = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_SAVER_H_
