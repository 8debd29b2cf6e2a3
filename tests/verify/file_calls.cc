#include "verify/file_calls.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

constexpr unsigned kMostSeconds = 120;
constexpr int kNone = -1;

// One path of a call, and where the call has it.
struct Operand {
  int directory = kNone;  // the argument that is a descriptor; kNone: cwd
  int path = kNone;       // kNone: `directory` itself is meant
};

enum class Effect { kChange, kOpen, kOpenByStruct };

struct CallKind {
  std::uint64_t number;
  const char* name;
  Effect effect;
  std::vector<Operand> operands;
  int flags = kNone;  // of kOpen and kOpenByStruct
};

#define CALL(name) static_cast<std::uint64_t>(SYS_##name), #name
const std::vector<CallKind>& CallKinds() {
  static const auto& kinds = *new std::vector<CallKind>{
      {CALL(openat), Effect::kOpen, {{0, 1}}, 2},
      {CALL(openat2), Effect::kOpenByStruct, {{0, 1}}, 2},
      {CALL(unlinkat), Effect::kChange, {{0, 1}}},
      {CALL(renameat2), Effect::kChange, {{0, 1}, {2, 3}}},
      {CALL(mkdirat), Effect::kChange, {{0, 1}}},
      {CALL(linkat), Effect::kChange, {{0, 1}, {2, 3}}},
      {CALL(symlinkat), Effect::kChange, {{1, 2}}},
      {CALL(mknodat), Effect::kChange, {{0, 1}}},
      {CALL(truncate), Effect::kChange, {{kNone, 0}}},
      {CALL(ftruncate), Effect::kChange, {{0, kNone}}},
      {CALL(fallocate), Effect::kChange, {{0, kNone}}},
      {CALL(fchmod), Effect::kChange, {{0, kNone}}},
      {CALL(fchmodat), Effect::kChange, {{0, 1}}},
      {CALL(fchown), Effect::kChange, {{0, kNone}}},
      {CALL(fchownat), Effect::kChange, {{0, 1}}},
      {CALL(utimensat), Effect::kChange, {{0, 1}}},
      {CALL(setxattr), Effect::kChange, {{kNone, 0}}},
      {CALL(fsetxattr), Effect::kChange, {{0, kNone}}},
// The older ones, which not every machine has.
#ifdef SYS_open
      {CALL(open), Effect::kOpen, {{kNone, 0}}, 1},
      {CALL(creat), Effect::kChange, {{kNone, 0}}},
      {CALL(unlink), Effect::kChange, {{kNone, 0}}},
      {CALL(rename), Effect::kChange, {{kNone, 0}, {kNone, 1}}},
      {CALL(mkdir), Effect::kChange, {{kNone, 0}}},
      {CALL(rmdir), Effect::kChange, {{kNone, 0}}},
      {CALL(link), Effect::kChange, {{kNone, 0}, {kNone, 1}}},
      {CALL(symlink), Effect::kChange, {{kNone, 1}}},
      {CALL(mknod), Effect::kChange, {{kNone, 0}}},
      {CALL(chmod), Effect::kChange, {{kNone, 0}}},
      {CALL(chown), Effect::kChange, {{kNone, 0}}},
      {CALL(lchown), Effect::kChange, {{kNone, 0}}},
      {CALL(utime), Effect::kChange, {{kNone, 0}}},
      {CALL(utimes), Effect::kChange, {{kNone, 0}}},
#endif
#ifdef SYS_renameat
      {CALL(renameat), Effect::kChange, {{0, 1}, {2, 3}}},
#endif
  };
  return kinds;
}
#undef CALL

