// Runs the commands of the user's on crash images, several at a time, each in a
// process of its own that makes the files, runs the commands on them one after
// the other, and takes the files away.
//
// From a process with a single thread that has no other children.

#ifndef LASTCOMMIT_JUDGE_IMAGE_COMMANDS_H_
#define LASTCOMMIT_JUDGE_IMAGE_COMMANDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "disk/storage.h"
#include "judge/shell_command.h"
#include "record/rebuild.h"

namespace lastcommit {

// What is run on one image; what comes later is not run if one of them fails.
struct ImageTask {
  const Storage* image = nullptr;
  std::string crash;  // LASTCOMMIT_CRASH
  std::uint64_t call = 0;
  std::string printed;                // in the file LASTCOMMIT_PRINTED
  std::vector<std::string> commands;  // "": none, which succeeds
};

// Of each command that was run; nullopt: somebody ended it before.
using ImageTaskEnd = std::optional<std::vector<CommandEnd>>;

struct ImageTaskOptions {
  absl::Duration time = absl::Seconds(10);  // of each command
  int jobs = 1;
  std::string scratch;  // a private directory
};

// In the order of the tasks. `goes_on` is asked several times a second with the
// number of tasks that are done; false ends it.
absl::StatusOr<std::vector<ImageTaskEnd>> RunTasks(
    const std::vector<ImageTask>& tasks, const Rebuild& files,
    const ImageTaskOptions& options,
    const std::function<bool(std::size_t)>& goes_on);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_IMAGE_COMMANDS_H_
