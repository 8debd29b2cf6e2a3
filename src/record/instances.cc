#include "record/instances.h"

#include "record/tracee.h"

namespace lastcommit {

void Instances::StartsWith(pid_t first, int instance) {
  have_started_ = true;
  firsts_.insert(first);
  by_process_[first] = instance;
}

int Instances::Of(pid_t process) {
  const auto known = by_process_.find(process);
  if (known != by_process_.end()) return known->second;
  const auto parent = by_process_.find(Tracee(process).Parent());
  const int instance = parent == by_process_.end() ? 0 : parent->second;
  by_process_[process] = instance;
  return instance;
}

bool Instances::Forget(pid_t process) {
  by_process_.erase(process);
  return firsts_.erase(process) > 0;
}

}  // namespace lastcommit
