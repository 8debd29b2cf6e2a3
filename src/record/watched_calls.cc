#include "record/watched_calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <vector>

namespace lastcommit {
namespace {

// An argument must have one of some bits, or be one of some values.
struct Condition {
  enum class Kind { kAlways, kBits, kBitsOfTwo, kValues };
  Kind kind = Kind::kAlways;
  int argument = 0;
  std::uint32_t first = 0;
  std::uint32_t second = 0;  // kBitsOfTwo: bits of the argument behind it
  std::uint32_t third = 0;
  std::uint32_t fourth = 0;
};

constexpr Condition kAlways = {};

// O_TMPFILE without the part that O_DIRECTORY has.
constexpr std::uint32_t kChangesOnOpen =
    O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);

constexpr Condition Opens(int argument) {
  return {Condition::Kind::kBits, argument, kChangesOnOpen};
}

constexpr Condition kLocks = {
    Condition::Kind::kValues, 1, F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW};
constexpr Condition kShared = {Condition::Kind::kBitsOfTwo, 2, PROT_WRITE,
                               MAP_SHARED};
constexpr Condition kClones = {Condition::Kind::kValues,
                               1,
                               static_cast<std::uint32_t>(FICLONE),
                               static_cast<std::uint32_t>(FICLONERANGE),
                               static_cast<std::uint32_t>(FICLONE),
                               static_cast<std::uint32_t>(FICLONE)};

struct Entry {
  std::int64_t number;
  WatchedCall call;
  std::string_view name;
  Condition condition = kAlways;
};

constexpr Entry kEntries[] = {
    {SYS_write, WatchedCall::kWrite, "write"},
    {SYS_pwrite64, WatchedCall::kPwrite, "pwrite64"},
    {SYS_writev, WatchedCall::kWritev, "writev"},
    {SYS_pwritev, WatchedCall::kPwritev, "pwritev"},
    {SYS_pwritev2, WatchedCall::kPwritev2, "pwritev2"},
    {SYS_openat, WatchedCall::kOpenat, "openat", Opens(2)},
    {SYS_openat2, WatchedCall::kOpenat2, "openat2"},
    {SYS_truncate, WatchedCall::kTruncate, "truncate"},
    {SYS_ftruncate, WatchedCall::kFtruncate, "ftruncate"},
    {SYS_fallocate, WatchedCall::kFallocate, "fallocate"},
    {SYS_unlinkat, WatchedCall::kUnlinkat, "unlinkat"},
    {SYS_renameat2, WatchedCall::kRenameat2, "renameat2"},
    {SYS_linkat, WatchedCall::kLinkat, "linkat"},
    {SYS_symlinkat, WatchedCall::kSymlinkat, "symlinkat"},
    {SYS_mkdirat, WatchedCall::kMkdirat, "mkdirat"},
    {SYS_mknodat, WatchedCall::kMknodat, "mknodat"},
    {SYS_fsync, WatchedCall::kFsync, "fsync"},
    {SYS_fdatasync, WatchedCall::kFdatasync, "fdatasync"},
    {SYS_sync, WatchedCall::kSync, "sync"},
    {SYS_syncfs, WatchedCall::kSyncfs, "syncfs"},
    {SYS_msync, WatchedCall::kMsync, "msync"},
    {SYS_copy_file_range, WatchedCall::kCopyFileRange, "copy_file_range"},
    {SYS_sendfile, WatchedCall::kSendfile, "sendfile"},
    {SYS_splice, WatchedCall::kSplice, "splice"},
    {SYS_fcntl, WatchedCall::kFcntl, "fcntl", kLocks},
    {SYS_flock, WatchedCall::kFlock, "flock"},
    {SYS_mmap, WatchedCall::kMmap, "mmap", kShared},
    {SYS_ioctl, WatchedCall::kIoctl, "ioctl", kClones},
    {SYS_sendto, WatchedCall::kSendto, "sendto"},
    {SYS_sendmsg, WatchedCall::kSendmsg, "sendmsg"},
    {SYS_sendmmsg, WatchedCall::kSendmmsg, "sendmmsg"},
    {SYS_nanosleep, WatchedCall::kNanosleep, "nanosleep"},
    {SYS_clock_nanosleep, WatchedCall::kClockNanosleep, "clock_nanosleep"},
    {SYS_ptrace, WatchedCall::kPtrace, "ptrace"},
#ifdef SYS_renameat
    {SYS_renameat, WatchedCall::kRenameat, "renameat"},
#endif
// Those that newer architectures have left out.
#ifdef SYS_open
    {SYS_open, WatchedCall::kOpen, "open", Opens(1)},
    {SYS_creat, WatchedCall::kCreat, "creat"},
    {SYS_unlink, WatchedCall::kUnlink, "unlink"},
    {SYS_rename, WatchedCall::kRename, "rename"},
    {SYS_link, WatchedCall::kLink, "link"},
    {SYS_symlink, WatchedCall::kSymlink, "symlink"},
    {SYS_mkdir, WatchedCall::kMkdir, "mkdir"},
    {SYS_rmdir, WatchedCall::kRmdir, "rmdir"},
    {SYS_mknod, WatchedCall::kMknod, "mknod"},
#endif
};

// Each gives a ring that is written to memory, not by calls.
constexpr std::int64_t kRefused[] = {SYS_io_uring_setup, SYS_io_uring_enter,
                                     SYS_io_uring_register, SYS_io_setup,
                                     SYS_io_submit};

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kForeignBit = 0x40000000;  // __X32_SYSCALL_BIT
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kForeignBit = 0x80000000;
#else
#error "the recorder knows x86-64 and arm64"
#endif

class Program {
 public:
  void Load(std::size_t offset) {
    code_.push_back(
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  // The lower half: both architectures are little-endian.
  void LoadArgument(int argument) {
    Load(offsetof(seccomp_data, args) +
         static_cast<std::size_t>(argument) * sizeof(std::uint64_t));
  }
  void Return(std::uint32_t what) {
    code_.push_back(BPF_STMT(BPF_RET | BPF_K, what));
  }
  // The next `count` instructions are only for those that have it.
  void IfEqual(std::uint32_t value, std::size_t count) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0,
                             static_cast<unsigned char>(count)));
  }
  void IfDifferent(std::uint32_t value, std::size_t count) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value,
                             static_cast<unsigned char>(count), 0));
  }
  void IfAnyBit(std::uint32_t bits, std::size_t count) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0,
                             static_cast<unsigned char>(count)));
  }
  void Append(const Program& block) {
    code_.insert(code_.end(), block.code_.begin(), block.code_.end());
  }
  std::size_t size() const { return code_.size(); }

  int Install() {
    sock_fprog program = {static_cast<std::uint16_t>(code_.size()),
                          code_.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0
               ? 0
               : errno;
  }

 private:
  std::vector<sock_filter> code_;
};

