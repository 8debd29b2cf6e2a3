// SimVfs: an SQLite VFS on a Storage, all in memory. It behaves as SQLite's
// "unix" VFS does on Linux (os_unix.c of the SQLite in use): locks between the
// connections of a disk, shared memory, when a directory is synced, the sector
// size and device characteristics; time, sleep and randomness are virtual.
//
// Each SimDisk is a machine of its own; files stay with the disk they were
// opened on. Single-threaded. docs/fault-model.md says what it may do.

#ifndef LASTCOMMIT_DISK_SIM_VFS_H_
#define LASTCOMMIT_DISK_SIM_VFS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "disk/shim_vfs.h"
#include "disk/storage.h"
#include "disk/vfs_call.h"

namespace lastcommit {

class LockWatch;

// The call as the shim over "unix" counts it; nullopt if it does not. A plan
// means the same place on both.
std::optional<IoCall> Counted(const VfsCall& call);

class SimObserver {
 public:
  virtual ~SimObserver() = default;
  // Before the call has any effect. SQLITE_OK lets it go on; another result is
  // what SQLite gets; but what gives something back (close, unlock, shm_unlock,
  // shm_unmap) and time take place whatever it is. May never return.
  virtual int BeforeCall(const VfsCall& call) = 0;
  // For a write: how many of its bytes are written before DuringCall; nullopt
  // = it is not divided. If it goes on it is one change of the storage again.
  // For a sync that also syncs the directory DuringCall comes between the two,
  // without asking.
  virtual std::optional<std::int64_t> Divide(const VfsCall& call) = 0;
  // As BeforeCall: another result than SQLITE_OK ends the call there.
  virtual int DuringCall(const VfsCall& call) = 0;
  // After every BeforeCall, with what SQLite gets.
  virtual void AfterCall(const VfsCall& call, int result) = 0;
};

class SimDisk {
 public:
  explicit SimDisk(Storage storage);
  ~SimDisk();  // every file of it must be closed, or never be used again
  SimDisk(const SimDisk&) = delete;
  SimDisk& operator=(const SimDisk&) = delete;

  Storage& storage();
  void set_observer(SimObserver* observer);  // not owned; nullptr = none
  void set_lock_watch(LockWatch* watch);     // the same
  // A sync of such a file returns SQLITE_OK and makes nothing durable: the disk
  // of a planted bug. The observer sees nothing of it.
  void DropSyncsOf(FileRole role);
  void DropDirectorySyncs();
  // As planted bugs: exclusive locks of the wal-index are given to everybody;
  // a close ends all locks that its client has on the file, as POSIX has it.
  void ShareIndexLocks();
  void LoseLocksOnClose();
  // The client that owns the files that are opened from now on.
  void set_owner(int owner);
  // The process of that client is gone: its locks fall, and shared memory stays
  // for as long as others have it. Its files must never be used again.
  void KillOwner(int owner);
  // What another program does that removes a file of a database, or its
  // wal-index: those who have it open keep it, without a name. False if there
  // is none. No call that the observer sees.
  bool Remove(const std::string& path);
  // The wal-index of a database that is there, as others who have it open share
  // it: whoever opens the database now is not the first.
  void SetIndex(const std::string& database, std::string_view index);
  // A disk of that many sectors; writes that need more get SQLITE_FULL with
  // what fits written. -1 = no limit.
  void set_capacity_sectors(std::int64_t sectors);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Registers the VFS "lastcommit-sim". Once, after RegisterShimVfs.
absl::Status RegisterSimVfs();

// From now on the default VFS opens files on `disk`; nullptr: the shim over
// "unix" is the default again. Not owned.
void UseSimDisk(SimDisk* disk);

// A process that begins: seeds the VFS's and SQLite's own generator, and sets
// the virtual clock. `seed` != 0.
void BeginSimLifetime(std::uint32_t seed);

// Where databases are on a SimDisk: a name that no file system has, so that
// what goes past the VFS finds nothing.
inline constexpr char kSimDatabase[] = "/dev/null/lastcommit/state.db";

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SIM_VFS_H_
