// StartedProgram: the first process of a program that is recorded, traced from
// before its first instruction on.

#ifndef LASTCOMMIT_RECORD_STARTED_PROGRAM_H_
#define LASTCOMMIT_RECORD_STARTED_PROGRAM_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "record/child_signals.h"
#include "record/program_output.h"
#include "record/recorder.h"

namespace lastcommit {

class StartedProgram {
 public:
  // `ack` is the descriptor that the program gets, `instance` its number.
  // FailedPrecondition: no permission to trace.
  static absl::StatusOr<std::unique_ptr<StartedProgram>> Start(
      const ProgramOptions& options, int instance, int ack,
      ProgramOutput& output, const ChildSignals& signals);
  ~StartedProgram();
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  pid_t pid() const { return pid_; }
  // After its end: NotFound, PermissionDenied, ...: the command could not be
  // run.
  absl::Status CouldRun() const;

 private:
  StartedProgram(std::string command, pid_t pid, int failed)
      : command_(std::move(command)), pid_(pid), failed_(failed) {}

  const std::string command_;
  const pid_t pid_;
  const int failed_;  // an errno comes out of it, or only its end
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_STARTED_PROGRAM_H_