constexpr std::uint32_t kTrace = SECCOMP_RET_TRACE | kStopsForCall;

Program BlockOf(const Condition& condition) {
  Program block;
  switch (condition.kind) {
    case Condition::Kind::kAlways:
      block.Return(kTrace);
      return block;
    case Condition::Kind::kBits:
      block.LoadArgument(condition.argument);
      block.IfAnyBit(condition.first, 1);
      block.Return(kTrace);
      break;
    case Condition::Kind::kBitsOfTwo:
      block.LoadArgument(condition.argument);
      block.IfAnyBit(condition.first, 3);
      block.LoadArgument(condition.argument + 1);
      block.IfAnyBit(condition.second, 1);
      block.Return(kTrace);
      break;
    case Condition::Kind::kValues:
      block.LoadArgument(condition.argument);
      for (const std::uint32_t value : {condition.first, condition.second,
                                        condition.third, condition.fourth}) {
        block.IfEqual(value, 1);
        block.Return(kTrace);
      }
      break;
  }
  block.Return(SECCOMP_RET_ALLOW);
  return block;
}

Program Filter(bool with_sleeps) {
  Program program;
  program.Load(offsetof(seccomp_data, arch));
  program.IfDifferent(kArchitecture, 1);
  program.Return(SECCOMP_RET_TRACE | kStopsForForeign);
  program.Load(offsetof(seccomp_data, nr));
  program.IfAnyBit(kForeignBit, 1);
  program.Return(SECCOMP_RET_ERRNO | ENOSYS);
  for (const std::int64_t refused : kRefused) {
    program.IfEqual(static_cast<std::uint32_t>(refused), 1);
    program.Return(SECCOMP_RET_ERRNO | ENOSYS);
  }
  for (const Entry& entry : kEntries) {
    if (FamilyOf(entry.call) == CallFamily::kSleep && !with_sleeps) continue;
    const Program block = BlockOf(entry.condition);
    program.IfEqual(static_cast<std::uint32_t>(entry.number), block.size());
    program.Append(block);
  }
  program.Return(SECCOMP_RET_ALLOW);
  return program;
}

}  // namespace

std::optional<WatchedCall> WatchedCallOf(std::int64_t number) {
  for (const Entry& entry : kEntries) {
    if (entry.number == number) return entry.call;
  }
  return std::nullopt;
}

CallFamily FamilyOf(WatchedCall call) {
  switch (call) {
    case WatchedCall::kWrite:
    case WatchedCall::kPwrite:
    case WatchedCall::kWritev:
    case WatchedCall::kPwritev:
    case WatchedCall::kPwritev2:
    case WatchedCall::kCopyFileRange:
    case WatchedCall::kSendfile:
    case WatchedCall::kSplice:
    case WatchedCall::kSendto:
    case WatchedCall::kSendmsg:
    case WatchedCall::kSendmmsg:
      return CallFamily::kWrite;
    case WatchedCall::kOpen:
    case WatchedCall::kOpenat:
    case WatchedCall::kOpenat2:
    case WatchedCall::kCreat:
      return CallFamily::kOpen;
    case WatchedCall::kTruncate:
    case WatchedCall::kFtruncate:
      return CallFamily::kResize;
    case WatchedCall::kFallocate:
      return CallFamily::kAllocate;
    case WatchedCall::kFsync:
    case WatchedCall::kFdatasync:
    case WatchedCall::kSync:
    case WatchedCall::kSyncfs:
    case WatchedCall::kMsync:
      return CallFamily::kSync;
    case WatchedCall::kFcntl:
    case WatchedCall::kFlock:
      return CallFamily::kLock;
    case WatchedCall::kMmap:
      return CallFamily::kMap;
    case WatchedCall::kIoctl:
      return CallFamily::kClone;
    case WatchedCall::kNanosleep:
    case WatchedCall::kClockNanosleep:
      return CallFamily::kSleep;
    case WatchedCall::kPtrace:
      return CallFamily::kTrace;
    default:
      return CallFamily::kNames;
  }
}

std::string_view Name(WatchedCall call) {
  for (const Entry& entry : kEntries) {
    if (entry.call == call) return entry.name;
  }
  return "";
}

int InstallFilter(bool with_sleeps) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  return Filter(with_sleeps).Install();
}

}  // namespace lastcommit
