#include "driven/recovery_judge.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "driven/answer_judge.h"
#include "driven/own_dialect.h"
#include "driven/references.h"
#include "judge/check_images.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

std::string WhereOf(const Plan& plan, const Crash& crash,
                    const LegalCommits& legal) {
  std::string text = absl::StrCat(
      crash.is_power ? "after a loss of power" : "after a SIGKILL",
      crash.written < 0 ? " after call " : " in the middle of call ",
      crash.call, " of the recording");
  if (legal.acknowledged != nullptr) {
    absl::StrAppend(&text,
                    "\nacknowledged: ", InWords(plan, *legal.acknowledged));
  }
  for (const Exchange* const exchange : legal.under_way) {
    absl::StrAppend(&text, "\nunder way:    ", InWords(plan, *exchange));
  }
  return text;
}

// Of one that did not come to a state.
ViolationClass ClassOf(const Recovery& recovery) {
  return recovery.kind == Recovery::Kind::kHung ? ViolationClass::kHung
                                                : ViolationClass::kOpenFailed;
}

Verdict NotRecovered(const std::string& where, const Recovery& recovery) {
  return Verdict::Violated(
      ClassOf(recovery),
      absl::StrCat(where,
                   "\nthe store cannot recover from it: ", recovery.message));
}

class ModelJudge final : public RecoveryJudge {
 public:
  ModelJudge(const RecordedRun& run, const AnsweredRun& answered,
             TrialResult& result)
      : run_(run), answered_(answered), result_(result) {}

  absl::Status Prepare(const std::vector<Crash>& /*crashes*/) override {
    return absl::OkStatus();
  }

  absl::Status Judge(const Crash& crash, const Recovery& recovery,
                     bool /*is_in_place*/) override {
    JudgeRecovery(crash, recovery);
    return absl::OkStatus();
  }

 private:
  void Violated(ViolationClass violation, std::string why) {
    result_.verdict = Verdict::Violated(violation, std::move(why));
  }

  void JudgeRecovery(const Crash& crash, const Recovery& recovery) {
    const LegalCommits legal = answered_.After(crash);
    const std::string where = WhereOf(run_.plan, crash, legal);
    if (recovery.kind != Recovery::Kind::kRecovered) {
      result_.verdict = NotRecovered(where, recovery);
      return;
    }
    const auto& cuts = run_.conversation.cuts;
    const auto is_at = [&](std::int64_t cut) {
      return IsSame(*run_.plan.dialect, cuts[static_cast<std::size_t>(cut)],
                    recovery.state);
    };
    if (HasBegun(legal, recovery)) return;
    for (std::int64_t cut = legal.lowest; cut <= legal.highest; ++cut) {
      if (!is_at(cut)) continue;
      result_.recorded.commits_in_doubt += cut > legal.lowest ? 1 : 0;
      return;
    }
    for (std::int64_t cut = legal.lowest - 1; cut >= 0; --cut) {
      if (!is_at(cut)) continue;
      Violated(ViolationClass::kLostCommit,
               absl::StrCat(where, "\n", legal.lowest - cut,
                            legal.lowest - cut == 1
                                ? " acknowledged commit is not there:"
                                : " acknowledged commits are not there:",
                            DifferencesFrom(legal.lowest, recovery)));
      return;
    }
    const auto last = static_cast<std::int64_t>(cuts.size()) - 1;
    for (std::int64_t cut = legal.highest + 1; cut <= last; ++cut) {
      if (!is_at(cut)) continue;
      Violated(ViolationClass::kPhantomCommit,
               absl::StrCat(where,
                            "\nwhat comes later is there already (or its "
                            "answers wait in a buffer: each has to be written "
                            "before the next request is done):",
                            DifferencesFrom(legal.highest, recovery)));
      return;
    }
    Violated(
        ViolationClass::kNotACut,
        absl::StrCat(where,
                     "\nthe store gives what it never held after a commit; "
                     "from the newest that was acknowledged it differs in:",
                     DifferencesFrom(legal.lowest, recovery)));
  }

  // What was under way has done nothing yet, but it is its time.
  bool HasBegun(const LegalCommits& legal, const Recovery& recovery) const {
    return std::any_of(
        legal.under_way.begin(), legal.under_way.end(),
        [&](const Exchange* begun) {
          return begun->begun.has_value() && !begun->is_in_transaction &&
                 begun->cut_before >= legal.lowest &&
                 begun->cut_before <= legal.highest &&
                 IsSame(*run_.plan.dialect, *begun->begun, recovery.state);
        });
  }

