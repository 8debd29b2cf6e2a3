#include "results/residual_risk.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace lastcommit {
namespace {

std::string Percent(double share) {
  constexpr double kLeast = 0.0001;
  if (share < kLeast) return "less than 0.01 %";
  return absl::StrFormat("%.2g %%", 100 * share);
}

}  // namespace

ResidualRisk ResidualRiskOf(const Tally& tally) {
  ResidualRisk risk;
  const std::int64_t trials = tally.ledger.trials();
  for (const auto& [cell, count] : tally.ledger.cells()) {
    if (cell.group != CellGroup::kSignature) continue;
    ++risk.signatures;
    risk.crashes += count;
    if (count == 1) ++risk.seen_once;
    const auto first = tally.first_trials.find(cell);
    if (first != tally.first_trials.end() && first->second * 10 > trials * 9) {
      ++risk.new_at_the_end;
    }
  }
  return risk;
}

std::string InWords(const ResidualRisk& risk) {
  if (risk.crashes == 0) {
    return "No crash with a signature was counted: nothing can be said of how "
           "much is still unseen.";
  }
  return absl::StrCat(
      risk.crashes, " crashes and errors were of ", risk.signatures,
      " signatures; ", risk.new_at_the_end,
      risk.new_at_the_end == 1 ? " of them was" : " of them were",
      " new in the last tenth of the trials, and ", risk.seen_once,
      risk.seen_once == 1 ? " was" : " were",
      " seen once. By the estimate of Good and Turing the next one has a "
      "signature that none had with a probability of ",
      Percent(risk.unseen()), ", and hardly of more than ",
      Percent(risk.unseen_at_most()), ".");
}

}  // namespace lastcommit
