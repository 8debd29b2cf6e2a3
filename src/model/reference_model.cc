#include "model/reference_model.h"

#include "plan/content.h"
#include "status/status.h"

namespace lastcommit {
namespace {

Outcome Refused(absl::StatusCode code) { return {code, 0}; }
Outcome Ok(std::int64_t value = 0) { return {absl::StatusCode::kOk, value}; }
Outcome WrongState() { return Refused(absl::StatusCode::kFailedPrecondition); }

RowKey ThreadKey(const std::string& thread) {
  return {Table::kThreads, thread, "", "", "", 0};
}

}  // namespace

Outcome ReferenceModel::Apply(const Step& step) {
  switch (step.kind) {
    case StepKind::kOpen:
    case StepKind::kReopen:
      Crash();
      if (state_.cut < 0) {  // creating the schema is a commit
        undo_.clear();
        log_undo_.clear();
        state_.cut = 0;
      }
      return Ok(state_.cut);
    case StepKind::kClose:
      Crash();
      return Ok();
    case StepKind::kBegin:
      if (in_transaction_) return WrongState();
      in_transaction_ = true;
      undo_.clear();
      log_undo_.clear();
      return Ok();
    case StepKind::kCommit:
      if (!in_transaction_) return WrongState();
      in_transaction_ = false;
      savepoints_.clear();
      return Ok(++state_.cut);
    case StepKind::kRollback:
      if (!in_transaction_) return WrongState();
      Crash();
      return Ok();
    case StepKind::kSavepoint:
      if (!in_transaction_) return WrongState();
      savepoints_.push_back(Here());
      return Ok();
    case StepKind::kRelease:
      if (savepoints_.empty()) return WrongState();
      savepoints_.pop_back();
      return Ok();
    case StepKind::kRollbackTo:
      return RollbackTo(step);
    case StepKind::kPutCheckpoint:
      return Write([&] { return PutCheckpoint(step); });
    case StepKind::kAppendLog:
    case StepKind::kAppendLogs:
      return Write([&] { return AppendLogs(step); });
    case StepKind::kPutBlob:
      return Write([&] { return PutBlob(step); });
    case StepKind::kDeleteThread:
      return Write([&] { return DeleteThread(step); });
    case StepKind::kRead:
      return Ok(static_cast<std::int64_t>(Digest(state_)));
    case StepKind::kLiveRead:
      return Ok(static_cast<std::int64_t>(CommittedDigest()));
    case StepKind::kWalCheckpoint:
    case StepKind::kVacuum:
      return in_transaction_ ? WrongState() : Ok();
  }
  return Refused(absl::StatusCode::kInternal);
}

// A change outside a transaction is one of its own.
Outcome ReferenceModel::Write(const std::function<Outcome()>& change) {
  if (in_transaction_) return change();
  undo_.clear();
  log_undo_.clear();
  const Outcome outcome = change();
  if (outcome.code == absl::StatusCode::kOk) ++state_.cut;
  return outcome;
}

Outcome ReferenceModel::PutCheckpoint(const Step& step) {
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  const std::string thread = ThreadName(step.thread);
  const CheckpointContent content = CheckpointOf(step);
  RowHasher row;
  if (step.parent < 0) {
    row.Null();
  } else {
    row.Text(CheckpointName(step.parent));
  }
  row.Text(content.type).Blob(content.state).Text(content.metadata);
  TouchThread(thread);
  Put({Table::kCheckpoints, thread, NamespaceName(step.ns),
       CheckpointName(step.id), "", 0},
      row.Finish());
  return Ok();
}

Outcome ReferenceModel::AppendLogs(const Step& step) {
  if (step.invalid_at >= 0) return Refused(absl::StatusCode::kInvalidArgument);
  const std::string thread = ThreadName(step.thread);
  const auto found = last_log_.find(thread);
  std::int64_t last = found == last_log_.end() ? 0 : found->second;
  for (const std::string& payload : LogPayloadsOf(step)) {
    Put({Table::kLogs, thread, "", "", ++last},
        RowHasher().Text(payload).Finish());
  }
  SetLastLog(thread, last);
  return Ok(last);
}

Outcome ReferenceModel::PutBlob(const Step& step) {
  const std::string thread = ThreadName(step.thread);
  TouchThread(thread);
  Put({Table::kBlobs, thread, BlobName(step.id), "", "", 0},
      RowHasher().Blob(ContentBytes(step.content)).Finish());
  return Ok();
}

Outcome ReferenceModel::DeleteThread(const Step& step) {
  const std::string thread = ThreadName(step.thread);
  for (const Table table :
       {Table::kThreads, Table::kCheckpoints, Table::kLogs, Table::kBlobs}) {
    auto row = state_.rows.lower_bound({table, thread, "", "", "", 0});
    while (row != state_.rows.end() && row->first.table == table &&
           row->first.thread == thread) {
      undo_.emplace_back(row->first, row->second);
      row = state_.rows.erase(row);
    }
  }
  SetLastLog(thread, std::nullopt);
  return Ok();
}

Outcome ReferenceModel::RollbackTo(const Step& step) {
  const auto up = static_cast<std::size_t>(step.up);
  if (up >= savepoints_.size()) return WrongState();
  savepoints_.resize(savepoints_.size() - up);
  UndoTo(savepoints_.back());
  return Ok();
}

void ReferenceModel::Crash() {
  if (!in_transaction_) return;
  UndoTo({0, 0});
  in_transaction_ = false;
  savepoints_.clear();
}

void ReferenceModel::RevertLastCommit() {
  CHECK(!in_transaction_ && state_.cut >= 0);
  UndoTo({0, 0});
  --state_.cut;
}

void ReferenceModel::Put(RowKey key, const Fingerprint& row) {
  const auto [place, is_new] = state_.rows.try_emplace(key, row);
  if (is_new) {
    undo_.emplace_back(std::move(key), std::nullopt);
  } else {
    undo_.emplace_back(std::move(key), place->second);
    place->second = row;
  }
}

void ReferenceModel::SetLastLog(const std::string& thread,
                                std::optional<std::int64_t> last) {
  const auto found = last_log_.find(thread);
  log_undo_.push_back({thread, found == last_log_.end()
                                   ? std::nullopt
                                   : std::optional(found->second)});
  if (!last.has_value()) {
    last_log_.erase(thread);
    return;
  }
  last_log_[thread] = *last;
  Put(ThreadKey(thread), RowHasher().Integer(*last).Finish());
}

void ReferenceModel::TouchThread(const std::string& thread) {
  if (!last_log_.contains(thread)) SetLastLog(thread, 0);
}

void ReferenceModel::UndoTo(Mark mark) {
  while (undo_.size() > mark.rows) {
    auto& [key, former] = undo_.back();
    if (former.has_value()) {
      state_.rows[std::move(key)] = *former;
    } else {
      state_.rows.erase(key);
    }
    undo_.pop_back();
  }
  while (log_undo_.size() > mark.logs) {
    const LogUndo& undo = log_undo_.back();
    if (undo.last_log.has_value()) {
      last_log_[undo.thread] = *undo.last_log;
    } else {
      last_log_.erase(undo.thread);
    }
    log_undo_.pop_back();
  }
}

std::uint64_t ReferenceModel::CommittedDigest() const {
  if (!in_transaction_) return Digest(state_);
  ReferenceModel committed = *this;
  committed.Crash();
  return Digest(committed.state_);
}

}  // namespace lastcommit