// Up to `size` bytes of its memory; fewer where a mapping ends.
std::string Memory(pid_t process, std::uint64_t address, std::size_t size) {
  std::string bytes(size, '\0');
  const int memory = open(absl::StrCat("/proc/", process, "/mem").c_str(),
                          O_RDONLY | O_CLOEXEC);
  const ssize_t got =
      pread(memory, bytes.data(), size, static_cast<off_t>(address));
  close(memory);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

// What /proc says a link leads to, such as "cwd" or "fd/3".
std::string Linked(pid_t process, const std::string& name) {
  std::error_code ignored;
  return std::filesystem::read_symlink(
      absl::StrCat("/proc/", process, "/", name), ignored);
}

class Tracer {
 public:
  WatchedRun Run(pid_t first) {
    ptrace(PTRACE_SETOPTIONS, first, nullptr,
           PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
               PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE);
    known_.insert(first);
    Continue(first, 0);
    int status = 0;
    while (true) {
      const pid_t process = waitpid(-1, &status, __WALL);
      if (process < 0 && errno == EINTR) continue;
      if (process < 0) return std::move(run_);  // there is none left
      if (WIFSTOPPED(status)) {
        Continue(process, SignalAfter(process, status));
      } else if (process == first && WIFEXITED(status)) {
        run_.exit_code = WEXITSTATUS(status);
      }
    }
  }

 private:
  static void Continue(pid_t process, int signal) {
    ptrace(PTRACE_SYSCALL, process, nullptr, signal);
  }

  // Which signal it gets when it goes on: those of the tracing are none of its.
  int SignalAfter(pid_t process, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      TakeCall(process);
      return 0;
    }
    const bool is_event = status >> 16 != 0;
    const bool is_new = known_.insert(process).second;
    return is_event || (is_new && signal == SIGSTOP) ? 0 : signal;
  }

  void TakeCall(pid_t process) {
    __ptrace_syscall_info info = {};
    ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof(info), &info);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
    for (const CallKind& kind : CallKinds()) {
      if (kind.number != info.entry.nr) continue;
      const bool changes = Changes(process, kind, info.entry.args);
      for (const Operand& operand : kind.operands) {
        run_.calls.push_back({kind.name,
                              PathOf(process, kind, operand, info.entry.args),
                              changes});
      }
    }
  }

  static bool Changes(pid_t process, const CallKind& kind,
                      const std::uint64_t* arguments) {
    if (kind.effect == Effect::kChange) return true;
    std::uint64_t flags = arguments[kind.flags];
    if (kind.effect == Effect::kOpenByStruct) {
      const std::string how = Memory(process, flags, sizeof(flags));
      std::memcpy(&flags, how.data(), how.size());
    }
    return (flags & O_ACCMODE) != O_RDONLY ||
           (flags & (O_CREAT | O_TRUNC)) != 0;
  }

  static std::string PathOf(pid_t process, const CallKind& kind,
                            const Operand& operand,
                            const std::uint64_t* arguments) {
    const int directory = operand.directory == kNone
                              ? AT_FDCWD
                              : static_cast<int>(arguments[operand.directory]);
    const std::filesystem::path base =
        Linked(process,
               directory == AT_FDCWD ? "cwd" : absl::StrCat("fd/", directory));
    if (operand.path == kNone || arguments[operand.path] == 0) return base;
    const std::string memory =
        Memory(process, arguments[operand.path], PATH_MAX);
    const std::filesystem::path path = base / memory.c_str();
    std::error_code error;
    const auto resolved =
        kind.effect == Effect::kChange
            ? std::filesystem::weakly_canonical(path.parent_path(), error) /
                  path.filename()
            : std::filesystem::weakly_canonical(path, error);
    return error ? path : resolved;
  }

  WatchedRun run_;
  std::set<pid_t> known_;
};

}  // namespace

absl::StatusOr<WatchedRun> WatchFileCalls(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    alarm(kMostSeconds);
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(127);
    raise(SIGSTOP);
    _exit(work());
  }
  int status = 0;
  while (waitpid(child, &status, __WALL) < 0 && errno == EINTR) {
  }
  if (!WIFSTOPPED(status)) {
    return absl::UnavailableError("tracing is not allowed here");
  }
  return Tracer().Run(child);
}

}  // namespace lastcommit
