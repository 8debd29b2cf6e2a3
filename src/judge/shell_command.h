// A command of the user's, run by the shell on files of its own, with a limit
// of time after which it is killed with all processes of its group.

#ifndef LASTCOMMIT_JUDGE_SHELL_COMMAND_H_
#define LASTCOMMIT_JUDGE_SHELL_COMMAND_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lastcommit {

struct ShellCommand {
  std::string command;    // of /bin/sh -c
  std::string directory;  // where it runs
  std::vector<std::pair<std::string, std::string>> environment;  // added
  absl::Duration time = absl::Seconds(10);
};

struct CommandEnd {
  enum class How { kExited, kKilled, kTooLong, kStopped };
  How how = How::kExited;
  int status = 0;            // an exit code, or a signal
  std::string output;        // the beginning of the standard output
  std::uint64_t digest = 0;  // of all of it
  std::int64_t size = 0;     // of all of it
  std::string errors;        // the beginning of the standard error

  bool is_success() const { return how == How::kExited && status == 0; }
};

struct CommandLimits {
  static constexpr std::size_t kOutput = std::size_t{64} << 10;  // kept
};

// `goes_on` is asked several times a second; false kills the command. From a
// process without other children.
absl::StatusOr<CommandEnd> RunCommand(const ShellCommand& command,
                                      const std::function<bool()>& goes_on);

// "exit code 1", "signal 11", "no end within 10 s".
std::string InWords(const CommandEnd& end, absl::Duration time);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_SHELL_COMMAND_H_
