// The insides of a SimDisk, for the sources of SimVfs only: what its open files
// share, and how calls reach the observer.
//
// An observer may never return (a client that is dead is left where it is), so
// nothing that must be destroyed is alive while one is asked. The memory that a
// call takes is the disk's, and that does not fail: NewMustNotFail.

#ifndef LASTCOMMIT_DISK_SIM_FILES_H_
#define LASTCOMMIT_DISK_SIM_FILES_H_

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "disk/lock_watch.h"
#include "disk/memory_faults.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "disk/storage.h"

namespace lastcommit {

inline constexpr char kSimVfsName[] = "lastcommit-sim";
// What Storage counts as a sector.
inline constexpr std::int64_t kSimSector = 4096;

struct SimFile;

// The wal-index of a database: memory that its connections share.
struct SimShm {
  std::vector<std::unique_ptr<char[]>> regions;
  std::int64_t sectors = 0;  // what it costs
  int users = 0;
  bool is_nameless = false;  // its file was removed
  // How many hold the slot shared; -1: one holds it exclusively.
  std::array<int, SQLITE_SHM_NLOCK> locks = {};
};

// What those who have one file open share.
struct SimInode {
  InodeId id = kNoInode;
  int users = 0;
  bool is_nameless = false;  // anonymous or unlinked
  SimShm shm;
};

struct SimDisk::Impl {
  explicit Impl(Storage s) : storage(std::move(s)) {}

  Storage storage;
  SimObserver* observer = nullptr;
  LockWatch* lock_watch = nullptr;
  std::array<bool, 6> drops_syncs = {};  // by FileRole
  bool drops_directory_syncs = false;
  bool shares_index_locks = false;
  bool loses_locks_on_close = false;
  std::int64_t capacity_sectors = -1;
  std::int64_t shm_sectors = 0;
  std::map<InodeId, SimInode> open;
  int owner = 0;                // of files that are opened
  std::vector<SimFile*> files;  // open ones
  // As it was before a write of which only a part was done yet.
  std::optional<Storage> undivided;

  SimInode& Use(InodeId id);
  void Unuse(SimInode& inode);
  void Unlink(const std::string& path, InodeId id);
  // The database whose wal-index has that name; nullptr if there is none.
  SimInode* FindIndex(const std::string& name);
  std::int64_t FreeSectors() const;
};

// An open file, in memory that SQLite gives and takes without a destructor.
struct SimFile {
  sqlite3_file base;
  SimDisk::Impl* disk;
  SimInode* inode;
  int owner;         // which client opened it
  const char* path;  // SQLite keeps it; nullptr: anonymous
  FileRole role;
  int database;    // VfsCall::database
  bool has_locks;  // databases have, other files always get what they ask for
  bool is_read_only;
  bool syncs_directory;  // at its next sync
  bool is_powersafe;
  bool keeps_wal;
  bool has_shm;
  int lock;
  bool has_reserved_byte;      // it came to `lock` by way of RESERVED
  bool has_lost_lock;          // it thinks that it has `lock`
  std::uint32_t shared_slots;  // of the wal-index
  std::uint32_t exclusive_slots;

  VfsCall Call(VfsCallKind kind) const {
    VfsCall call;
    call.kind = kind;
    call.role = role;
    call.database = database;
    return call;
  }
};

inline SimFile& Sim(sqlite3_file* file) {
  return *reinterpret_cast<SimFile*>(file);
}

// Whether a call takes place even when the observer says that it fails: one
// that gives something back, which SQLite does not try again.
enum class OnError { kSkip, kPerform };

// Runs `perform` between the observer's calls.
template <typename Perform>
int Observed(SimDisk::Impl& disk, const VfsCall& call, Perform perform,
             OnError on_error = OnError::kSkip) {
  const NewMustNotFail must_not_fail;
  int result =
      disk.observer == nullptr ? SQLITE_OK : disk.observer->BeforeCall(call);
  if (result == SQLITE_OK) {
    result = perform();
  } else if (on_error == OnError::kPerform) {
    perform();
  }
  if (disk.observer != nullptr) disk.observer->AfterCall(call, result);
  return result;
}

// Tells the watcher of locks what became of a call.
inline int Watched(LockCall call, const SimFile& file, int result) {
  if (file.disk->lock_watch == nullptr) return result;
  call.file = &file;
  call.database = file.database;
  call.level = file.lock;
  file.disk->lock_watch->OnLockCall(call, result);
  return result;
}

// ---- sim_file.cc ----
// Gives up everything that it holds.
void Release(SimFile& file);
const sqlite3_io_methods* SimFileMethods();

// ---- sim_locks.cc: the methods of sqlite3_io_methods ----
int SimLock(sqlite3_file* base, int level);
int SimUnlock(sqlite3_file* base, int level);
int SimCheckReservedLock(sqlite3_file* base, int* is_reserved);
void ReleaseLock(SimFile& file, int level);
// Of a disk that loses locks: when `closed` is closed.
void LoseLocks(const SimFile& closed);

// ---- sim_shm.cc: the same ----
int SimShmMap(sqlite3_file* base, int region, int region_size, int extend,
              void volatile** memory);
int SimShmLock(sqlite3_file* base, int first, int count, int flags);
void SimShmBarrier(sqlite3_file* base);
int SimShmUnmap(sqlite3_file* base, int delete_flag);
void ReleaseShm(SimFile& file);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SIM_FILES_H_
