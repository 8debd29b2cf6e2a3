#include "record/child_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace lastcommit {
namespace {

constexpr timespec kTick = {0, 100'000'000};

}  // namespace

ChildSignals::ChildSignals() {
  sigemptyset(&set_);
  sigaddset(&set_, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set_, &before_);
}

void ChildSignals::Wait(int readable, int writable) const {
  if (readable < 0 && writable < 0) {
    sigtimedwait(&set_, nullptr, &kTick);
    return;
  }
  const int signals = signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
  pollfd all[] = {
      {signals, POLLIN, 0}, {readable, POLLIN, 0}, {writable, POLLOUT, 0}};
  ppoll(all, 3, &kTick, nullptr);
  // At the end of the terminal there is nothing more to wait for.
  if ((all[1].revents & POLLHUP) != 0) sigtimedwait(&set_, nullptr, &kTick);
  signalfd_siginfo taken = {};
  while (read(signals, &taken, sizeof(taken)) > 0) {
  }
  close(signals);
}

}  // namespace lastcommit
