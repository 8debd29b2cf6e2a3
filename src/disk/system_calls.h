// Beneath SQLite's "unix" VFS: what it really asks the kernel to do. The calls
// that open, change, sync and remove files, that read and that lock are named
// to an observer, which may let one fail, shorten it or leave it out.
//
// Install in a child, after fork(): SQLite's table of system calls is global
// (https://sqlite.org/c3ref/vfs.html, xSetSystemCall). It has no fsync and no
// fdatasync: these two are defined here, for the whole program.

#ifndef LASTCOMMIT_DISK_SYSTEM_CALLS_H_
#define LASTCOMMIT_DISK_SYSTEM_CALLS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace lastcommit {

enum class SystemCallKind {
  kOpen,
  kClose,
  kRead,
  kWrite,
  kTruncate,  // or growth
  kSync,
  kUnlink,
  kLock,  // acquiring, or going on to a stronger one
};

struct SystemCall {
  SystemCallKind kind = SystemCallKind::kOpen;
  // Of the file; the one that an open descriptor was opened with.
  std::string_view path = {};
  int descriptor = -1;          // an open has none yet
  std::int64_t offset = 0;      // reads, writes; truncate: the new size
  std::int64_t amount = 0;      // reads, writes: bytes
  std::string_view bytes = {};  // that are to be written
  bool is_directory = false;
  bool creates = false;  // open: there was no such file
};

// What comes of a call.
struct SystemCallAnswer {
  int error = 0;              // an errno: it fails with that, undone
  std::int64_t most = -1;     // reads, writes: bytes at most; -1 = all
  bool is_swallowed = false;  // success is returned, and nothing was done
};

class SystemCallObserver {
 public:
  virtual ~SystemCallObserver() = default;
  virtual SystemCallAnswer BeforeCall(const SystemCall& call) = 0;
  // What the kernel returned; an open's is the descriptor. Not for calls that
  // were answered with an error or swallowed.
  virtual void AfterCall(const SystemCall& call, std::int64_t result) = 0;
};

// Of files that are opened from now on. Not owned; once a process. Internal if
// SQLite refuses.
absl::Status InstallSystemCalls(SystemCallObserver* observer);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_SYSTEM_CALLS_H_
