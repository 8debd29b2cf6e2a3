#include "hand_loop.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <utility>

#include "replay.h"
#include "status/status.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

constexpr std::string_view kDatabase = "/db/state.db";
constexpr std::string_view kCopy = "/copy/state.db";

using WriteCall = ssize_t (*)(int, const void*, std::size_t, off64_t);
WriteCall g_write = nullptr;
std::int64_t g_writes_left = 0;

ssize_t WriteOrDie(int file, const void* bytes, std::size_t size,
                   off64_t offset) {
  if (--g_writes_left == 0) kill(getpid(), SIGKILL);
  return g_write(file, bytes, size, offset);
}

void DieAtWrite(std::int64_t n) {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  g_writes_left = n;
  g_write = reinterpret_cast<WriteCall>(vfs->xGetSystemCall(vfs, "pwrite64"));
  vfs->xSetSystemCall(vfs, "pwrite64",
                      reinterpret_cast<sqlite3_syscall_ptr>(WriteOrDie));
}

// Runs `function` in a child; its wait status.
template <typename Function>
absl::StatusOr<int> InChild(Function function) {
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    const absl::Status status = function();
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    _exit(status.ok() ? 0 : 2);
  }
  int wait_status = 0;
  if (waitpid(child, &wait_status, 0) != child) {
    return absl::ErrnoToStatus(errno, "waitpid");
  }
  return wait_status;
}

}  // namespace

absl::StatusOr<HandLoop> HandLoop::Create(const Tape& tape,
                                          const std::string& directory) {
  const std::span<const Call> calls = tape.calls;
  const auto recovery = std::find_if(
      calls.begin(), calls.end(),
      [&](const Call& call) { return call.process != calls.front().process; });
  if (recovery == calls.end()) {
    return absl::InvalidArgumentError("not a plan with a crash");
  }
  std::string_view trial = FileOf(calls.front().text);
  if (!trial.ends_with(kDatabase)) {
    return absl::InternalError("not a trial's database: " + std::string(trial));
  }
  trial.remove_suffix(kDatabase.size());
  HandLoop loop;
  const auto killed = static_cast<std::size_t>(recovery - calls.begin());
  loop.killed_ = calls.first(killed);
  loop.recovery_ = calls.subspan(killed);
  loop.trial_ = trial;
  loop.directory_ = directory + "/hand";
  return loop;
}

// The examination reads a copy, and the saver then the database itself.
absl::Status HandLoop::Recover() const {
  Replay replay(trial_, directory_);
  for (const Call& call : recovery_) {
    if (call.made != 0 && call.text.ends_with(kCopy)) {
      RETURN_IF_ERROR(CopyDirectory(directory_ + "/db", directory_ + "/copy",
                                    CopyWhat::kAll));
    }
    RETURN_IF_ERROR(replay.Run({&call, 1}));
  }
  return absl::OkStatus();
}

absl::Status HandLoop::RunOnce() {
  mkdir(directory_.c_str(), S_IRWXU);
  mkdir((directory_ + "/db").c_str(), S_IRWXU);
  ASSIGN_OR_RETURN(const int killed, InChild([&] {
                     DieAtWrite(kill_at_write_);
                     return Replay(trial_, directory_).Run(killed_);
                   }));
  ASSIGN_OR_RETURN(const int recovered, InChild([&] { return Recover(); }));
  RemoveDirectory(directory_);
  if (!WIFSIGNALED(killed) || WTERMSIG(killed) != SIGKILL) {
    return absl::InternalError(
        "the hand loop was not killed: does this SQLite call pwrite64?");
  }
  if (!WIFEXITED(recovered) || WEXITSTATUS(recovered) != 0) {
    return absl::InternalError("the hand loop did not recover");
  }
  return absl::OkStatus();
}

}  // namespace lastcommit
