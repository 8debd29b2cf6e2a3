// The system calls that a recorder stops at, and the seccomp filter that stops
// there: those that change files or their names, make them durable, lock them,
// sleep, or carry something out of the process. All others run at full speed.
// What would go past the recorder (io_uring, libaio) is refused with ENOSYS.

#ifndef LASTCOMMIT_RECORD_WATCHED_CALLS_H_
#define LASTCOMMIT_RECORD_WATCHED_CALLS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace lastcommit {

enum class WatchedCall {
  kWrite,
  kPwrite,
  kWritev,
  kPwritev,
  kPwritev2,
  kOpen,  // only to create or to truncate, as the next
  kOpenat,
  kOpenat2,
  kCreat,
  kTruncate,
  kFtruncate,
  kFallocate,
  kUnlink,
  kUnlinkat,
  kRename,
  kRenameat,
  kRenameat2,
  kLink,
  kLinkat,
  kSymlink,
  kSymlinkat,
  kMkdir,
  kMkdirat,
  kRmdir,
  kMknod,
  kMknodat,
  kFsync,
  kFdatasync,
  kSync,
  kSyncfs,
  kMsync,
  kCopyFileRange,
  kSendfile,
  kSplice,
  kFcntl,  // only to lock
  kFlock,
  kMmap,   // only shared and for writing
  kIoctl,  // only to clone
  kSendto,
  kSendmsg,
  kSendmmsg,
  kNanosleep,
  kClockNanosleep,
  kPtrace,
};

// What a call is about, so that those of one kind are told from others in one
// place.
enum class CallFamily {
  kWrite,     // bytes go to a descriptor
  kOpen,      // a file may come to be, or lose its content
  kResize,    // truncate, ftruncate
  kAllocate,  // fallocate
  kNames,     // names come and go
  kSync,
  kLock,
  kMap,
  kClone,
  kSleep,
  kTrace,
};
CallFamily FamilyOf(WatchedCall call);

// That of a number of this machine; nullopt: the recorder does not stop there.
// NOLINTNEXTLINE(google-runtime-int): as syscall() has it
std::optional<WatchedCall> WatchedCallOf(std::int64_t number);
// "pwrite64".
std::string_view Name(WatchedCall call);

// What the filter stops at with a number that says why: a call of the table, or
// one of another architecture (a 32-bit program).
inline constexpr int kStopsForCall = 0;
inline constexpr int kStopsForForeign = 1;

// In the child, before it becomes the program: from now on it and all that come
// of it stop there, `with_sleeps` also where they sleep. 0, or the errno.
int InstallFilter(bool with_sleeps);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_WATCHED_CALLS_H_
