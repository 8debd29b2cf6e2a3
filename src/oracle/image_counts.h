// ImageCounts: what the contract said of the crash images of a loss of power,
// and what came of it.

#ifndef LASTCOMMIT_ORACLE_IMAGE_COUNTS_H_
#define LASTCOMMIT_ORACLE_IMAGE_COUNTS_H_

#include <cstdint>

#include "disk/survival.h"
#include "model/contract.h"

namespace lastcommit {

// Crash images of a loss of power, those of crash points and those taken along
// the way.
struct ImageCounts {
  std::int64_t judged = 0;     // by a row that demands something
  std::int64_t no_demand = 0;  // by one that does not
  // Of those judged:
  std::int64_t with_lost_changes = 0;
  std::int64_t with_lost_commits = 0;  // acknowledged, and legally lost
  std::int64_t lost_commits = 0;       // how many in all
  std::int64_t at_different_cuts = 0;  // without super-journals
  // Of those without demand:
  std::int64_t damaged = 0;
  std::int64_t with_lost_commits_without_demand = 0;
};

// Counts what the contract says of an image, and what came of it.
void CountImage(const CrashFacts& facts, const LegalCuts& legal,
                const Survived& survived, std::int64_t cut, bool is_damaged,
                ImageCounts& counts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_IMAGE_COUNTS_H_
