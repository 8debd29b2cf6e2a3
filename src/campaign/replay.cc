#include "campaign/replay.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {

absl::StatusOr<Repetition> Repeat(ForkTrial& trial, const Plan& plan,
                                  int times) {
  Repetition repetition;
  do {
    ASSIGN_OR_RETURN(TrialResult result, trial.Run(plan));
    ++repetition.verdicts[Name(result.verdict)];
    if (repetition.times++ == 0) repetition.first = std::move(result);
  } while (repetition.times < times);
  return repetition;
}

std::string Describe(const Repetition& repetition) {
  std::string text;
  for (const auto& [verdict, count] : repetition.verdicts) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", count, " of ",
                    repetition.times, " ", verdict);
  }
  return text;
}

}  // namespace lastcommit
