#include "saver/sqlite_saver.h"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

#include "saver/open.h"
#include "saver/partial_rollback.h"
#include "saver/saver_impl.h"
#include "saver/sqlite_status.h"
#include "saver/tables.h"
#include "status/status.h"

namespace lastcommit {
namespace {

absl::Status CheckThreadId(const std::string& thread_id) {
  if (!thread_id.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("the thread id is empty");
}

// json_valid() of some versions stops at the first NUL.
absl::Status CheckHasNoNul(const std::string& json) {
  if (json.find('\0') == std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError("a NUL byte in JSON");
}

absl::Status CheckPayloads(const std::vector<std::string>& payloads) {
  if (payloads.empty() || payloads.size() > SqliteSaver::kMaxLogBatch) {
    return absl::InvalidArgumentError("no log entries, or too many at once");
  }
  for (const std::string& payload : payloads) {
    RETURN_IF_ERROR(CheckHasNoNul(payload));
  }
  return absl::OkStatus();
}

int ModeOf(CheckpointMode mode) {
  switch (mode) {
    case CheckpointMode::kPassive:
      return SQLITE_CHECKPOINT_PASSIVE;
    case CheckpointMode::kFull:
      return SQLITE_CHECKPOINT_FULL;
    case CheckpointMode::kRestart:
      return SQLITE_CHECKPOINT_RESTART;
    case CheckpointMode::kTruncate:
      return SQLITE_CHECKPOINT_TRUNCATE;
  }
  return SQLITE_CHECKPOINT_PASSIVE;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteSaver>> SqliteSaver::Open(
    const std::string& path, const Options& options) {
  RecoveryReport report;
  ASSIGN_OR_RETURN(Database database, OpenDatabase(path, options, report));
  const bool avoid_bug = options.avoid_partial_rollback_bug &&
                         options.journal_mode == JournalMode::kWal &&
                         HasPartialRollbackBug(sqlite3_libversion_number());
  return std::unique_ptr<SqliteSaver>(new SqliteSaver(
      std::make_unique<Impl>(std::move(database), report, avoid_bug)));
}

SqliteSaver::SqliteSaver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SqliteSaver::~SqliteSaver() = default;

const RecoveryReport& SqliteSaver::recovery_report() const {
  return impl_->report;
}

absl::StatusOr<Transaction> SqliteSaver::Begin() {
  ASSIGN_OR_RETURN(const Level level, impl_->stack.Begin());
  return Transaction(this, level.depth, level.id);
}

absl::Status SqliteSaver::PutCheckpoint(const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(CheckThreadId(checkpoint.key.thread_id));
  RETURN_IF_ERROR(CheckHasNoNul(checkpoint.metadata));
  if (checkpoint.key.checkpoint_id.empty()) {
    return absl::InvalidArgumentError("the checkpoint id is empty");
  }
  return impl_->stack.Change(
      [&] { return PutCheckpointRow(impl_->database, checkpoint); });
}

absl::StatusOr<Checkpoint> SqliteSaver::GetCheckpoint(
    const CheckpointKey& key) {
  return impl_->Read<Checkpoint>(
      [&] { return GetCheckpointRow(impl_->database, key); });
}

absl::StatusOr<std::vector<Checkpoint>> SqliteSaver::ListCheckpoints(
    const std::string& thread_id) {
  return impl_->Read<std::vector<Checkpoint>>(
      [&] { return ListCheckpointRows(impl_->database, thread_id); });
}

absl::StatusOr<std::int64_t> SqliteSaver::AppendLog(
    const std::string& thread_id, const std::string& payload) {
  return AppendLogs(thread_id, {payload});
}

absl::StatusOr<std::int64_t> SqliteSaver::AppendLogs(
    const std::string& thread_id, const std::vector<std::string>& payloads) {
  RETURN_IF_ERROR(CheckThreadId(thread_id));
  RETURN_IF_ERROR(CheckPayloads(payloads));
  return impl_->Change<std::int64_t>(
      [&] { return AppendLogRows(impl_->database, thread_id, payloads); });
}

absl::StatusOr<std::vector<LogEntry>> SqliteSaver::ReadLogs(
    const std::string& thread_id) {
  return impl_->Read<std::vector<LogEntry>>(
      [&] { return ReadLogRows(impl_->database, thread_id); });
}

absl::Status SqliteSaver::PutBlob(const std::string& thread_id,
                                  const std::string& name,
                                  std::string_view bytes) {
  RETURN_IF_ERROR(CheckThreadId(thread_id));
  return impl_->stack.Change([&] {
    return PutBlobRow(impl_->database, {thread_id, name}, bytes);
  });
}

absl::StatusOr<std::string> SqliteSaver::GetBlob(const std::string& thread_id,
                                                 const std::string& name) {
  return impl_->Read<std::string>([&] {
    return GetBlobRow(impl_->database, {thread_id, name});
  });
}

absl::StatusOr<std::vector<std::string>> SqliteSaver::ListBlobs(
    const std::string& thread_id) {
  return impl_->Read<std::vector<std::string>>(
      [&] { return ListBlobNames(impl_->database, thread_id); });
}

absl::Status SqliteSaver::DeleteThread(const std::string& thread_id) {
  return impl_->stack.Change(
      [&] { return DeleteThreadRows(impl_->database, thread_id); });
}

absl::StatusOr<std::vector<std::string>> SqliteSaver::ListThreads() {
  return impl_->Read<std::vector<std::string>>(
      [&] { return ListThreadIds(impl_->database); });
}

absl::StatusOr<std::int64_t> SqliteSaver::CommitCounter() {
  return impl_->Read<std::int64_t>(
      [&] { return ReadCounter(impl_->database); });
}

absl::StatusOr<WalCheckpointResult> SqliteSaver::WalCheckpoint(
    CheckpointMode mode) {
  RETURN_IF_ERROR(impl_->CheckNoTransaction());
  int log_frames = 0;
  int checkpointed_frames = 0;
  const int result = sqlite3_wal_checkpoint_v2(
      connection(), nullptr, ModeOf(mode), &log_frames, &checkpointed_frames);
  const bool is_busy = (result & 0xff) == SQLITE_BUSY;
  if (!is_busy) {
    RETURN_IF_ERROR(SqliteStatus(result, connection(), "checkpoint"));
  }
  // Both are -1 if there is no WAL, or the checkpoint could not run at all.
  return WalCheckpointResult{std::max(log_frames, 0),
                             std::max(checkpointed_frames, 0), is_busy};
}

absl::Status SqliteSaver::Vacuum() {
  RETURN_IF_ERROR(impl_->CheckNoTransaction());
  return impl_->database.Run("VACUUM");
}

sqlite3* SqliteSaver::connection() { return impl_->database.connection(); }

}  // namespace lastcommit
