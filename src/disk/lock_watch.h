// LockWatch: hears what becomes of every lock that SQLite asks its VFS for, of
// database files and of the wal-index, whichever VFS that is. Called while
// nobody else can go on: what it hears is what holds when the call returns.

#ifndef LASTCOMMIT_DISK_LOCK_WATCH_H_
#define LASTCOMMIT_DISK_LOCK_WATCH_H_

namespace lastcommit {

enum class LockCallKind {
  kLock,
  kUnlock,
  kIndexMap,
  kIndexLock,
  kIndexUnlock,
  kIndexUnmap,
  kClose,
};

struct LockCall {
  LockCallKind kind = LockCallKind::kLock;
  const void* file = nullptr;  // tells the open files of a process apart
  // kLock, kUnlock: the level that was asked for, SQLITE_LOCK_*, and the one
  // that the file has now. A refused EXCLUSIVE may leave PENDING.
  int asked_level = 0;
  int level = 0;
  // kIndexLock, kIndexUnlock.
  int first_slot = 0;
  int slots = 0;
  bool is_exclusive = false;
  int database = 0;  // whose file it is (store/attached.h)
};

class LockWatch {
 public:
  virtual ~LockWatch() = default;
  // After the call; `result` is SQLite's, SQLITE_BUSY if it was refused. Not of
  // calls that were made to fail without being tried.
  virtual void OnLockCall(const LockCall& call, int result) = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_LOCK_WATCH_H_
