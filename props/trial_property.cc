#include "props/trial_property.h"

#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "campaign/finding.h"
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
  options.generate = property.generate;
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

std::string TooManySkipped(const Ledger& ledger, int max_percent) {
  if (ledger.skipped() * 100 <= ledger.trials() * max_percent) return "";
  return absl::StrCat("not exercised: ", ledger.skipped(), " of ",
                      ledger.trials(), " plans were skipped");
}

bool IsFailure(const Verdict& verdict, const FailureHandling& handling) {
  if (!verdict.violation.has_value()) return false;
  return !handling.wanted || verdict.violation == handling.wanted;
}

}  // namespace

PropertyOutcome CheckTrials(const TrialProperty& property, std::uint64_t seed,
                            const FailureHandling& handling) {
  PropertyOutcome outcome;
  auto trial = TrialRunner::Create({});
  if (!trial.ok()) {
    outcome.failure = trial.status().ToString();
    return outcome;
  }
  for (std::uint64_t index = 0; outcome.failed_at < property.trials; ++index) {
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
    if (!IsFailure(result->verdict, handling)) continue;
    outcome.violation = result->verdict.violation;
    outcome.failure = handling.is_reported
                          ? Reported(**trial, property, key, *plan, *result)
                          : result->verdict.why;
    return outcome;
  }
  outcome.failure =
      TooManySkipped(outcome.ledger, property.max_skipped_percent);
  return outcome;
}

}  // namespace lastcommit
