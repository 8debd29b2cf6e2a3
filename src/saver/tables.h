// The SQL of the tables (saver/schema.h), one function an operation. The caller
// has checked the arguments (saver/arguments.h), has a transaction open around
// those that change something, and undoes them when they fail.

#ifndef LASTCOMMIT_SAVER_TABLES_H_
#define LASTCOMMIT_SAVER_TABLES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/arguments.h"
#include "saver/database.h"
#include "saver/sqlite_saver.h"

namespace lastcommit::saver {

// A change first reads the row of its thread, then puts its data, and its row
// of table threads last, which deferred foreign keys permit: the statement that
// bad input makes fail is the first one that writes, so that nothing is there
// to undo.

// checkpoints.cc
absl::Status PutCheckpointRow(Database& database, const Checkpoint& checkpoint);
absl::Status PutStepRows(Database& database, const Checkpoint& checkpoint,
                         const std::vector<PendingWrite>& writes);
absl::Status NoSuchCheckpoint(const CheckpointKey& key);
// For FirstCheckpoint(); `key` must outlive it.
absl::StatusOr<Statement> SelectCheckpoint(Database& database,
                                           const CheckpointKey& key);
absl::StatusOr<Checkpoint> GetCheckpointRow(Database& database,
                                            const CheckpointKey& key);
absl::StatusOr<Checkpoint> GetLatestCheckpointRow(
    Database& database, const std::string& thread_id,
    const std::string& checkpoint_ns);
absl::StatusOr<std::vector<Checkpoint>> ListCheckpointRows(
    Database& database, const std::string& thread_id);

// checkpoint_query.cc. InvalidArgument: a filter value is no JSON scalar.
absl::StatusOr<std::vector<Checkpoint>> QueryCheckpointRows(
    Database& database, const CheckpointQuery& query);

// prune.cc
absl::StatusOr<std::int64_t> PruneRows(Database& database,
                                       const std::string& thread_id,
                                       const std::string& checkpoint_ns,
                                       std::int64_t keep);

// writes.cc
absl::Status PutWriteRows(Database& database, const CheckpointKey& checkpoint,
                          const std::vector<PendingWrite>& writes);
// The checkpoint is known to be there.
absl::Status InsertWriteRows(Database& database,
                             const CheckpointKey& checkpoint,
                             const std::vector<PendingWrite>& writes);
absl::StatusOr<std::vector<PendingWrite>> ListWriteRows(
    Database& database, const CheckpointKey& checkpoint);

// logs.cc
// Returns the number of the last entry. There is at least one.
absl::StatusOr<std::int64_t> AppendLogRows(Database& database,
                                           const LogBatch& batch);
absl::StatusOr<std::vector<LogEntry>> ReadLogRows(Database& database,
                                                  const std::string& thread_id,
                                                  const LogRange& range);

// tasks.cc
absl::Status CreateTaskRow(Database& database, const TaskKey& key,
                           const std::string& payload);
absl::StatusOr<std::int64_t> UpdateTaskRow(Database& database,
                                           const TaskKey& key,
                                           const TaskUpdate& update);
absl::StatusOr<Task> GetTaskRow(Database& database, const TaskKey& key);
absl::StatusOr<std::vector<Task>> ListTaskRows(Database& database,
                                               const std::string& thread_id);

// blobs.cc
struct BlobKey {
  std::string_view thread_id;
  std::string_view name;
};
absl::Status NoSuchBlob(const BlobKey& key);
absl::Status BlobIsDamaged();
// The row beside the content; returns the id that the content must have.
absl::StatusOr<std::int64_t> PutBlobHead(Database& database, const BlobKey& key,
                                         std::int64_t size,
                                         std::string_view digest);
absl::Status PutBlobRow(Database& database, const BlobKey& key,
                        std::string_view bytes);
absl::StatusOr<std::string> GetBlobRow(Database& database, const BlobKey& key);
absl::StatusOr<std::vector<std::string>> ListBlobNames(
    Database& database, const std::string& thread_id);

// threads.cc
// What table threads says of a thread that may be changed.
struct ThreadRow {
  bool is_there = false;
  std::int64_t last_log = 0;
  std::int64_t last_checkpoint = 0;
};
absl::Status ThreadIsDeleted(std::string_view thread_id,
                             std::string_view argument = "thread_id");
// FailedPrecondition: it was deleted. `argument`: what the caller calls the id.
absl::StatusOr<ThreadRow> GetThreadToChange(
    Database& database, std::string_view thread_id,
    std::string_view argument = "thread_id");
absl::Status PutThreadRow(Database& database, std::string_view thread_id,
                          const ThreadRow& row);
// Makes a row if there is none.
absl::Status TouchThreadRow(Database& database, std::string_view thread_id);
absl::Status DeleteThreadRows(Database& database, const std::string& thread_id);
absl::Status CopyThreadRows(Database& database, const std::string& from,
                            const std::string& to);
absl::StatusOr<std::vector<ThreadInfo>> ListThreadRows(Database& database,
                                                       const ThreadPage& page);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_TABLES_H_
