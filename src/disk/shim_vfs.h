// The shim VFS: SQLite's default VFS here, a thin layer over the real "unix"
// one. It names every I/O call that changes files to an observer, which may
// end the process before, in the middle of, or after it, and every call at all
// to another one, which may let others go on meanwhile. Without observers it
// only passes calls on. Randomness comes from a seed, so that the bytes of a
// trial are the same each time; time can be virtual.
//
// One shim a process. Install observers after fork(), in the child; calls reach
// them on the thread that made them.

#ifndef LASTCOMMIT_DISK_SHIM_VFS_H_
#define LASTCOMMIT_DISK_SHIM_VFS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "disk/virtual_time.h"

namespace lastcommit {

// The I/O calls that are counted: those after which files look different or
// are more durable. Reads, locks and closes leave nothing for a kill to see.
enum class IoKind { kOpen, kWrite, kTruncate, kSync, kDelete, kShmMap };
enum class FileRole {
  kDatabase,
  kJournal,
  kWal,
  kShm,
  kTemporary,
  // https://sqlite.org/atomiccommit.html#multi_file_commit
  kSuperJournal,
};

struct IoCall {
  IoKind kind = IoKind::kOpen;
  FileRole role = FileRole::kDatabase;
  std::int64_t offset = 0;  // writes: bytes; truncate: the new size
  std::int64_t amount = 0;  // writes: bytes
  // A sync of a file and then of its directory, between which one can die. The
  // shim does not know.
  bool has_two_parts = false;
  // sync, delete: the shim knows from how the file was opened that "unix" syncs
  // the directory, too.
  bool syncs_directory = false;
  int database = 0;  // whose file it is (store/attached.h)
};

std::string_view Name(IoKind kind);
std::string_view Name(FileRole role);

class IoObserver {
 public:
  virtual ~IoObserver() = default;
  // Before the call. For a write, a value says how many bytes of it are
  // written before DuringCall is called instead of the rest.
  virtual std::optional<std::int64_t> BeforeCall(const IoCall& call) = 0;
  virtual void DuringCall(const IoCall& call) = 0;
  virtual void AfterCall(const IoCall& call) = 0;
  // Before AfterCall: what SQLite gets.
  virtual void OnResult(const IoCall& /*call*/, int /*result*/) {}
};

class LockWatch;
struct VfsCall;

// Hears of all calls, around the IoObserver: reads, locks and time too.
class VfsObserver {
 public:
  virtual ~VfsObserver() = default;
  virtual void BeforeCall(const VfsCall& call) = 0;
  virtual void AfterCall(const VfsCall& call) = 0;
};

// Registers the shim as SQLite's default VFS. Once, in main, before any
// database is opened. Internal if "unix" is missing or SQLite refuses.
absl::Status RegisterShimVfs();

// nullptr removes the observer. Not owned.
void SetIoObserver(IoObserver* observer);
void SetVfsObserver(VfsObserver* observer);  // the same
void SetLockWatch(LockWatch* watch);         // the same

// Whether files that are opened from now on tell SQLite that a write changes
// nothing beside it, as "unix" does by default (https://sqlite.org/psow.html).
// Their sector size "unix" lets nobody choose.
void PromisePowersafeOverwrite(bool is_promised);

// Whoever finds a lock busy sleeps some milliseconds, as SQLite and SqliteSaver
// do; from now on that many times shorter than is asked for, which they count
// in full: a busy timeout is as much shorter. kNoSleep: not at all, where
// nobody but this thread can give the lock back.
inline constexpr int kNoSleep = 0;
void DivideSleeps(int divisor);

// SQLite's clock from now on; who sleeps puts it forward and does not wait.
// nullptr: the real one. Not owned.
void UseVirtualTime(VirtualTime* time);

// Starts a simulated process lifetime: seeds the VFS's randomness and SQLite's
// own generator (which is global and carried over fork). `seed` != 0.
// https://sqlite.org/c3ref/c_testctrl_always.html
void SeedSqliteRandomness(std::uint32_t seed);

// Where SQLite puts its temporary files. A directory for each process: with
// equal seeds their names are equal.
// https://sqlite.org/c3ref/temp_directory.html
void SetSqliteTemporaryDirectory(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SHIM_VFS_H_
