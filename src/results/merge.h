// Merges shards: campaigns that share a seed and have run different plans of
// it. Merged, they are what one campaign over all of these plans would have
// been, with the same digest; but its times, and what was new in its last tenth
// (results/residual_risk.h), are those of the shards, one after the other.

#ifndef LASTCOMMIT_RESULTS_MERGE_H_
#define LASTCOMMIT_RESULTS_MERGE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "results/summary.h"

namespace lastcommit {

struct Merged {
  Summary summary;
  std::string missing;  // shards that are not there, in words; empty = none
};

// Called after each directory, with how many are done.
using OnMerged = std::function<void(std::size_t parts)>;

// Makes the directory `out` with the records, findings, database and summary
// of all `directories`, or nothing. AlreadyExists; NotFound: no campaign;
// FailedPrecondition: they do not belong together, two have the same plans, or
// one is worked on at the moment. In memory are the records of one of them at a
// time, and the findings of all.
absl::StatusOr<Merged> Merge(
    const std::string& out, const std::vector<std::string>& directories,
    const OnMerged& on_merged = [](std::size_t) {});

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_MERGE_H_
