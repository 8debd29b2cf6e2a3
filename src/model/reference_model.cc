// Transactions and the order of steps; model/changes.cc has what the single
// changes do.

#include "model/reference_model.h"

#include "plan/content.h"
#include "status/status.h"

namespace lastcommit {
namespace {

Outcome Refused(absl::StatusCode code) { return {code, 0}; }
Outcome Ok(std::int64_t value = 0) { return {absl::StatusCode::kOk, value}; }
Outcome WrongState() { return Refused(absl::StatusCode::kFailedPrecondition); }

}  // namespace

Outcome ReferenceModel::Apply(const Step& step) {
  switch (step.kind) {
    case StepKind::kOpen:
    case StepKind::kReopen:
      Crash();
      // Creating the schema is a commit.
      if (state_.cut < 0) Committed(undo_.size());
      return Ok(state_.cut);
    case StepKind::kClose:
      Crash();
      return Ok();
    case StepKind::kBegin:
      if (in_transaction_) return WrongState();
      in_transaction_ = true;
      begin_ = undo_.size();
      committed_row_digests_ = row_digests_;
      return Ok();
    case StepKind::kCommit:
      if (!in_transaction_) return WrongState();
      in_transaction_ = false;
      savepoints_.clear();
      Committed(begin_);
      return Ok(state_.cut);
    case StepKind::kRollback:
      if (!in_transaction_) return WrongState();
      Crash();
      return Ok();
    case StepKind::kSavepoint:
      if (!in_transaction_) return WrongState();
      savepoints_.push_back(undo_.size());
      return Ok();
    case StepKind::kRelease:
      if (savepoints_.empty()) return WrongState();
      savepoints_.pop_back();
      return Ok();
    case StepKind::kRollbackTo:
      return RollbackTo(step);
    case StepKind::kListCheckpoints:
      return ListCheckpoints(step);
    case StepKind::kRead:
      return Ok(
          static_cast<std::int64_t>(StateDigest(state_.cut, row_digests_)));
    case StepKind::kLiveRead:
    case StepKind::kBackup:
      return Ok(static_cast<std::int64_t>(CommittedDigest()));
    case StepKind::kWalCheckpoint:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return in_transaction_ ? WrongState() : Ok();
    case StepKind::kUnlink:  // of a file, whose content it does not know
      return Ok();
    case StepKind::kPutCheckpoint:
    case StepKind::kPutWrite:
    case StepKind::kPutWrites:
    case StepKind::kCommitStep:
    case StepKind::kPrune:
    case StepKind::kAppendLog:
    case StepKind::kAppendLogs:
    case StepKind::kCreateTask:
    case StepKind::kUpdateTask:
    case StepKind::kPutBlob:
    case StepKind::kStreamBlob:
    case StepKind::kDeleteThread:
      return Change(step);
  }
  return Refused(absl::StatusCode::kInternal);
}

// A change outside a transaction is one of its own.
Outcome ReferenceModel::Change(const Step& step) {
  const std::size_t before = undo_.size();
  const Outcome outcome = ChangeThread(step, ThreadName(step.thread));
  if (!in_transaction_ && outcome.code == absl::StatusCode::kOk) {
    Committed(before);
  }
  return outcome;
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
  UndoTo(begin_);
  in_transaction_ = false;
  savepoints_.clear();
}

void ReferenceModel::RevertTo(std::int64_t cut) {
  CHECK(!in_transaction_ && cut >= -1 && cut <= state_.cut);
  for (; state_.cut > cut; --state_.cut) {
    UndoTo(commits_.back().begin);
    commits_.pop_back();
  }
}

std::uint64_t ReferenceModel::DigestOfCut(std::int64_t cut) const {
  CHECK(cut >= -1 && cut <= state_.cut);
  return cut < 0 ? Digest(State())
                 : commits_[static_cast<std::size_t>(cut)].digest;
}

// What was changed since undo_ had the size `begin` is the next commit.
void ReferenceModel::Committed(std::size_t begin) {
  ++state_.cut;
  commits_.push_back({begin, StateDigest(state_.cut, row_digests_)});
}

void ReferenceModel::UndoTo(std::size_t mark) {
  while (undo_.size() > mark) {
    const Undo& undo = undo_.back();
    const auto row = state_.rows.find(undo.key);
    if (row != state_.rows.end()) {
      row_digests_ -= RowDigest(undo.key, row->second);
    }
    if (undo.row.has_value()) {
      state_.rows[undo.key] = *undo.row;
      row_digests_ += RowDigest(undo.key, *undo.row);
    } else {
      state_.rows.erase(row);
    }
    SetFacts(undo.key, undo.facts);
    undo_.pop_back();
  }
}

std::uint64_t ReferenceModel::CommittedDigest() const {
  return StateDigest(state_.cut,
                     in_transaction_ ? committed_row_digests_ : row_digests_);
}

}  // namespace lastcommit
