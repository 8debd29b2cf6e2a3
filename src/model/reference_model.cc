#include "model/reference_model.h"

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
      if (state().cut < 0) {
        const std::size_t before = rows_.mark();
        if (create_ != nullptr) create_(rows_);
        Committed(before);
      }
      return Ok(state().cut);
    case StepKind::kClose:
      Crash();
      return Ok();
    case StepKind::kBegin:
      if (in_transaction_) return WrongState();
      in_transaction_ = true;
      begin_ = rows_.mark();
      committed_row_digests_ = rows_.digests();
      return Ok();
    case StepKind::kCommit:
      if (!in_transaction_) return WrongState();
      in_transaction_ = false;
      savepoints_.clear();
      Committed(begin_);
      return Ok(state().cut);
    case StepKind::kRollback:
      if (!in_transaction_) return WrongState();
      Crash();
      return Ok();
    case StepKind::kSavepoint:
      if (!in_transaction_) return WrongState();
      savepoints_.push_back(rows_.mark());
      return Ok();
    case StepKind::kRelease:
      if (savepoints_.empty()) return WrongState();
      savepoints_.pop_back();
      return Ok();
    case StepKind::kRollbackTo:
      return RollbackTo(step);
    case StepKind::kRead:
      return Ok(
          static_cast<std::int64_t>(StateDigest(state().cut, rows_.digests())));
    case StepKind::kLiveRead:
    case StepKind::kBackup:
      return Ok(static_cast<std::int64_t>(CommittedDigest()));
    case StepKind::kWalCheckpoint:
    case StepKind::kVacuum:
    case StepKind::kJournalMode:
      return in_transaction_ ? WrongState() : Ok();
    case StepKind::kUnlink:  // of a file, whose content it does not know
      return Ok();
    case StepKind::kChange:
    case StepKind::kQuery:
      return Operate(step.operation);
  }
  return Refused(absl::StatusCode::kInternal);
}

// A change outside a transaction is one of its own. One that fails half-way
// leaves nothing.
Outcome ReferenceModel::Operate(const Operation& operation) {
  const std::size_t before = rows_.mark();
  const Outcome outcome = operation.spec->apply(operation, rows_);
  if (outcome.code != absl::StatusCode::kOk) {
    rows_.UndoTo(before);
  } else if (operation.is_change() && !in_transaction_) {
    Committed(before);
  }
  return outcome;
}

Outcome ReferenceModel::RollbackTo(const Step& step) {
  const auto up = static_cast<std::size_t>(step.up);
  if (up >= savepoints_.size()) return WrongState();
  savepoints_.resize(savepoints_.size() - up);
  rows_.UndoTo(savepoints_.back());
  return Ok();
}

void ReferenceModel::Crash() {
  if (!in_transaction_) return;
  rows_.UndoTo(begin_);
  in_transaction_ = false;
  savepoints_.clear();
}

void ReferenceModel::RevertTo(std::int64_t cut) {
  CHECK(!in_transaction_ && cut >= -1 && cut <= state().cut);
  while (state().cut > cut) {
    rows_.UndoTo(commits_.back().begin);
    commits_.pop_back();
    rows_.set_cut(state().cut - 1);
  }
}

void ReferenceModel::TakeRows(const State& state) {
  CHECK(!in_transaction_ && !commits_.empty());
  rows_.Become(state);
  rows_.set_cut(rows_.state().cut);
  commits_.back().digest = StateDigest(rows_.state().cut, rows_.digests());
}

std::uint64_t ReferenceModel::DigestOfCut(std::int64_t cut) const {
  CHECK(cut >= -1 && cut <= state().cut);
  return cut < 0 ? Digest(State())
                 : commits_[static_cast<std::size_t>(cut)].digest;
}

// What was changed since rows_ had the mark `begin` is the next commit.
void ReferenceModel::Committed(std::size_t begin) {
  rows_.set_cut(state().cut + 1);
  commits_.push_back({begin, StateDigest(state().cut, rows_.digests())});
}

std::uint64_t ReferenceModel::CommittedDigest() const {
  return StateDigest(
      state().cut, in_transaction_ ? committed_row_digests_ : rows_.digests());
}

}  // namespace lastcommit
