// The tables of results.sqlite (docs/results-format.md), filled in one go. Only
// results_database.cc calls it, in a process of its own.

#ifndef LASTCOMMIT_RESULTS_RESULTS_SCHEMA_H_
#define LASTCOMMIT_RESULTS_RESULTS_SCHEMA_H_

#include <string>

#include "absl/status/status.h"
#include "results/identity.h"
#include "results/tally.h"

namespace lastcommit {

// Makes a new database at `path`.
absl::Status WriteDatabase(const std::string& path, const Identity& identity,
                           const Tally& tally);

// Opens it for reading and checks that it is whole. DataLoss.
absl::Status CheckDatabase(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_RESULTS_SCHEMA_H_
