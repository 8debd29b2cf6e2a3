#include "trial/driver.h"

#include <sqlite3.h>

#include <utility>
#include <vector>

#include "plan/content.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit {
namespace {

Answer From(const absl::Status& status) {
  return {{status.code(), 0}, std::string(status.message())};
}

Answer From(const absl::StatusOr<std::int64_t>& value) {
  if (!value.ok()) return From(value.status());
  return {{absl::StatusCode::kOk, *value}, ""};
}

Answer From(const absl::StatusOr<State>& state) {
  if (!state.ok()) return From(state.status());
  return {{absl::StatusCode::kOk, static_cast<std::int64_t>(Digest(*state))},
          ""};
}

Checkpoint CheckpointFrom(const Step& step) {
  CheckpointContent content = CheckpointOf(step);
  Checkpoint checkpoint;
  checkpoint.key = {ThreadName(step.thread), NamespaceName(step.ns),
                    CheckpointName(step.id)};
  if (step.parent >= 0) checkpoint.parent_id = CheckpointName(step.parent);
  checkpoint.type = std::move(content.type);
  checkpoint.state = std::move(content.state);
  checkpoint.metadata = std::move(content.metadata);
  return checkpoint;
}

}  // namespace

Driver::Driver(const SaverEntry& entry, std::string path,
               const Profile& profile)
    : entry_(entry), path_(std::move(path)), profile_(profile) {}

void Driver::OnClosedForReopen(std::function<void()> hook) {
  closed_for_reopen_ = std::move(hook);
}

Answer Driver::Run(const Step& step, Acknowledge acknowledge) {
  switch (step.kind) {
    case StepKind::kOpen:
      return Open();
    case StepKind::kClose:
      saver_.reset();
      return {};
    case StepKind::kReopen:
      saver_.reset();
      if (closed_for_reopen_) closed_for_reopen_();
      return Open();
    default:
      if (saver_ == nullptr) {
        return From(absl::FailedPreconditionError("the saver is not open"));
      }
      return RunOnSaver(step, acknowledge);
  }
}

Answer Driver::Open() {
  absl::StatusOr<std::unique_ptr<Saver>> saver = entry_.open(path_, profile_);
  if (!saver.ok()) return From(saver.status());
  saver_ = *std::move(saver);
  return From(saver_->CommitCounter());
}

Answer Driver::RunOnSaver(const Step& step, Acknowledge acknowledge) {
  switch (step.kind) {
    case StepKind::kBegin:
      return From(saver_->Begin());
    case StepKind::kCommit:
      return From(saver_->Commit(acknowledge));
    case StepKind::kRollback:
      return From(saver_->Rollback());
    case StepKind::kSavepoint:
      return From(saver_->Savepoint());
    case StepKind::kRelease:
      return From(saver_->Release());
    case StepKind::kRollbackTo:
      return From(saver_->RollbackTo(step.up));
    case StepKind::kPutCheckpoint:
      return From(saver_->PutCheckpoint(CheckpointFrom(step)));
    case StepKind::kAppendLog:
      return From(saver_->AppendLog(ThreadName(step.thread),
                                    LogPayloadsOf(step).front()));
    case StepKind::kAppendLogs:
      return From(
          saver_->AppendLogs(ThreadName(step.thread), LogPayloadsOf(step)));
    case StepKind::kPutBlob:
      return From(saver_->PutBlob(ThreadName(step.thread), BlobName(step.id),
                                  ContentBytes(step.content)));
    case StepKind::kDeleteThread:
      return From(saver_->DeleteThread(ThreadName(step.thread)));
    case StepKind::kRead:
      return From(saver_->ReadState());
    case StepKind::kLiveRead:
      return LiveRead();
    case StepKind::kWalCheckpoint:
      return From(saver_->WalCheckpoint(step.mode));
    case StepKind::kVacuum:
      return From(saver_->Vacuum());
    case StepKind::kOpen:
    case StepKind::kClose:
    case StepKind::kReopen:
      break;
  }
  return From(absl::InternalError("not a step of an open saver"));
}

Answer Driver::LiveRead() {
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(path_.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE, nullptr);
  Answer answer = result == SQLITE_OK
                      ? From(entry_.read(connection, path_))
                      : From(SqliteStatus(result, connection, "live read"));
  sqlite3_close(connection);
  return answer;
}

}  // namespace lastcommit
