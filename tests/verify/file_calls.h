// What a process and its children ask the kernel to do with files by their
// names, seen by a tracer: also what fails, and what was undone at the end.

#ifndef LASTCOMMIT_TESTS_VERIFY_FILE_CALLS_H_
#define LASTCOMMIT_TESTS_VERIFY_FILE_CALLS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lastcommit {

struct FileCall {
  std::string name;  // of the system call
  // Absolute; without links, but the last name of what does not follow one.
  std::string path;
  // It opens for writing, makes, removes, renames, or changes what stat says.
  bool changes = false;
};

struct WatchedRun {
  std::vector<FileCall> calls;
  int exit_code = -1;  // -1: ended by a signal
};

// Runs `work` in a child, whose exit code is what it returns; one that hangs is
// ended. Unavailable: nobody may trace here, which is a reason to skip.
//
// A write to what is open already is seen by its opening. Not seen: the start
// of a program, mounts, io_uring.
absl::StatusOr<WatchedRun> WatchFileCalls(const std::function<int()>& work);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_VERIFY_FILE_CALLS_H_
