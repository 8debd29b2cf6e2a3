// File locks between the connections of a disk, as unixLock and posixUnlock of
// os_unix.c give them: to connections of one process, which ask each other, and
// to those of several, who ask the kernel. A process is a client.
// https://sqlite.org/lockingv3.html

#include <sqlite3.h>

#include <algorithm>

#include "disk/sim_files.h"

namespace lastcommit {
namespace {

constexpr int kPending = 3;  // SQLITE_LOCK_PENDING, which no caller asks for

// A connection that rolls back a hot journal, or closes a WAL, comes from
// SHARED and takes no PENDING lock on the way, since 3.41.0.
bool TakesPendingFromShared() {
  constexpr int kNoMoreVersion = 3041000;
  return sqlite3_libversion_number() < kNoMoreVersion;
}

// The locks on a file: of the connections of one process, and of all others.
struct Held {
  int own = SQLITE_LOCK_NONE;  // the highest
  int own_holders = 0;
  int others = SQLITE_LOCK_NONE;
  bool others_have_reserved_byte = false;
};

Held HeldOn(const SimFile& asked) {
  Held held;
  for (const SimFile* file : asked.disk->files) {
    if (file->inode != asked.inode || file->lock == SQLITE_LOCK_NONE ||
        file->has_lost_lock) {
      continue;
    }
    if (file->owner == asked.owner) {
      held.own = std::max(held.own, file->lock);
      ++held.own_holders;
    } else {
      held.others = std::max(held.others, file->lock);
      held.others_have_reserved_byte |= file->has_reserved_byte;
    }
  }
  return held;
}

// From SHARED or more. New readers of other processes are kept out while the
// old ones finish: also when this request fails.
int AcquireExclusive(SimFile& file, const Held& held) {
  if (file.lock == SQLITE_LOCK_RESERVED ||
      (file.lock < kPending && TakesPendingFromShared())) {
    if (held.others >= kPending) return SQLITE_BUSY;
    file.lock = kPending;
  }
  if (held.own_holders > 1 || held.others != SQLITE_LOCK_NONE) {
    return SQLITE_BUSY;
  }
  file.lock = SQLITE_LOCK_EXCLUSIVE;
  return SQLITE_OK;
}

int Acquire(SimFile& file, int level) {
  if (file.lock >= level) return SQLITE_OK;
  Held held = HeldOn(file);
  if (file.has_lost_lock) {
    if (std::max(held.own, held.others) > SQLITE_LOCK_SHARED) {
      return SQLITE_BUSY;
    }
    file.has_lost_lock = false;
    file.lock = SQLITE_LOCK_SHARED;
    held = HeldOn(file);
  }
  // Another connection of this process has more than a shared lock, or would
  // have to give way.
  if (file.lock != held.own &&
      (held.own >= kPending || level > SQLITE_LOCK_SHARED)) {
    return SQLITE_BUSY;
  }
  switch (level) {
    case SQLITE_LOCK_SHARED:
      // A process that reads already does not ask the kernel again.
      if (held.own == SQLITE_LOCK_NONE && held.others >= kPending) {
        return SQLITE_BUSY;
      }
      break;
    case SQLITE_LOCK_RESERVED:
      if (held.others_have_reserved_byte) return SQLITE_BUSY;
      file.has_reserved_byte = true;
      break;
    default:
      return AcquireExclusive(file, held);
  }
  file.lock = level;
  return SQLITE_OK;
}

}  // namespace

void ReleaseLock(SimFile& file, int level) {
  if (file.lock <= level) return;
  if (file.has_lost_lock) file.has_lost_lock = level != SQLITE_LOCK_NONE;
  file.has_reserved_byte = false;
  file.lock = level;
}

void LoseLocks(const SimFile& closed) {
  for (SimFile* file : closed.disk->files) {
    if (file->inode == closed.inode && file->owner == closed.owner &&
        file->lock != SQLITE_LOCK_NONE) {
      file->has_lost_lock = true;
    }
  }
}

int SimLock(sqlite3_file* base, int level) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kLock);
  call.offset = level;
  return Observed(*file.disk, call, [&] {
    if (!file.has_locks) return SQLITE_OK;
    LockCall asked = {LockCallKind::kLock};
    asked.asked_level = level;
    const int result = Acquire(file, level);
    return Watched(asked, file, result);
  });
}

int SimUnlock(sqlite3_file* base, int level) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kUnlock);
  call.offset = level;
  return Observed(
      *file.disk, call,
      [&] {
        if (!file.has_locks) return SQLITE_OK;
        ReleaseLock(file, level);
        LockCall asked = {LockCallKind::kUnlock};
        asked.asked_level = level;
        return Watched(asked, file, SQLITE_OK);
      },
      OnError::kPerform);
}

int SimCheckReservedLock(sqlite3_file* base, int* is_reserved) {
  SimFile& file = Sim(base);
  *is_reserved = 0;
  return Observed(*file.disk, file.Call(VfsCallKind::kCheckReservedLock), [&] {
    const Held held = HeldOn(file);
    const bool is_taken = file.has_locks && (held.own > SQLITE_LOCK_SHARED ||
                                             held.others_have_reserved_byte);
    *is_reserved = is_taken ? 1 : 0;
    return SQLITE_OK;
  });
}

}  // namespace lastcommit
