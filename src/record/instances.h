// Instances: which process belongs to which instance of the recorded program,
// and which of them are killed or gone.

#ifndef LASTCOMMIT_RECORD_INSTANCES_H_
#define LASTCOMMIT_RECORD_INSTANCES_H_

#include <sys/types.h>

#include <map>
#include <set>

namespace lastcommit {

class Instances {
 public:
  // The first process of an instance.
  void StartsWith(pid_t first, int instance);
  // A process of it has a child, which may outlive it.
  void Forks(int instance, pid_t child) {
    by_process_.try_emplace(child, instance);
  }
  bool have_started() const { return have_started_; }

  // That of a process that can be seen: if it is not known, that of its parent.
  int Of(pid_t process);
  // The first processes that are not gone.
  const std::set<pid_t>& firsts() const { return firsts_; }
  bool IsFirst(pid_t process) const { return firsts_.contains(process); }
  // True: it was a first one.
  bool Forget(pid_t process);

  void Kill(int instance) { killed_.insert(instance); }
  bool IsKilled(int instance) const { return killed_.contains(instance); }
  // Nothing of one that was killed is left; true: that was not known.
  bool IsGone(int instance) { return gone_.insert(instance).second; }

 private:
  bool have_started_ = false;
  std::set<pid_t> firsts_;
  std::map<pid_t, int> by_process_;
  std::set<int> killed_;
  std::set<int> gone_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_INSTANCES_H_
