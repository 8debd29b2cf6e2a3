// Where there is no libdw.

#include "record/stack_walker.h"

namespace lastcommit {

class StackWalker::Impl {};

bool StackWalker::IsThere() { return false; }
StackWalker::StackWalker() = default;
StackWalker::~StackWalker() = default;
RecordedStack StackWalker::Walk(pid_t /*process*/, pid_t /*thread*/) {
  return {};
}
void StackWalker::Forget(pid_t /*process*/) {}

}  // namespace lastcommit
