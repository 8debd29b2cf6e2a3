// results.sqlite: what a campaign has come to, for queries. Made anew from the
// records, never read by this program: the SQLite that writes it is the one
// under test, and may be a broken one.

#ifndef LASTCOMMIT_RESULTS_RESULTS_DATABASE_H_
#define LASTCOMMIT_RESULTS_RESULTS_DATABASE_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "results/identity.h"
#include "results/tally.h"

namespace lastcommit {

inline constexpr std::uint32_t kResultsApplicationId = 0x4C737452;  // "LstR"
inline constexpr std::uint32_t kResultsVersion = 2;  // user_version

// Writes a file in a new directory and renames it to DIRECTORY/results.sqlite,
// in a process of its own whose SQLite touches nothing else. A damaged or
// foreign file that is there is kept beside it, as results.sqlite.old, -1, -2
// ..., and that is said on stdout; so is a journal or a WAL of that name.
// FailedPrecondition: one of a newer version is there, and stays. Internal:
// SQLite failed.
absl::Status BuildResultsDatabase(const std::string& directory,
                                  const Identity& identity, const Tally& tally);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_RESULTS_DATABASE_H_
