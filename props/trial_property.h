// A property over trials: plans that a seed gives, perhaps bent towards what
// the property is about, each of which must hold.

#ifndef LASTCOMMIT_PROPS_TRIAL_PROPERTY_H_
#define LASTCOMMIT_PROPS_TRIAL_PROPERTY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "campaign/ledger.h"
#include "generate/arbitrary_plan.h"
#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

struct TrialProperty {
  std::string name;  // for the file of a failing plan
  GenerateOptions generate;
  std::uint64_t trials = 0;
  // More than that is a failure.
  int max_skipped_percent = kMaxSkippedPercent;
  // Bends a generated plan; nullopt if it does not fit the property.
  std::function<std::optional<Plan>(Plan, std::uint64_t index)> bend;
  // Sees what each trial did; nothing by default.
  std::function<void(const Plan&, const TrialResult&)> observe;
};

struct PropertyOutcome {
  Ledger ledger;
  std::uint64_t failed_at = 0;  // how many trials it took
  std::optional<ViolationClass> violation;
  // Empty = it held. Otherwise why, where the plan is, and how to replay it.
  std::string failure;
};

struct FailureHandling {
  bool is_reported = true;  // shrink, write and print; twins do not
  // Go on until a failure of this class; others are no failures.
  std::optional<ViolationClass> wanted;
};

// Stops at the first failure. Too many skipped plans are a failure as well.
PropertyOutcome CheckTrials(const TrialProperty& property, std::uint64_t seed,
                            const FailureHandling& handling);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_TRIAL_PROPERTY_H_
