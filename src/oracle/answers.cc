#include "oracle/answers.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "oracle/lock_entitlement.h"

namespace lastcommit {
namespace {

ViolationClass ClassOf(StepKind kind, const Outcome& found) {
  if (found.code == absl::StatusCode::kDataLoss) {
    return ViolationClass::kDamaged;
  }
  if (kind == StepKind::kOpen || kind == StepKind::kReopen) {
    return found.code == absl::StatusCode::kOk
               ? ViolationClass::kUnstableRecovery
               : ViolationClass::kOpenFailed;
  }
  if (kind == StepKind::kRead || HasItsOwnConnection(kind) ||
      kind == StepKind::kQuery) {
    return ViolationClass::kWrongRead;
  }
  return ViolationClass::kWrongAnswer;
}

}  // namespace

// Rule: CompareAcknowledgements.
// A caller who was told that a commit is there relies on it, whatever the saver
// says next.
Verdict Answers::CompareAcknowledgements() const {
  for (std::size_t i = 0; i < view_.steps(); ++i) {
    const StepRecord& record = view_.record(i);
    if (!view_.HasReturned(i) || record.acknowledged_at == kNever) continue;
    const Outcome found = view_.Found(i);
    if (found == Outcome{absl::StatusCode::kOk, record.acknowledged}) {
      continue;
    }
    return Verdict::Violated(
        ViolationClass::kLostCommit,
        absl::StrCat(view_.Say(i), " acknowledged commit ", record.acknowledged,
                     ", and then answered ",
                     absl::StatusCodeToString(found.code), " ", found.value));
  }
  return Verdict::Held();
}

// Rule: CompareAnswer.
Verdict Answers::CompareAnswer(std::size_t i, const Outcome& expected,
                               bool in_transaction) const {
  const StepKind kind = view_.step(i).kind;
  const Outcome found = view_.Found(i);
  if (found == expected) return Verdict::Held();
  if (IsLockedBySpill(i, in_transaction)) return Verdict::Held();
  return Verdict::Violated(ClassOf(kind, found), Explain(i, expected, found));
}

// Excuse: IsLockedBySpill.
// With a rollback journal a writer holds RESERVED, which lets readers in,
// until its cache spills into the database file, then EXCLUSIVE until the
// transaction ends (https://sqlite.org/lockingv3.html section 5.0), also if
// there was nothing to write: pager_write_pagelist() in pager.c takes the
// lock first, and then leaves out pages beyond the end of the file. With a
// WAL readers never wait.
bool Answers::IsLockedBySpill(std::size_t i, bool in_transaction) const {
  return HasItsOwnConnection(view_.step(i).kind) && in_transaction &&
         view_.record(i).transaction_spilled &&
         view_.Found(i).code == absl::StatusCode::kUnavailable &&
         (plan_.profile.journal_mode != saver::JournalMode::kWal ||
          ChangesJournalMode(plan_));
}

std::string Answers::Explain(std::size_t i, const Outcome& expected,
                             const Outcome& found) const {
  const RoundTrace& trace = view_.trace();
  const std::string message =
      trace.message_step == i + 1
          ? absl::StrCat(": ", absl::CHexEscape(trace.message))
          : "";
  return absl::StrCat(view_.Say(i), " answered ",
                      absl::StatusCodeToString(found.code), " ", found.value,
                      ", the model ", absl::StatusCodeToString(expected.code),
                      " ", expected.value, message, WhyNotBusy(i, found));
}

// Which locks were in the way of the step, if it answered that it was busy.
std::string Answers::WhyNotBusy(std::size_t i, const Outcome& found) const {
  if (found.code != absl::StatusCode::kUnavailable ||
      Clients(view_.round()) == 1) {
    return "";
  }
  return LockEntitlement(view_.round(), view_.trace(), /*has_schema=*/true)
      .Explain(i);
}

}  // namespace lastcommit
