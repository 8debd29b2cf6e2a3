// File locks between the connections of a disk, as unixLock and posixUnlock of
// os_unix.c (3.41 and later) give them to connections of one process. Between
// processes the same requests are granted and refused there.
// https://sqlite.org/lockingv3.html

#include <sqlite3.h>

#include "disk/sim_files.h"

namespace lastcommit {
namespace {

constexpr int kPending = 3;  // SQLITE_LOCK_PENDING, which no caller asks for

// Its lock counts for the others.
void Count(SimFile& file) {
  SimInode& inode = *file.inode;
  ++inode.lock_holders;
  file.lock = SQLITE_LOCK_SHARED;
  if (inode.lock == SQLITE_LOCK_NONE) inode.lock = SQLITE_LOCK_SHARED;
}

void Uncount(SimFile& file) {
  SimInode& inode = *file.inode;
  if (file.lock > SQLITE_LOCK_SHARED) inode.lock = SQLITE_LOCK_SHARED;
  if (--inode.lock_holders == 0) inode.lock = SQLITE_LOCK_NONE;
}

int Acquire(SimFile& file, int level) {
  SimInode& inode = *file.inode;
  if (file.lock >= level) return SQLITE_OK;
  if (file.has_lost_lock) {
    if (inode.lock > SQLITE_LOCK_SHARED) return SQLITE_BUSY;
    file.has_lost_lock = false;
    Count(file);
  }
  // Another connection has more than a shared lock, or would have to give way.
  if (file.lock != inode.lock &&
      (inode.lock >= kPending || level > SQLITE_LOCK_SHARED)) {
    return SQLITE_BUSY;
  }
  if (level == SQLITE_LOCK_SHARED) {
    Count(file);
    return SQLITE_OK;
  }
  if (level == SQLITE_LOCK_EXCLUSIVE) {
    // New readers are kept out while the old ones finish: also when this
    // request fails. Who rolls back a hot journal comes from SHARED and takes
    // no PENDING lock, since 3.41.0.
    if (file.lock == SQLITE_LOCK_RESERVED) file.lock = inode.lock = kPending;
    if (inode.lock_holders > 1) return SQLITE_BUSY;
  }
  file.lock = inode.lock = level;
  return SQLITE_OK;
}

}  // namespace

void ReleaseLock(SimFile& file, int level) {
  SimInode& inode = *file.inode;
  if (file.lock <= level) return;
  if (file.has_lost_lock) {
    file.has_lost_lock = level != SQLITE_LOCK_NONE;
  } else if (level == SQLITE_LOCK_NONE) {
    Uncount(file);
  } else {
    inode.lock = SQLITE_LOCK_SHARED;
  }
  file.lock = level;
}

void LoseLocks(const SimFile& closed) {
  for (SimFile* file : closed.disk->files) {
    if (file->inode != closed.inode || file->owner != closed.owner ||
        file->lock == SQLITE_LOCK_NONE || file->has_lost_lock) {
      continue;
    }
    Uncount(*file);
    file->has_lost_lock = true;
  }
}

int SimLock(sqlite3_file* base, int level) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kLock);
  call.offset = level;
  return Observed(*file.disk, call, [&] {
    return file.has_locks ? Acquire(file, level) : SQLITE_OK;
  });
}

int SimUnlock(sqlite3_file* base, int level) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kUnlock);
  call.offset = level;
  return Observed(
      *file.disk, call,
      [&] {
        if (file.has_locks) ReleaseLock(file, level);
        return SQLITE_OK;
      },
      OnError::kPerform);
}

int SimCheckReservedLock(sqlite3_file* base, int* is_reserved) {
  SimFile& file = Sim(base);
  *is_reserved = 0;
  return Observed(*file.disk, file.Call(VfsCallKind::kCheckReservedLock), [&] {
    const bool is_taken =
        file.has_locks && file.inode->lock > SQLITE_LOCK_SHARED;
    *is_reserved = is_taken ? 1 : 0;
    return SQLITE_OK;
  });
}

}  // namespace lastcommit
