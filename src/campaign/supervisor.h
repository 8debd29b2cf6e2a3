// Supervisor: runs workers until there is no more to do, and adds up what they
// tell. One that dies or hangs is replaced, and the plan it was at becomes a
// finding. Used by `fuzz` and, with a file of results, by campaigns.

#ifndef LASTCOMMIT_CAMPAIGN_SUPERVISOR_H_
#define LASTCOMMIT_CAMPAIGN_SUPERVISOR_H_

#include "absl/status/statusor.h"
#include "results/results_file.h"
#include "results/run_options.h"
#include "results/summary.h"
#include "results/tally.h"

namespace lastcommit {

// A plan over which so many workers ended in this run is given up: it is
// counted as verdict/worker_died or verdict/worker_hung, and not run again.
// More than one: it may be that somebody else ended the worker.
inline constexpr int kMaxDeathsOfAPlan = 3;
// Workers that end one after the other, with nothing done in between.
inline constexpr int kMaxDeathsInARow = 20;

// Goes on from `tally`. Prints progress and findings to stdout. `results` may
// be null. An error: the run could not start.
absl::StatusOr<Summary> Supervise(const RunOptions& options, Tally tally,
                                  ResultsFile* results);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_SUPERVISOR_H_
