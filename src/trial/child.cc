#include "trial/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit {
namespace {

void StartTimer(absl::Duration timeout) {
  signal(SIGALRM, SIG_DFL);
  itimerval timer = {};
  timer.it_value = absl::ToTimeval(timeout);
  setitimer(ITIMER_REAL, &timer, nullptr);
}

ChildReport ReportOf(int wait_status) {
  if (WIFEXITED(wait_status)) {
    const int code = WEXITSTATUS(wait_status);
    if (code == 0) return {};
    return {ChildEnd::kCrashed, absl::StrCat("exit code ", code), ""};
  }
  const int signal = WTERMSIG(wait_status);
  if (signal == SIGKILL) return {ChildEnd::kKilled, "SIGKILL", ""};
  if (signal == SIGALRM) return {ChildEnd::kHung, "its time was up", ""};
  const char* name = sigabbrev_np(signal);
  return {ChildEnd::kCrashed,
          name != nullptr ? absl::StrCat("SIG", name)
                          : absl::StrCat("signal ", signal),
          ""};
}

}  // namespace

absl::StatusOr<ChildRunner> ChildRunner::Create() {
  const int output = memfd_create("child-output", MFD_CLOEXEC);
  if (output < 0) return absl::ErrnoToStatus(errno, "memfd_create");
  return ChildRunner(output);
}

ChildRunner::ChildRunner(ChildRunner&& other) noexcept
    : output_(std::exchange(other.output_, -1)) {}

ChildRunner::~ChildRunner() {
  if (output_ >= 0) close(output_);
}

absl::StatusOr<ChildReport> ChildRunner::Run(absl::FunctionRef<void()> function,
                                             absl::Duration hang_timeout) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before prctl
    dup2(output_, STDOUT_FILENO);
    dup2(output_, STDERR_FILENO);
    StartTimer(hang_timeout);
    function();
    _exit(0);
  }
  int wait_status = 0;
  while (waitpid(child, &wait_status, 0) < 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "waitpid");
  }
  ChildReport report = ReportOf(wait_status);
  report.output = TakeOutput();
  return report;
}

std::string ChildRunner::TakeOutput() {
  constexpr std::size_t kShown = 4096;
  std::string text(kShown, '\0');
  const ssize_t size = pread(output_, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (size > 0) {
    // The child shares the offset; both start anew.
    if (ftruncate(output_, 0) != 0 || lseek(output_, 0, SEEK_SET) != 0) {
      text += "\n(output not cleared)";
    }
  }
  return text;
}

}  // namespace lastcommit
