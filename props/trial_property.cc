#include "props/trial_property.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explain/finding.h"
#include "status/status.h"
#include "trial/trial_runner.h"

namespace lastcommit {
namespace {

std::string Reported(TrialRunner& trial, const TrialProperty& property,
                     const CaseKey& key, const Plan& plan,
                     const TrialResult& result) {
  FindingOptions options;
  options.directory = absl::StrCat(PROPS_FINDINGS, "/", property.name);
  options.program = PROPS_PROGRAM;
  absl::StatusOr<Finding> finding = KeepPlan(key, plan, result, options);
  absl::Status status = finding.status();
  if (status.ok()) {
    status = ExplainFinding(trial, plan, result, options, *finding);
  }
  if (!status.ok()) {
    return absl::StrCat(Name(result.verdict), "\n", result.verdict.why,
                        "\nand explaining it failed: ", status.ToString());
  }
  // Also where ctest truncates what a test prints.
  if (!finding->token.empty()) {
    std::fprintf(stderr, "replay:  %s\n",
                 ReplayCommand(PROPS_PROGRAM, finding->token).c_str());
  }
  std::fprintf(stderr, "replay:  %s\n",
               ReplayCommand(PROPS_PROGRAM, finding->plan_path).c_str());
  return finding->story;
}

std::string NotExercised(const Ledger& ledger, int max_percent) {
  if (ledger.trials() == 0) return "not exercised: no trial was run";
  if (ledger.skipped() * 100 <= ledger.trials() * max_percent) return "";
  return absl::StrCat("not exercised: ", ledger.skipped(), " of ",
                      ledger.trials(), " plans were skipped");
}

// Plans that do not fit a property for each that does, at most: one that none
// fits would go on for ever.
constexpr std::uint64_t kMostMisfits = 1000;

bool IsAlsoPlanted(ViolationClass violation, const FailureHandling& handling) {
  return std::count(handling.also.begin(), handling.also.end(), violation) > 0;
}

// What is wrong with a violation that was found; empty = it was wanted.
std::string FailureOf(TrialRunner& trial, const TrialProperty& property,
                      const CaseKey& key, const Plan& plan,
                      const TrialResult& result,
                      const FailureHandling& handling) {
  if (handling.wanted.has_value()) {
    if (result.verdict.violation == handling.wanted) return "";
    return absl::StrCat(Name(result.verdict), " at index ", key.index,
                        ", where only ", std::string(Name(*handling.wanted)),
                        " is planted: ", result.verdict.why);
  }
  return handling.is_reported ? Reported(trial, property, key, plan, result)
                              : result.verdict.why;
}

}  // namespace

FailureHandling Catching(const SaverEntry& entry) {
  return {.is_reported = false,
          .wanted = entry.planted,
          .also = {entry.also_planted.begin(), entry.also_planted.end()}};
}

PropertyOutcome CheckTrials(const TrialProperty& property, std::uint64_t seed,
                            const FailureHandling& handling) {
  PropertyOutcome outcome;
  auto trial = TrialRunner::Create({});
  if (!trial.ok()) {
    outcome.failure = trial.status().ToString();
    return outcome;
  }
  std::uint64_t index = 0;
  for (; outcome.failed_at < property.trials; ++index) {
    if (index > (outcome.failed_at + 1) * kMostMisfits) {
      outcome.failure = absl::StrCat("not exercised: of ", index, " plans ",
                                     outcome.failed_at, " fit the property");
      return outcome;
    }
    const CaseKey key = {seed, index};
    std::optional<Plan> plan = PlanAt(key, property.generate);
    if (property.bend) plan = property.bend(*std::move(plan), index);
    if (!plan.has_value()) continue;
    ++outcome.failed_at;
    const absl::StatusOr<TrialResult> result = (*trial)->Run(*plan);
    if (!result.ok()) {
      outcome.failure = result.status().ToString();
      return outcome;
    }
    outcome.ledger.Add(*plan, *result);
    if (property.observe) property.observe(*plan, *result);
    if (!result->verdict.violation.has_value() ||
        IsAlsoPlanted(*result->verdict.violation, handling)) {
      continue;
    }
    outcome.violation = result->verdict.violation;
    outcome.failure =
        FailureOf(**trial, property, key, *plan, *result, handling);
    return outcome;
  }
  outcome.failure = NotExercised(outcome.ledger, property.max_skipped_percent);
  return outcome;
}

}  // namespace lastcommit
