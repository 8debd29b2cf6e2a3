// Forks a child, or several at a time, runs a function in it, and says how it
// ended. The children's output goes to a buffer in memory, their deaths are
// bounded by a timer, and they do not outlive their parent.

#ifndef LASTCOMMIT_TRIAL_CHILD_H_
#define LASTCOMMIT_TRIAL_CHILD_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

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

  // `count` children at the same time, each with its number. The parent hears
  // of each as it ends, when the kernel has taken its files and locks, and says
  // whether the others go on or are killed. The reports are by number, that of
  // a child that was killed so is none; the output of all is in each.
  absl::StatusOr<std::vector<std::optional<ChildReport>>> RunTogether(
      int count, absl::FunctionRef<void(int)> function,
      absl::FunctionRef<bool(int, const ChildReport&)> others_go_on,
      absl::Duration hang_timeout);

 private:
  [[noreturn]] void RunChild(pid_t parent, absl::FunctionRef<void()> function,
                             absl::Duration hang_timeout) const;
  explicit ChildRunner(int output) : output_(output) {}
  std::string TakeOutput();

  int output_;  // a memory file, the child's stdout and stderr
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CHILD_H_
