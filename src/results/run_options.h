// What shapes a run, be it `fuzz` or a campaign: which plans, how many, how
// long, and what is done about those that fail.

#ifndef LASTCOMMIT_RESULTS_RUN_OPTIONS_H_
#define LASTCOMMIT_RESULTS_RUN_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/time/time.h"
#include "explain/finding.h"
#include "generate/arbitrary_plan.h"
#include "trial/trial_runner.h"

namespace lastcommit {

inline constexpr int kMaxJobs = 256;

// One of `of` runs that share a seed: number 1, 2, ... `of`.
struct Shard {
  int number = 1;
  int of = 1;

  bool operator==(const Shard&) const = default;
};

struct RunOptions {
  GenerateOptions generate;
  std::uint64_t seed = 1;
  Shard shard;
  // The run ends at whichever comes first; neither = it goes on.
  std::optional<absl::Duration> time_limit;
  // Plans with an index below it are run: those of all shards together.
  std::optional<std::uint64_t> trial_limit;
  int jobs = 1;  // up to kMaxJobs
  // The run ends when it has that many findings; 0 = it goes on.
  int stop_after = 0;
  // Findings of one class that are shrunk and explained; those after them are
  // kept as plans, and those after these are only recorded.
  int shrunk_per_class = 3;
  int kept_per_class = 1000;
  // A worker that is busy with one execution of a plan for so long is replaced.
  // Far above what TrialRunner allows its children together.
  absl::Duration worker_timeout = absl::Minutes(10);
  FindingOptions findings;
  TrialOptions trial;
  bool show_progress = true;
  bool show_ledger = false;  // at the end, above what has come of it
  // For tests of the promises: the plan that is run and is counted as the one
  // that was drawn, as if an injector of the drawn one were dead.
  std::function<Plan(Plan)> run_instead;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_RUN_OPTIONS_H_
