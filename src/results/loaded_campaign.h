// A campaign as it is found in its directory, for who says what it came to.

#ifndef LASTCOMMIT_RESULTS_LOADED_CAMPAIGN_H_
#define LASTCOMMIT_RESULTS_LOADED_CAMPAIGN_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "results/identity.h"
#include "results/summary.h"

namespace lastcommit {

struct LoadedCampaign {
  Identity identity;
  Summary summary;  // of all its runs, with what was kept and not recorded
  std::string cut;  // in words, where the last record was cut off
};

// Changes nothing, so that one that runs can be looked at. NotFound: there is
// no campaign. InvalidArgument: a line of it is none.
absl::StatusOr<LoadedCampaign> LoadCampaign(const std::string& directory);

// What was tested, with the name of each: {"SQLite", "3.40.1"}. Always the same
// names in the same order.
std::vector<std::pair<std::string, std::string>> TestedIn(
    const LoadedCampaign& campaign);

// The error of the last run, which is not gone with a later report; "" if it
// had none.
std::string LastError(const Tally& tally);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_LOADED_CAMPAIGN_H_
