#include "oracle/without_journal.h"

namespace lastcommit {

// Excuse: LeavesHalfATransaction.
// Also a connection that ends cannot undo, and what a reopen finds then, if
// anything, is not to be compared.
bool LeavesHalfATransaction(const Plan& plan, const Step& step,
                            bool in_transaction) {
  return plan.profile.journal_mode == saver::JournalMode::kOff &&
         in_transaction &&
         (step.kind == StepKind::kClose || step.kind == StepKind::kReopen);
}

// Excuse: CannotUndo.
bool CannotUndo(const Plan& plan, const Step& step, const Outcome& expected) {
  return plan.profile.journal_mode == saver::JournalMode::kOff &&
         (step.kind == StepKind::kRollback ||
          step.kind == StepKind::kRollbackTo ||
          (IsChange(step.kind) && expected.code != absl::StatusCode::kOk));
}

Verdict NoDemandWithoutJournal() {
  return Verdict::Skipped(
      SkipReason::kNoDemand,
      "https://sqlite.org/pragma.html#pragma_journal_mode: with OFF, "
      "\"the ROLLBACK command no longer works\"");
}

}  // namespace lastcommit
