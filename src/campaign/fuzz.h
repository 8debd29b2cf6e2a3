// A fuzz run: a run that keeps its findings and nothing else. The same seed and
// number of trials give the same digest, however many workers there are.

#ifndef LASTCOMMIT_CAMPAIGN_FUZZ_H_
#define LASTCOMMIT_CAMPAIGN_FUZZ_H_

#include <string>

#include "absl/status/statusor.h"
#include "results/run_options.h"
#include "results/summary.h"

namespace lastcommit {

struct FuzzOptions : RunOptions {
  std::string json_path;  // empty = none
};

// Prints the first line, progress, findings and the summary to stdout. Ends
// cleanly on SIGINT and SIGTERM. An error: the run could not start.
absl::StatusOr<Summary> RunFuzz(const FuzzOptions& options);

// "seed=1 saver=sqlite ...; lastcommit 0.1.0, SQLite 3.40.1 (...)".
std::string Parameters(const RunOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_FUZZ_H_