  std::string DifferencesFrom(std::int64_t cut,
                              const Recovery& recovery) const {
    return RowDifferences(*run_.plan.dialect,
                          run_.conversation.cuts[static_cast<std::size_t>(cut)],
                          recovery.state);
  }

  const RecordedRun& run_;
  const AnsweredRun& answered_;
  TrialResult& result_;
};

// Where requests overlapped, what comes back may fit another order of them.
class AnyOrderJudge final : public RecoveryJudge {
 public:
  AnyOrderJudge(const RecordedRun& run, const AnsweredRun& answered,
                TrialResult& result)
      : run_(run),
        answered_(answered),
        of_one_order_(run, answered, result),
        result_(result) {}

  absl::Status Prepare(const std::vector<Crash>& /*crashes*/) override {
    return absl::OkStatus();
  }

  absl::Status Judge(const Crash& crash, const Recovery& recovery,
                     bool is_in_place) override {
    RETURN_IF_ERROR(of_one_order_.Judge(crash, recovery, is_in_place));
    if (!result_.verdict.violation.has_value() ||
        recovery.kind != Recovery::Kind::kRecovered) {
      return absl::OkStatus();
    }
    const Linearization::Fit fit = run_.linearization->MayBeAfter(
        answered_.LinesUntil(crash), recovery.state);
    if (fit == Linearization::Fit::kDoesNot) return absl::OkStatus();
    if (fit == Linearization::Fit::kUnknown) ++result_.recorded.not_compared;
    result_.verdict = {};
    return absl::OkStatus();
  }

 private:
  const RecordedRun& run_;
  const AnsweredRun& answered_;
  ModelJudge of_one_order_;
  TrialResult& result_;
};

class ReferenceJudge final : public RecoveryJudge {
 public:
  ReferenceJudge(const RecordedRun& run, const AnsweredRun& answered,
                 std::string root, const Timeline& timeline,
                 Recoverer& recoverer, TrialResult& result)
      : run_(run),
        answered_(answered),
        timeline_(timeline),
        references_(run.recording, std::move(root), timeline, *run.plan.dialect,
                    run.directory, recoverer),
        result_(result) {}

  absl::Status Prepare(const std::vector<Crash>& crashes) override {
    std::set<std::uint64_t> calls;
    for (const Crash& crash : crashes) {
      const ExpectedStates expected = ExpectedAfter(crash);
      calls.insert(expected.calls.begin(), expected.calls.end());
      const LegalCommits legal = answered_.After(crash);
      if (legal.acknowledged == nullptr) continue;
      if (const auto interval = answered_.IntervalOf(*legal.acknowledged)) {
        calls.insert({interval->before, interval->until});
      }
    }
    RETURN_IF_ERROR(references_.Learn(calls));
    result_.recorded.references = static_cast<std::int64_t>(references_.size());
    return absl::OkStatus();
  }

  absl::Status Judge(const Crash& crash, const Recovery& recovery,
                     bool is_in_place) override {
    RETURN_IF_ERROR(Prepare({crash}));
    const ExpectedStates expected = ExpectedAfter(crash);
    const LegalCommits legal = answered_.After(crash);
    const std::string where = WhereOf(run_.plan, crash, legal);
    if (recovery.kind != Recovery::Kind::kRecovered) {
      result_.verdict = NotRecovered(where, recovery);
      return absl::OkStatus();
    }
    // What it is compared with is then of such processes, too.
    if (is_in_place) {
      for (const std::uint64_t call : expected.calls) {
        RETURN_IF_ERROR(references_.Renew(call, run_.data));
      }
    }
    for (std::size_t i = 0; i < expected.calls.size(); ++i) {
      const Reference* const reference = references_.After(expected.calls[i]);
      if (reference == nullptr) continue;
      if (reference->recovery.kind != Recovery::Kind::kRecovered) {
        Violated(
            ClassOf(reference->recovery),
            absl::StrCat("the store cannot open a copy of what it held "
                         "after call ",
                         expected.calls[i], " of the recording, closed well: ",
                         reference->recovery.message));
        return absl::OkStatus();
      }
      if (reference->recovery.state.rows != recovery.state.rows) continue;
      result_.recorded.commits_in_doubt += i > 0 ? 1 : 0;
      JudgeToken(crash, legal, where);
      return absl::OkStatus();
    }
    if (!expected.are_all ||
        references_.After(expected.calls.front()) == nullptr) {
      ++result_.recorded.not_compared;
      return absl::OkStatus();
    }
    Accuse(expected.calls.front(), where, recovery);
    return absl::OkStatus();
  }

