#include "trial/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "disk/child_memory.h"
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

// Children with a process group of their own, which can be waited for and
// killed without touching others. Those that are left when it goes are killed.
class ChildGroup {
 public:
  struct Ended {
    std::size_t number = 0;  // in the order in which they joined
    ChildReport report;
  };

  ChildGroup() = default;
  ChildGroup(const ChildGroup&) = delete;
  ChildGroup& operator=(const ChildGroup&) = delete;
  ~ChildGroup() {
    Kill();
    while (left_ > 0 && Wait().ok()) {
    }
  }

  // Parent and child both say so: whichever comes first. The group lives on
  // when the first of it has ended, since nobody has waited for that one yet.
  void Join(pid_t child) {
    if (group_ == 0) group_ = child;
    setpgid(child, group_);
    children_.push_back(child);
    ++left_;
  }
  void Kill() const {
    if (left_ > 0) kill(-group_, SIGKILL);
  }

  absl::StatusOr<Ended> Wait() {
    int wait_status = 0;
    pid_t child = 0;
    while ((child = waitpid(-group_, &wait_status, 0)) < 0) {
      if (errno != EINTR) return absl::ErrnoToStatus(errno, "waitpid");
    }
    --left_;
    const auto found = std::find(children_.begin(), children_.end(), child);
    return Ended{static_cast<std::size_t>(found - children_.begin()),
                 ReportOf(wait_status)};
  }

 private:
  pid_t group_ = 0;
  std::vector<pid_t> children_;
  int left_ = 0;
};

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
  if (child == 0) RunChild(parent, function, hang_timeout);
  int wait_status = 0;
  while (waitpid(child, &wait_status, 0) < 0) {
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "waitpid");
  }
  ChildReport report = ReportOf(wait_status);
  report.output = TakeOutput();
  return report;
}

void ChildRunner::RunChild(pid_t parent, absl::FunctionRef<void()> function,
                           absl::Duration hang_timeout) const {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died before prctl
  dup2(output_, STDOUT_FILENO);
  dup2(output_, STDERR_FILENO);
  StartTimer(hang_timeout);
  UseChildMemory();
  function();
  _exit(0);
}

absl::StatusOr<std::vector<std::optional<ChildReport>>>
ChildRunner::RunTogether(
    int count, absl::FunctionRef<void(int)> function,
    absl::FunctionRef<bool(int, const ChildReport&)> others_go_on,
    absl::Duration hang_timeout) {
  const pid_t parent = getpid();
  ChildGroup group;
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child < 0) return absl::ErrnoToStatus(errno, "fork");
    if (child == 0) {
      group.Join(getpid());
      RunChild(
          parent, [&] { function(i); }, hang_timeout);
    }
    group.Join(child);
  }
  std::vector<std::optional<ChildReport>> reports(
      static_cast<std::size_t>(count));
  bool go_on = true;
  for (int left = count; left > 0; --left) {
    ASSIGN_OR_RETURN(const ChildGroup::Ended ended, group.Wait());
    if (!go_on) continue;
    ChildReport& report = reports[ended.number].emplace(ended.report);
    go_on = others_go_on(static_cast<int>(ended.number), report);
    if (!go_on) group.Kill();
  }
  const std::string output = TakeOutput();
  for (std::optional<ChildReport>& report : reports) {
    if (report.has_value()) report->output = output;
  }
  return reports;
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
