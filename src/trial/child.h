// Forks a child, runs a function in it, and says how it ended. The child's
// output goes to a buffer in memory, its death is bounded by a timer, and it
// does not outlive its parent.

#ifndef LASTCOMMIT_TRIAL_CHILD_H_
#define LASTCOMMIT_TRIAL_CHILD_H_

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lastcommit {

enum class ChildEnd {
  kReturned,  // the function returned
  kKilled,    // SIGKILL
  kHung,      // the timer ended it
  kCrashed,   // another signal, or it left by itself
};

struct ChildReport {
  ChildEnd end = ChildEnd::kReturned;
  std::string how;     // "SIGSEGV", "exit code 1": for kCrashed
  std::string output;  // what it printed, the first 4 KiB
};

class ChildRunner {
 public:
  static absl::StatusOr<ChildRunner> Create();
  ChildRunner(ChildRunner&& other) noexcept;
  ChildRunner& operator=(ChildRunner&&) = delete;
  ~ChildRunner();

  // The function runs in the child only; the child ends without destructors
  // or exit handlers.
  absl::StatusOr<ChildReport> Run(absl::FunctionRef<void()> function,
                                  absl::Duration hang_timeout);

 private:
  explicit ChildRunner(int output) : output_(output) {}
  std::string TakeOutput();

  int output_;  // a memory file, the child's stdout and stderr
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CHILD_H_
