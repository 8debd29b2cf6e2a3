// Survival of a power loss: turns what a plan says (plan/fault.h) into the
// fate of each change that is pending on a Storage, and says what kind of
// disorder it came to, on which the contract depends.

#ifndef LASTCOMMIT_DISK_SURVIVAL_H_
#define LASTCOMMIT_DISK_SURVIVAL_H_

#include <cstdint>

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

// The same fates as a survival that says each of them.
Survival Chosen(const Survived& survived);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SURVIVAL_H_
