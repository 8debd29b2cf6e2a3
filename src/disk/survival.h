// Survival of a power loss: turns what a plan says (plan/fault.h) into the
// fate of each change that is pending on a Storage, and says what kind of
// disorder it came to, on which the contract depends.

#ifndef LASTCOMMIT_DISK_SURVIVAL_H_
#define LASTCOMMIT_DISK_SURVIVAL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "disk/storage.h"
#include "plan/fault.h"

namespace lastcommit {

struct Survived {
  Fates fates;
  std::int64_t changes = 0;            // of files, that were pending
  std::int64_t lost = 0;               // of these, not whole
  std::int64_t directory_changes = 0;  // that were pending
  std::int64_t directory_lost = 0;
  // Within each file what survived was made before what did not, and nothing
  // was torn or became garbage.
  bool is_in_order_per_file = true;
};

// Never breaks what the storage promises (sector size, powersafe overwrite).
Survived Resolve(const Storage& storage, const Survival& survival);

// A moment of a disk at which many losses of power are tried: its pending
// changes are gathered once. The disk does not change meanwhile.
class LossPoint {
 public:
  explicit LossPoint(const Storage& storage);
  LossPoint(const LossPoint&) = delete;
  LossPoint& operator=(const LossPoint&) = delete;

  Survived Resolve(const Survival& survival) const;

 private:
  const std::vector<PendingChange> all_;
  std::vector<const PendingChange*> files_;  // of these
};

// Both leave the same of one crash point.
bool LeaveTheSame(const Fates& a, const Fates& b);

// The same fates as a survival that says each of them.
Survival Chosen(const Survived& survived);

struct SurvivalLimits {
  // Survivals at random at each crash point: in turn any subset, and of each
  // file the first changes.
  int random = 8;
  std::uint64_t seed = 1;
  // Where more changes are unsynced, only that many, evenly spread, are lost
  // one by one, and only that many prefixes tried.
  int changes = 64;
};

// The survivals that are tried at a crash point with these unsynced changes:
// all (a kill), none, each prefix, each single loss, and some at random. With
// nothing unsynced only the first.
std::vector<Survival> SurvivalsToTry(std::size_t changes,
                                     std::uint64_t crash_point,
                                     const SurvivalLimits& limits);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SURVIVAL_H_
