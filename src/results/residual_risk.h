// Residual risk: whether a run still came to something new at its end, and how
// probable it is that the next crash is of a kind that none of it was.

#ifndef LASTCOMMIT_RESULTS_RESIDUAL_RISK_H_
#define LASTCOMMIT_RESULTS_RESIDUAL_RISK_H_

#include <cstdint>
#include <string>

#include "results/tally.h"

namespace lastcommit {

struct ResidualRisk {
  std::int64_t crashes = 0;  // and errors: all that have a signature
  std::int64_t signatures = 0;
  std::int64_t seen_once = 0;
  // Whose first one is in the last tenth of the trials, in the order in which
  // they are recorded.
  std::int64_t new_at_the_end = 0;

  // Of Good and Turing: the probability that the next crash has a signature
  // which none had, as those that were seen once are of all that were seen.
  // About signatures: of what they do not tell apart it says nothing.
  double unseen() const {
    if (crashes == 0) return 1;
    return static_cast<double>(seen_once) / static_cast<double>(crashes);
  }
};

ResidualRisk ResidualRiskOf(const Tally& tally);

// A sentence or two.
std::string InWords(const ResidualRisk& risk);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_RESIDUAL_RISK_H_
