// SqliteSubject: SqliteSaver as a Store of the vocabulary `threads`. Planted
// savers override one of its methods to do one thing wrong; an operation that
// is not a method of its own they catch in Do().

#ifndef LASTCOMMIT_SUBJECT_SQLITE_SUBJECT_H_
#define LASTCOMMIT_SUBJECT_SQLITE_SUBJECT_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "saver/sqlite_saver.h"
#include "store/profile.h"
#include "store/store.h"

namespace lastcommit {

// The saver's options for a profile; SqliteSaver's defaults for the rest.
saver::Options OptionsFor(const Profile& profile);

class SqliteSubject : public Store {
 public:
  explicit SqliteSubject(std::unique_ptr<saver::SqliteSaver> saver);
  ~SqliteSubject() override;

  absl::Status Begin() override;
  absl::StatusOr<std::int64_t> Commit(Acknowledge acknowledge) override;
  absl::Status Rollback() override;
  absl::Status Savepoint() override;
  absl::Status Release() override;
  absl::Status RollbackTo(int up) override;
  absl::StatusOr<std::int64_t> Do(const Operation& operation) override;
  absl::StatusOr<std::int64_t> CommitCounter() override;
  std::int64_t AttemptedCommit() const override;
  absl::StatusOr<State> ReadState() override;
  std::int64_t CacheSpills() override;
  absl::StatusOr<saver::WalCheckpointResult> WalCheckpoint(
      saver::CheckpointMode mode) override;
  absl::Status Vacuum() override;
  absl::Status SetJournalMode(saver::JournalMode mode) override;
  bool IsInTransaction() override;
  bool IsAborted() override;
  void Interrupt() override;

  virtual absl::Status PutCheckpoint(const saver::Checkpoint& checkpoint);
  virtual absl::StatusOr<std::vector<saver::Checkpoint>> ListCheckpoints(
      const saver::CheckpointQuery& query);
  virtual absl::StatusOr<std::int64_t> Prune(const std::string& thread_id,
                                             const std::string& checkpoint_ns,
                                             std::int64_t keep);
  virtual absl::Status PutWrites(
      const saver::CheckpointKey& checkpoint,
      const std::vector<saver::PendingWrite>& writes);
  virtual absl::Status CommitStep(
      const saver::Checkpoint& checkpoint,
      const std::vector<saver::PendingWrite>& writes);
  virtual absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                                 const std::string& payload,
                                                 saver::LogLevel level);
  virtual absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      saver::LogLevel level);
  virtual absl::Status CreateTask(const saver::TaskKey& key,
                                  const std::string& payload);
  virtual absl::StatusOr<std::int64_t> UpdateTask(
      const saver::TaskKey& key, const saver::TaskUpdate& update);
  virtual absl::StatusOr<saver::Task> GetTask(const saver::TaskKey& key);
  virtual absl::Status PutBlob(const std::string& thread_id,
                               const std::string& name, std::string_view bytes);
  // Through a BlobWriter, `chunk` bytes a call.
  virtual absl::Status StreamBlob(const std::string& thread_id,
                                  const std::string& name,
                                  std::string_view bytes, std::int64_t chunk);
  virtual absl::Status DeleteThread(const std::string& thread_id);

 protected:
  saver::SqliteSaver& saver() { return *saver_; }
  bool in_transaction() const { return !levels_.empty(); }

 private:
  absl::StatusOr<State> ReadEverything();
  void DropEndedLevels();

  std::unique_ptr<saver::SqliteSaver> saver_;
  // The open transaction and its savepoints, outermost first.
  std::vector<saver::Transaction> levels_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_SQLITE_SUBJECT_H_
