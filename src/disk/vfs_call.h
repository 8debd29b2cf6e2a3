// VfsCall: a call that SQLite makes of its VFS, whichever VFS that is. What the
// clients of a round do to each other lies in the order of these, also of those
// that no crash counts.

#ifndef LASTCOMMIT_DISK_VFS_CALL_H_
#define LASTCOMMIT_DISK_VFS_CALL_H_

#include <cstdint>

#include "disk/shim_vfs.h"

namespace lastcommit {

// Every call of the VFS and of its files but xRandomness (SQLite holds a mutex
// there), xDl*, xGetLastError and xFullPathname.
enum class VfsCallKind {
  kOpen,
  kClose,
  kDelete,
  kAccess,
  kRead,
  kWrite,
  kTruncate,
  kSync,
  kFileSize,
  kLock,
  kUnlock,
  kCheckReservedLock,
  kShmMap,
  kShmLock,    // acquiring
  kShmUnlock,  // xShmLock that gives back
  kShmBarrier,
  kShmUnmap,
  kFetch,
  kUnfetch,
  kFileControl,
  kSleep,
  kTime,
};

struct VfsCall {
  VfsCallKind kind = VfsCallKind::kOpen;
  FileRole role = FileRole::kDatabase;
  std::int64_t offset = 0;  // reads, writes: bytes; truncate: the new size;
                            // locks: the level, or the first slot
  std::int64_t amount = 0;  // reads, writes: bytes; shm locks: slots
  // open, delete, sync: whether the directory is synced with it
  bool syncs_directory = false;
  bool extends = false;  // shm_map
  int database = 0;      // whose file it is (store/attached.h)

  bool operator==(const VfsCall&) const = default;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_VFS_CALL_H_
