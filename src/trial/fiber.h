// Fiber: a function on a stack of its own, which can be left in the middle and
// gone on with later, or never. A simulated process that dies is left where it
// is: nothing of SQLite's clean-up runs.

#ifndef LASTCOMMIT_TRIAL_FIBER_H_
#define LASTCOMMIT_TRIAL_FIBER_H_

#include <functional>
#include <memory>

namespace lastcommit {

class Fiber {
 public:
  explicit Fiber(std::function<void()> function);
  // Its stack goes; what is on it is not destroyed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it returns or suspends itself. Not from inside itself, and
  // not after it returned.
  void Resume();
  // Called on the fiber only: goes back to the caller of Resume().
  void Suspend();
  bool has_returned() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_FIBER_H_
