#include "oracle/saver_claims.h"

#include "absl/strings/str_cat.h"
#include "oracle/error_answers.h"

namespace lastcommit {
namespace {

bool MayBeAborted(const RoundView& view, std::size_t i, bool may_abort) {
  const StepRecord& record = view.record(i);
  const StepKind kind = view.step(i).kind;
  const bool ends = kind == StepKind::kRollback || kind == StepKind::kCommit ||
                    kind == StepKind::kReopen;
  return !record.is_in_transaction &&
         ((view.WasAborted(i) && !ends) || may_abort);
}

// A transaction that a read has spoiled ends with its COMMIT, too.
bool MayBeInDoubt(const RoundView& view, std::size_t i,
                  bool was_in_transaction) {
  const StepRecord& record = view.record(i);
  const StepKind kind = view.step(i).kind;
  const bool may_commit =
      was_in_transaction ? kind == StepKind::kCommit : IsChange(kind);
  const absl::StatusCode code = view.Found(i).code;
  const bool has_failed =
      view.ErrorsIn(i) > 0 || code == absl::StatusCode::kDataLoss;
  return may_commit && has_failed && !record.is_in_transaction &&
         !IsAboutContent(code);
}

}  // namespace

// Rule: CompareTransaction.
Verdict CompareTransaction(const RoundView& view, std::size_t i,
                           bool in_transaction) {
  const StepRecord& record = view.record(i);
  if (!record.has_saver || record.is_in_transaction == in_transaction) {
    return Verdict::Held();
  }
  return Verdict::Violated(
      ViolationClass::kWrongAnswer,
      absl::StrCat("after ", view.Say(i), " the saver says that ",
                   record.is_in_transaction ? "a" : "no",
                   " transaction is open, the model that ",
                   in_transaction ? "one" : "none", " is"));
}

// Rule: CompareErrorClaims.
Verdict CompareErrorClaims(const RoundView& view, std::size_t i,
                           bool was_in_transaction, bool may_abort) {
  const StepRecord& record = view.record(i);
  if (record.is_aborted && !MayBeAborted(view, i, may_abort)) {
    return Verdict::Violated(
        ViolationClass::kWrongAnswer,
        absl::StrCat("after ", view.Say(i),
                     " the saver says that its transaction is aborted",
                     record.is_in_transaction ? " and open" : ""));
  }
  if (record.is_in_doubt && !MayBeInDoubt(view, i, was_in_transaction)) {
    return FalseDoubt(view, i);
  }
  return Verdict::Held();
}

Verdict FalseDoubt(const RoundView& view, std::size_t i) {
  return Verdict::Violated(
      ViolationClass::kWrongAnswer,
      absl::StrCat(view.Say(i), " answered ",
                   absl::StatusCodeToString(view.Found(i).code),
                   " and that a commit is in doubt, where none failed"));
}

}  // namespace lastcommit
