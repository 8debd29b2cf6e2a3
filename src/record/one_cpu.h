// OneCpu: as long as it lives, its owner stays on the CPU where it is, and so
// do the threads that are to come to it. For two that go in turn: what wakes a
// thread on another CPU, which has gone to sleep meanwhile, takes longer than
// what is done in a turn.
//
// Where the kernel refuses, they go on as they were.

#ifndef LASTCOMMIT_RECORD_ONE_CPU_H_
#define LASTCOMMIT_RECORD_ONE_CPU_H_

#include <sched.h>
#include <sys/types.h>

namespace lastcommit {

class OneCpu {
 public:
  OneCpu();
  // Its owner goes where it went before; the threads stay, until another one
  // has them come to its CPU.
  ~OneCpu();
  OneCpu(const OneCpu&) = delete;
  OneCpu& operator=(const OneCpu&) = delete;

  void Bring(pid_t tid) const;

 private:
  cpu_set_t before_;
  cpu_set_t one_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_ONE_CPU_H_
