#include "trial/round_judge.h"

#include <atomic>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

class RoundJudge {
 public:
  RoundJudge(const Plan& plan, const Round& round, const SharedPage& page,
             ReferenceModel& model, TrialResult& result)
      : plan_(plan),
        round_(round),
        page_(page),
        model_(model),
        result_(result) {}

  // Brings the model to what was acknowledged.
  Replayed Replay() {
    Replayed replayed;
    for (std::size_t i = 0; i < round_.steps.size(); ++i) {
      const StepRecord& record = page_.records[i];
      const Progress progress = record.progress.load(std::memory_order_acquire);
      if (progress == Progress::kNone) break;
      if (progress != Progress::kReturned) {
        replayed.in_flight = i;
        replayed.in_flight_acknowledged = progress == Progress::kAcknowledged;
        break;
      }
      ++result_.steps;
      const bool in_transaction = model_.in_transaction();
      const std::int64_t cut = model_.state().cut;
      const Outcome expected = model_.Apply(round_.steps[i]);
      result_.commits += model_.state().cut - cut;
      replayed.verdict = Compare(i, expected, in_transaction);
      if (replayed.verdict.held() && IsUndefined(i, expected)) {
        replayed.verdict = Verdict::Skipped(
            SkipReason::kNoDemand,
            "https://sqlite.org/pragma.html#pragma_journal_mode: with OFF, "
            "\"the ROLLBACK command no longer works\"");
      }
      if (!replayed.verdict.held()) break;
    }
    return replayed;
  }

 private:
  // Without a journal nothing can be undone, whatever SQLite answers.
  bool IsUndefined(std::size_t i, const Outcome& expected) const {
    const StepKind kind = round_.steps[i].kind;
    return plan_.profile.journal_mode == JournalMode::kOff &&
           (kind == StepKind::kRollback || kind == StepKind::kRollbackTo ||
            expected.code == absl::StatusCode::kInvalidArgument);
  }

  Verdict Compare(std::size_t i, const Outcome& expected,
                  bool in_transaction) const {
    const StepRecord& record = page_.records[i];
    const StepKind kind = round_.steps[i].kind;
    const Outcome found = {static_cast<absl::StatusCode>(record.code),
                           record.value};
    if (found == expected) return Verdict::Held();
    // With a rollback journal a writer holds RESERVED, which lets readers in,
    // until its cache spills into the database file, then EXCLUSIVE until the
    // transaction ends (https://sqlite.org/lockingv3.html section 5.0); with a
    // WAL readers never wait.
    if (kind == StepKind::kLiveRead && in_transaction &&
        record.transaction_wrote_database &&
        found.code == absl::StatusCode::kUnavailable &&
        plan_.profile.journal_mode != JournalMode::kWal) {
      return Verdict::Held();
    }
    return Verdict::Violated(ClassOf(kind, found), Explain(i, expected, found));
  }

  static ViolationClass ClassOf(StepKind kind, const Outcome& found) {
    if (found.code == absl::StatusCode::kDataLoss) {
      return ViolationClass::kDamaged;
    }
    if (kind == StepKind::kOpen || kind == StepKind::kReopen) {
      return found.code == absl::StatusCode::kOk
                 ? ViolationClass::kUnstableRecovery
                 : ViolationClass::kOpenFailed;
    }
    if (kind == StepKind::kRead || kind == StepKind::kLiveRead ||
        kind == StepKind::kListCheckpoints) {
      return ViolationClass::kWrongRead;
    }
    return ViolationClass::kWrongAnswer;
  }

  std::string Explain(std::size_t i, const Outcome& expected,
                      const Outcome& found) const {
    const std::string message =
        page_.message_step == i + 1
            ? absl::StrCat(": ", absl::CHexEscape(page_.message))
            : "";
    return absl::StrCat("step ", i, " (",
                        std::string(Name(round_.steps[i].kind)), ") answered ",
                        absl::StatusCodeToString(found.code), " ", found.value,
                        ", the model ", absl::StatusCodeToString(expected.code),
                        " ", expected.value, message);
  }

  const Plan& plan_;
  const Round& round_;
  const SharedPage& page_;
  ReferenceModel& model_;
  TrialResult& result_;
};

}  // namespace

Replayed ReplayRound(const Plan& plan, const Round& round,
                     const SharedPage& page, ReferenceModel& model,
                     TrialResult& result) {
  return RoundJudge(plan, round, page, model, result).Replay();
}

}  // namespace lastcommit
