// Replays recorded system calls into a Storage: that gives the disk together
// with its unsynced changes, as the kernel was asked for them.

#ifndef LASTCOMMIT_DISK_CALL_REPLAY_H_
#define LASTCOMMIT_DISK_CALL_REPLAY_H_

#include <string>

#include "absl/status/status.h"
#include "disk/call_log.h"
#include "disk/storage.h"

namespace lastcommit {

// Does to `storage` what one process, now dead, did to `directory`. A call that
// has not returned was cut off by a kill: what it did is looked up there.
// ResourceExhausted: the log was too small. Internal: its calls do not fit the
// storage.
absl::Status Replay(const CallLog& log, const std::string& directory,
                    Storage& storage);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_CALL_REPLAY_H_
