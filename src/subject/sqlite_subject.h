// SqliteSubject: SqliteSaver behind the Saver interface. Planted savers derive
// from it and do one thing wrong.

#ifndef LASTCOMMIT_SUBJECT_SQLITE_SUBJECT_H_
#define LASTCOMMIT_SUBJECT_SQLITE_SUBJECT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"
#include "saver/sqlite_saver.h"
#include "subject/saver.h"

namespace lastcommit {

// The saver's options for a profile; SqliteSaver's defaults for the rest.
Options OptionsFor(const Profile& profile);

class SqliteSubject : public Saver {
 public:
  explicit SqliteSubject(std::unique_ptr<SqliteSaver> saver);
  ~SqliteSubject() override;

  absl::Status Begin() override;
  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override;
  absl::Status Rollback() override;
  absl::Status Savepoint() override;
  absl::Status Release() override;
  absl::Status RollbackTo(int up) override;
  absl::Status PutCheckpoint(const Checkpoint& checkpoint) override;
  absl::StatusOr<std::vector<Checkpoint>> ListCheckpoints(
      const CheckpointQuery& query) override;
  absl::StatusOr<std::int64_t> Prune(const std::string& thread_id,
                                     const std::string& checkpoint_ns,
                                     std::int64_t keep) override;
  absl::Status PutWrites(const CheckpointKey& checkpoint,
                         const std::vector<PendingWrite>& writes) override;
  absl::Status CommitStep(const Checkpoint& checkpoint,
                          const std::vector<PendingWrite>& writes) override;
  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload,
                                         LogLevel level) override;
  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      LogLevel level) override;
  absl::Status CreateTask(const TaskKey& key,
                          const std::string& payload) override;
  absl::StatusOr<std::int64_t> UpdateTask(const TaskKey& key,
                                          const TaskUpdate& update) override;
  absl::StatusOr<Task> GetTask(const TaskKey& key) override;
  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes) override;
  absl::Status StreamBlob(const std::string& thread_id, const std::string& name,
                          std::string_view bytes, std::int64_t chunk) override;
  absl::Status DeleteThread(const std::string& thread_id) override;
  absl::StatusOr<std::int64_t> CommitCounter() override;
  std::int64_t AttemptedCommit() const override;
  absl::StatusOr<State> ReadState() override;
  std::int64_t CacheSpills() override;
  absl::StatusOr<WalCheckpointResult> WalCheckpoint(
      CheckpointMode mode) override;
  absl::Status Vacuum() override;
  absl::Status SetJournalMode(JournalMode mode) override;
  bool IsInTransaction() override;
  bool IsAborted() override;
  void Interrupt() override;

 protected:
  SqliteSaver& saver() { return *saver_; }
  bool in_transaction() const { return !levels_.empty(); }

 private:
  absl::StatusOr<State> ReadEverything();
  void DropEndedLevels();

  std::unique_ptr<SqliteSaver> saver_;
  // The open transaction and its savepoints, outermost first.
  std::vector<Transaction> levels_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_SQLITE_SUBJECT_H_
