// A planted bug between SQLite's core and the kernel: syncs of some files are
// swallowed, which SQLite takes for done.

#ifndef LASTCOMMIT_DISK_DROPPED_SYNCS_H_
#define LASTCOMMIT_DISK_DROPPED_SYNCS_H_

#include "disk/system_calls.h"

namespace lastcommit {

enum class DroppedSyncs {
  kNone,
  kOfDatabase,
  kOfJournal,
  kOfWal,
  kOfDirectory
};

class SyncDropper : public SystemCallObserver {
 public:
  // `next` is not owned, and hears of all other calls.
  SyncDropper(DroppedSyncs dropped, SystemCallObserver& next)
      : dropped_(dropped), next_(next) {}

  SystemCallAnswer BeforeCall(const SystemCall& call) override;
  void AfterCall(const SystemCall& call, std::int64_t result) override;

 private:
  const DroppedSyncs dropped_;
  SystemCallObserver& next_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_DROPPED_SYNCS_H_
