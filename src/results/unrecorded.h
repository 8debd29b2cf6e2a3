// Plans that were kept when the supervisor was killed before it had recorded
// them: they are findings as the others are, for a campaign that goes on, a
// merge and a report.

#ifndef LASTCOMMIT_RESULTS_UNRECORDED_H_
#define LASTCOMMIT_RESULTS_UNRECORDED_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "explain/finding.h"
#include "results/identity.h"
#include "results/tally.h"

namespace lastcommit {

// Those below `findings` that the tally does not have, by path. What else is
// there is passed over.
absl::StatusOr<std::vector<Finding>> UnrecordedFindings(
    const std::string& findings, const Identity& identity, const Tally& tally);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_UNRECORDED_H_
