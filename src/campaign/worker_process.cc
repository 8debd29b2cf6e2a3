#include "campaign/worker_process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/time/clock.h"

namespace lastcommit {

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(
    WorkerSlot& slot, const std::function<void(int socket)>& run) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "socketpair");
  }
  slot.phase = WorkerPhase::kIdle;
  std::fflush(nullptr);
  const pid_t supervisor = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    const int error = errno;
    close(ends[0]);
    close(ends[1]);
    return absl::ErrnoToStatus(error, "fork");
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != supervisor) _exit(1);  // it died before prctl
    // A terminal sends Ctrl-C to the whole process group, `timeout` its
    // SIGTERM; the supervisor decides.
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    close(ends[0]);
    run(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  return std::make_unique<WorkerProcess>(pid, ends[0], slot);
}

WorkerProcess::~WorkerProcess() {
  if (pid < 0) return;
  Kill();
  Wait();
}

void WorkerProcess::Kill() const { kill(pid, SIGKILL); }

int WorkerProcess::Wait() {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  pid = -1;
  socket.Close();
  return status;
}

bool WorkerProcess::HangsFor(absl::Duration timeout) {
  const absl::Time now = absl::Now();
  const std::uint64_t beats = slot.beats;
  if (beats != beats_seen_ || assigned.empty()) {
    silent_ = absl::ZeroDuration();
  } else if (looked_ != absl::InfinitePast()) {
    // A machine that slept, or a run that was stopped as a whole.
    silent_ +=
        std::clamp(now - looked_, absl::ZeroDuration(), absl::Seconds(1));
  }
  beats_seen_ = beats;
  looked_ = now;
  return silent_ > timeout;
}

}  // namespace lastcommit
