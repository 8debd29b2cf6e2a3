#include "trial/kill_timer.h"

#include <signal.h>
#include <time.h>

#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

}  // namespace

std::int64_t MonotonicNanoseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

void KillAt(std::int64_t due) {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer = {};
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const itimerspec when = {{}, {due / kSecond, due % kSecond}};
  CHECK(timer_settime(timer, TIMER_ABSTIME, &when, nullptr) == 0);
}

}  // namespace lastcommit
