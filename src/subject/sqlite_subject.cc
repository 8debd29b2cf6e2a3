#include "subject/sqlite_subject.h"

#include <sqlite3.h>

#include <utility>

#include "status/status.h"

namespace lastcommit {
namespace {

absl::Status NoTransaction() {
  return absl::FailedPreconditionError("no transaction is open");
}
absl::Status NoSavepoint() {
  return absl::FailedPreconditionError("no savepoint is open");
}

absl::Status ReadThread(SqliteSaver& saver, const std::string& thread,
                        State& state) {
  ASSIGN_OR_RETURN(const auto checkpoints, saver.ListCheckpoints(thread));
  for (const Checkpoint& checkpoint : checkpoints) {
    RowHasher row;
    if (checkpoint.parent_id.has_value()) {
      row.Text(*checkpoint.parent_id);
    } else {
      row.Null();
    }
    row.Text(checkpoint.type).Blob(checkpoint.state).Text(checkpoint.metadata);
    state.rows[{Table::kCheckpoints, thread, checkpoint.key.checkpoint_ns,
                checkpoint.key.checkpoint_id, "", 0}] = row.Finish();
  }
  ASSIGN_OR_RETURN(const auto logs, saver.ReadLogs(thread));
  for (const LogEntry& entry : logs) {
    state.rows[{Table::kLogs, thread, "", "", "", entry.number}] =
        RowHasher().Text(entry.payload).Finish();
  }
  const std::int64_t last = logs.empty() ? 0 : logs.back().number;
  state.rows[{Table::kThreads, thread, "", "", "", 0}] =
      RowHasher().Integer(last).Finish();
  ASSIGN_OR_RETURN(const auto names, saver.ListBlobs(thread));
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::string bytes, saver.GetBlob(thread, name));
    state.rows[{Table::kBlobs, thread, name, "", "", 0}] =
        RowHasher().Blob(bytes).Finish();
  }
  return absl::OkStatus();
}

}  // namespace

Options OptionsFor(const Profile& profile) {
  Options options;
  options.journal_mode = profile.journal_mode;
  options.synchronous = profile.synchronous;
  options.page_size = profile.page_size;
  options.cache_size = profile.cache_size;
  options.wal_autocheckpoint = profile.wal_autocheckpoint;
  return options;
}

SqliteSubject::SqliteSubject(std::unique_ptr<SqliteSaver> saver)
    : saver_(std::move(saver)) {}

SqliteSubject::~SqliteSubject() {
  // The saver's transactions end before it does, inner ones first.
  while (!levels_.empty()) levels_.pop_back();
}

absl::Status SqliteSubject::Begin() {
  ASSIGN_OR_RETURN(Transaction transaction, saver_->Begin());
  levels_.push_back(std::move(transaction));
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> SqliteSubject::Commit(Acknowledge acknowledge) {
  if (levels_.empty()) return NoTransaction();
  ASSIGN_OR_RETURN(const std::int64_t cut, levels_.front().Commit());
  acknowledge(cut);
  while (!levels_.empty()) levels_.pop_back();
  return cut;
}

absl::Status SqliteSubject::Rollback() {
  if (levels_.empty()) return NoTransaction();
  RETURN_IF_ERROR(levels_.front().Rollback());
  while (!levels_.empty()) levels_.pop_back();
  return absl::OkStatus();
}

absl::Status SqliteSubject::Savepoint() {
  if (levels_.empty()) return NoTransaction();
  ASSIGN_OR_RETURN(Transaction savepoint, levels_.back().Savepoint());
  levels_.push_back(std::move(savepoint));
  return absl::OkStatus();
}

absl::Status SqliteSubject::Release() {
  if (levels_.size() < 2) return NoSavepoint();
  RETURN_IF_ERROR(levels_.back().Release());
  levels_.pop_back();
  return absl::OkStatus();
}

absl::Status SqliteSubject::RollbackTo(int up) {
  const auto inner = static_cast<std::size_t>(up);
  if (inner + 2 > levels_.size()) return NoSavepoint();
  RETURN_IF_ERROR(levels_[levels_.size() - 1 - inner].RollbackTo());
  for (std::size_t i = 0; i < inner; ++i) levels_.pop_back();
  return absl::OkStatus();
}

absl::Status SqliteSubject::PutCheckpoint(const Checkpoint& checkpoint) {
  return saver_->PutCheckpoint(checkpoint);
}

absl::StatusOr<std::int64_t> SqliteSubject::AppendLog(
    const std::string& thread_id, const std::string& payload) {
  return saver_->AppendLog(thread_id, payload);
}

absl::StatusOr<std::int64_t> SqliteSubject::AppendLogs(
    const std::string& thread_id, const std::vector<std::string>& payloads) {
  return saver_->AppendLogs(thread_id, payloads);
}

absl::Status SqliteSubject::PutBlob(const std::string& thread_id,
                                    const std::string& name,
                                    std::string_view bytes) {
  return saver_->PutBlob(thread_id, name, bytes);
}

absl::Status SqliteSubject::DeleteThread(const std::string& thread_id) {
  return saver_->DeleteThread(thread_id);
}

absl::StatusOr<std::int64_t> SqliteSubject::CommitCounter() {
  ASSIGN_OR_RETURN(const std::int64_t counter, saver_->CommitCounter());
  return in_transaction() ? counter - 1 : counter;
}

absl::StatusOr<State> SqliteSubject::ReadState() {
  State state;
  ASSIGN_OR_RETURN(state.cut, CommitCounter());
  ASSIGN_OR_RETURN(const auto threads, saver_->ListThreads());
  for (const std::string& thread : threads) {
    RETURN_IF_ERROR(ReadThread(*saver_, thread, state));
  }
  return state;
}

std::int64_t SqliteSubject::CacheSpills() {
  int spills = 0;
  int unused = 0;
  sqlite3_db_status(saver_->connection(), SQLITE_DBSTATUS_CACHE_SPILL, &spills,
                    &unused, /*resetFlg=*/0);
  return spills;
}

absl::Status SqliteSubject::WalCheckpoint(CheckpointMode mode) {
  return saver_->WalCheckpoint(mode).status();
}

absl::Status SqliteSubject::Vacuum() { return saver_->Vacuum(); }

}  // namespace lastcommit
