// A campaign: a long run that keeps all it comes to in a directory. Killed at
// any moment and started again, it goes on where it was: no finding is lost,
// and nothing is counted twice (docs/results-format.md).

#ifndef LASTCOMMIT_CAMPAIGN_CAMPAIGN_H_
#define LASTCOMMIT_CAMPAIGN_CAMPAIGN_H_

#include <string>

#include "absl/status/statusor.h"
#include "results/identity.h"
#include "results/run_options.h"
#include "results/summary.h"

namespace lastcommit {

struct CampaignOptions {
  std::string directory;
  WantedIdentity wanted;
  // The seed, the plans, the shard and the directory of findings are filled in.
  RunOptions run;
};

// Prints as RunFuzz does, and writes results.sqlite and summary.json at the
// end. An error: the campaign could not begin, or go on.
absl::StatusOr<Summary> RunCampaign(const CampaignOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_CAMPAIGN_H_
