// StackWalker: which functions led to the call that a stopped thread of the
// recorded program makes, with their names and places in the source as far as
// the program's files tell them. It takes milliseconds for each call, and much
// longer for the first of each process.
//
// It needs libdw of elfutils; a build without it has none.

#ifndef LASTCOMMIT_RECORD_STACK_WALKER_H_
#define LASTCOMMIT_RECORD_STACK_WALKER_H_

#include <sys/types.h>

#include <memory>

#include "record/recording.h"

namespace lastcommit {

class StackWalker {
 public:
  // This build has libdw.
  static bool IsThere();

  StackWalker();
  ~StackWalker();
  StackWalker(const StackWalker&) = delete;
  StackWalker& operator=(const StackWalker&) = delete;

  // The caller traces the thread, which is stopped. As many frames as can be
  // found, perhaps none. Nothing is loaded over the network.
  RecordedStack Walk(pid_t process, pid_t thread);
  // The process has ended.
  void Forget(pid_t process);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_STACK_WALKER_H_
