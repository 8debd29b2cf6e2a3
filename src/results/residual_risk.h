// Residual risk: whether a run still came to something new at its end, and how
// probable it is that the next crash is of a kind that none of it was.

#ifndef LASTCOMMIT_RESULTS_RESIDUAL_RISK_H_
#define LASTCOMMIT_RESULTS_RESIDUAL_RISK_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "results/tally.h"

namespace lastcommit {

struct ResidualRisk {
  std::int64_t crashes = 0;  // and errors: all that have a signature
  std::int64_t signatures = 0;
  std::int64_t seen_once = 0;
  // Whose first one is in a record that reaches into the last tenth of the
  // trials, in the order in which they are recorded: perhaps fewer are new
  // there, none more.
  std::int64_t new_at_the_end = 0;

  // Of Good and Turing: the probability that the next crash has a signature
  // which none had, as those that were seen once are of all that were seen.
  // About signatures: of what they do not tell apart it says nothing. 1 if
  // there was no crash.
  double unseen() const { return Share(static_cast<double>(seen_once)); }
  // That it is hardly above: where `n` were seen once and another run would
  // have had up to n + 2 sqrt(n) + 3, which is the rule of three for n = 0.
  double unseen_at_most() const {
    const auto n = static_cast<double>(seen_once);
    return Share(n + 2 * std::sqrt(n) + 3);
  }

  double Share(double of) const {
    if (crashes == 0) return 1;
    return std::min(1.0, of / static_cast<double>(crashes));
  }
};

ResidualRisk ResidualRiskOf(const Tally& tally);

// A sentence or two.
std::string InWords(const ResidualRisk& risk);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_RESIDUAL_RISK_H_
