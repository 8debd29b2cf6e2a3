#include "explain/replay.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "store/state.h"

namespace lastcommit {

void Repetition::Add(const Repetition& more) {
  times += more.times;
  for (const auto& [verdict, count] : more.verdicts) verdicts[verdict] += count;
}

absl::StatusOr<Repetition> Repeat(TrialRunner& trial, const Plan& plan,
                                  int times,
                                  const std::function<bool()>& is_cancelled) {
  Repetition repetition;
  do {
    if (is_cancelled()) break;
    // The first one is told.
    std::optional<ShownValues> values;
    if (repetition.times == 0) values.emplace();
    ASSIGN_OR_RETURN(TrialResult result, trial.Run(plan));
    ++repetition.verdicts[Name(result.verdict)];
    if (repetition.times++ == 0) repetition.first = std::move(result);
  } while (repetition.times < times);
  return repetition;
}

std::string Describe(const Repetition& repetition) {
  if (repetition.times == 0) return "not repeated: it was interrupted";
  std::string text;
  for (const auto& [verdict, count] : repetition.verdicts) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", count, " of ",
                    repetition.times, " ", verdict);
  }
  return text;
}

}  // namespace lastcommit