 private:
  void Violated(ViolationClass violation, std::string why) {
    result_.verdict = Verdict::Violated(violation, std::move(why));
  }

  std::size_t PromisesBefore(const Crash& crash) const {
    std::size_t promises = 0;
    for (const ProgramPromise& promise : timeline_.promises) {
      promises += crash.IsAfter(promise.call) ? 1 : 0;
    }
    return promises;
  }

  // The newest promise, the next one, and the commits between them.
  ExpectedStates ExpectedAfter(const Crash& crash) const {
    return StatesToExpect(timeline_, PromisesBefore(crash), /*atomic=*/false);
  }

  void Accuse(std::uint64_t promised, const std::string& where,
              const Recovery& recovery) {
    const Reference& reference = *references_.After(promised);
    const std::string differences = RowDifferences(
        *run_.plan.dialect, reference.recovery.state, recovery.state);
    const auto is_it = [&](const Reference& other) {
      return other.recovery.kind == Recovery::Kind::kRecovered &&
             other.recovery.state.rows == recovery.state.rows;
    };
    if (references_.LastBefore(promised, is_it) != nullptr) {
      Violated(ViolationClass::kLostCommit,
               absl::StrCat(where,
                            "\nthe store is at an earlier commit than the one "
                            "that was acknowledged, from which it differs in:",
                            differences));
      return;
    }
    Violated(
        ViolationClass::kNotACut,
        absl::StrCat(where,
                     "\nthe store gives what it gives of no copy of what it "
                     "held after a commit; from the newest that was "
                     "acknowledged it differs in:",
                     differences));
  }

  // An operation that has written nothing when it is acknowledged, and whose
  // text comes into a table later. (What is kept otherwise first, in a file or
  // packed, has been written.)
  void JudgeToken(const Crash& crash, const LegalCommits& legal,
                  const std::string& where) {
    if (crash.is_power || crash.written >= 0 || legal.acknowledged == nullptr ||
        legal.acknowledged->is_in_transaction) {
      return;
    }
    const std::string token = OwnTokenOf(*legal.acknowledged);
    const auto interval = answered_.IntervalOf(*legal.acknowledged);
    if (token.empty() || !interval.has_value()) return;
    const auto has_token = [&](const Reference& reference) {
      return reference.tokens.contains(token);
    };
    const Reference* const before = references_.After(interval->before);
    const Reference* const then = references_.After(interval->until);
    if (before == nullptr || before != then || has_token(*then) ||
        references_.FirstAfter(interval->until, has_token) == nullptr) {
      return;
    }
    Violated(ViolationClass::kLostCommit,
             absl::StrCat(where, "\nthe value ", token,
                          "... of the acknowledged operation comes into the "
                          "database only later: it was answered before it was "
                          "committed"));
  }

  // "": it has none, or another operation of the plan has the same.
  std::string OwnTokenOf(const Exchange& exchange) const {
    const Step& step = run_.plan.rounds[exchange.round].steps[exchange.step];
    if (!IsOperation(step.kind)) return "";
    const std::string token = TokenOf(step.operation);
    int count = 0;
    for (const Round& round : run_.plan.rounds) {
      for (const Step& other : round.steps) {
        if (!IsOperation(other.kind)) continue;
        count += HasToken(other.operation, token) ? 1 : 0;
      }
    }
    return count == 1 ? token : "";
  }

  const RecordedRun& run_;
  const AnsweredRun& answered_;
  const Timeline& timeline_;
  References references_;
  TrialResult& result_;
};

}  // namespace

std::unique_ptr<RecoveryJudge> JudgeWithModel(const RecordedRun& run,
                                              const AnsweredRun& answered,
                                              TrialResult& result) {
  if (run.linearization == nullptr) {
    return std::make_unique<ModelJudge>(run, answered, result);
  }
  return std::make_unique<AnyOrderJudge>(run, answered, result);
}

std::unique_ptr<RecoveryJudge> JudgeWithReferences(
    const RecordedRun& run, const AnsweredRun& answered, std::string root,
    const Timeline& timeline, Recoverer& recoverer, TrialResult& result) {
  return std::make_unique<ReferenceJudge>(run, answered, std::move(root),
                                          timeline, recoverer, result);
}

}  // namespace lastcommit::driven
