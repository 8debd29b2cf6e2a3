#include "record/one_cpu.h"

#include <cstddef>

namespace lastcommit {

OneCpu::OneCpu() {
  CPU_ZERO(&one_);
  const int cpu = sched_getcpu();
  if (cpu < 0 || sched_getaffinity(0, sizeof(before_), &before_) != 0) {
    CPU_ZERO(&before_);
    return;
  }
  CPU_SET(static_cast<std::size_t>(cpu), &one_);
  sched_setaffinity(0, sizeof(one_), &one_);
}

OneCpu::~OneCpu() {
  if (CPU_COUNT(&before_) > 0) sched_setaffinity(0, sizeof(before_), &before_);
}

// An empty set changes nothing.
void OneCpu::Bring(pid_t tid) const {
  sched_setaffinity(tid, sizeof(one_), &one_);
}

}  // namespace lastcommit
