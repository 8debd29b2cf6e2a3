#include "cli/supervised.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <new>

#include "status/status.h"

namespace lastcommit {

// In memory that both processes have.
struct Supervised::Shared {
  std::atomic<pid_t> child = 0;
  std::atomic<int> interrupts = 0;
  std::atomic<int> last = 0;  // the signal
  std::atomic<std::int64_t> since = 0;
  std::atomic<int> at = 0;
  std::atomic<std::uint64_t> call = 0;
};

namespace {

// timeout(1) and terminals may send a signal twice, which is one request.
constexpr std::int64_t kOneRequest = 200;  // milliseconds

// Of the one that runs; for the handler.
void* g_shared = nullptr;

std::int64_t Milliseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// Waits for what the work has left: processes that end when it dies. One that
// does not end is left alone.
void WaitForOrphans() {
  constexpr timespec kPatience = {.tv_sec = 2, .tv_nsec = 0};
  sigset_t child;
  sigset_t before;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, &before);
  do {
    pid_t gone = 0;
    while ((gone = waitpid(-1, nullptr, WNOHANG)) > 0) {
    }
    if (gone < 0 && errno == ECHILD) break;
  } while (sigtimedwait(&child, nullptr, &kPatience) == SIGCHLD ||
           errno == EINTR);
  sigprocmask(SIG_SETMASK, &before, nullptr);
}

void HandleBoth(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Supervised::Supervised() {
  void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  shared_ = new (memory) Shared;
  g_shared = shared_;
  HandleBoth(OnSignal);
}

Supervised::~Supervised() {
  HandleBoth(SIG_DFL);
  g_shared = nullptr;
  munmap(shared_, sizeof(Shared));
}

// Both processes have this handler, and a terminal sends the signal to both;
// they count it once.
void Supervised::OnSignal(int signal) {
  auto& shared = *static_cast<Shared*>(g_shared);
  const int error = errno;
  const std::int64_t now = Milliseconds();
  if (shared.interrupts == 0) {
    shared.since = now;
    shared.interrupts = 1;
  } else if (now - shared.since > kOneRequest) {
    shared.last = signal;
    if (shared.child > 0) kill(shared.child, SIGKILL);
  }
  errno = error;
}

absl::StatusOr<Supervised::End> Supervised::Run(
    const std::function<int()>& work) {
  std::fflush(stdout);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "cannot fork");
  if (child == 0) {
    shared_->child = getpid();
    // Without anybody who waits it ends as if it were asked to.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(1);
    const int code = work();
    std::fflush(stdout);
    _exit(code);
  }
  shared_->child = child;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  shared_->child = 0;
  End end;
  end.at = shared_->at;
  end.call = shared_->call;
  end.interrupt = shared_->last;
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
    WaitForOrphans();
  } else {
    end.exit_code = WEXITSTATUS(status);
  }
  return end;
}

bool Supervised::IsInterrupted() const { return shared_->interrupts > 0; }

void Supervised::At(int what, std::uint64_t call) {
  shared_->at = what;
  shared_->call = call;
}

}  // namespace lastcommit
