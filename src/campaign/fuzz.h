// A fuzz run: worker processes take plans by index, run and judge them, and
// tell a supervisor, which prints progress and sums up. The same seed and
// number of trials give the same digest, however many workers there are.

#ifndef LASTCOMMIT_CAMPAIGN_FUZZ_H_
#define LASTCOMMIT_CAMPAIGN_FUZZ_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "campaign/exit_code.h"
#include "campaign/finding.h"
#include "campaign/ledger.h"
#include "generate/arbitrary_plan.h"
#include "trial/fork_trial.h"

namespace lastcommit {

struct FuzzOptions {
  GenerateOptions generate;
  std::uint64_t seed = 1;
  // The run ends at whichever comes first; neither = it goes on.
  std::optional<absl::Duration> time_limit;
  std::optional<std::uint64_t> trial_limit;
  int jobs = 1;
  // The run ends when it has that many findings; 0 = it goes on.
  int stop_after = 0;
  // Findings of one class that a worker shrinks; of more it keeps the plan.
  int shrunk_per_class = 3;
  FindingOptions findings;
  TrialOptions trial;
  std::string json_path;  // empty = none
  bool show_progress = true;
};

struct FuzzSummary {
  Ledger ledger;
  std::vector<Finding> findings;
  std::vector<std::string> broken_promises;
  std::string digest;  // over (index, plan text, verdict) of all trials
  bool was_interrupted = false;
  // Why the tester failed; what it had found until then is there.
  std::string error;
  absl::Duration took;
  ExitCode exit_code = ExitCode::kHeld;
};

// Prints the first line, progress, findings and the summary to stdout. Ends
// cleanly on SIGINT and SIGTERM. An error: the run could not start.
absl::StatusOr<FuzzSummary> RunFuzz(const FuzzOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_FUZZ_H_
