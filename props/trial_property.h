// A property over trials: plans that a seed gives, perhaps bent towards what
// the property is about, each of which must hold.

#ifndef LASTCOMMIT_PROPS_TRIAL_PROPERTY_H_
#define LASTCOMMIT_PROPS_TRIAL_PROPERTY_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "plan/plan.h"
#include "results/ledger.h"
#include "results/promises.h"
#include "subject/registry.h"
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
  // Empty = it held, or a twin was caught in the class that was wanted.
  // Otherwise why, where the plan is, and how to replay it.
  std::string failure;
};

struct FailureHandling {
  bool is_reported = true;  // shrink, write and print; twins do not
  // Of a twin: the class of its bug. A finding of another one is a failure of
  // the property, which then tells less than it is believed to.
  std::optional<ViolationClass> wanted;
  // Classes in which the bug shows as well: no failure, but not enough either.
  std::vector<ViolationClass> also = {};
};

// Of a planted saver.
FailureHandling Catching(const SaverEntry& entry);

// Stops at the first violation that is not one of `also`. Too many skipped
// plans are a failure as well, and so is not a single trial.
PropertyOutcome CheckTrials(const TrialProperty& property, std::uint64_t seed,
                            const FailureHandling& handling);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_TRIAL_PROPERTY_H_
