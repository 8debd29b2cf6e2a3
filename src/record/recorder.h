// Records a program: runs it under ptrace with a seccomp filter that stops it
// at the calls that change files or carry something out (watched_calls.h), and
// writes down what each of them did. Threads, forks and programs that it
// executes are followed. It needs no root; NO_NEW_PRIVS is set, so that a
// program with the set-user-ID bit runs without it.
//
// From a process with a single thread that has no other children.

#ifndef LASTCOMMIT_RECORD_RECORDER_H_
#define LASTCOMMIT_RECORD_RECORDER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "record/recording.h"

namespace lastcommit {

// What the recorder does to the program once, to see what is left.
struct Disturbance {
  enum class Kind {
    kNone,
    kKillAll,      // SIGKILL to all processes
    kKillProcess,  // to the one that makes the call; the others go on
    kFail,         // the call is not executed, or only in part (record/fault.h)
  };
  Kind kind = Kind::kNone;
  // At that recorded call of the program, 1, 2, ..., or the first one after it
  // where it can be done.
  std::uint64_t call = 1;
  bool is_before = false;    // a kill: before the call begins, or at its end
  std::uint64_t choice = 0;  // kFail: which of its errors
};

struct RecordOptions {
  std::vector<std::string> command;  // searched in PATH
  // Where the program starts, and what is watched: a real path, which belongs
  // to the recorder alone (record/private_tree.h).
  std::string directory;
  std::string recording;  // the file that is made; gone after an error
  // A file that is made outside of the directory: each line that is written to
  // it acknowledges. The program finds it in LASTCOMMIT_ACK, and a descriptor
  // of it in LASTCOMMIT_ACK_FD.
  std::string ack;
  // Then the program is killed, and its end promises nothing.
  absl::Duration time = absl::Seconds(60);
  Disturbance disturbance = {};
  // Where the output of the program goes; "": to that of the recorder.
  std::string output;
  // Its standard output is a pseudo-terminal, so that libraries flush each
  // line.
  bool is_terminal = false;
  // It is in a process group of its own: a signal of the terminal is not for
  // it.
  bool has_own_group = false;
  // Each call has the stack of its thread (record/stack_walker.h), which is
  // slow.
  bool has_stacks = false;
};

struct RecordProgress {
  std::uint64_t calls = 0;
  std::int64_t processes = 0;
};

// Asked several times a second; false kills the program, and the recording ends
// there.
using RecordGoesOn = std::function<bool(const RecordProgress&)>;

// NotFound, PermissionDenied: the command cannot be run. FailedPrecondition: no
// permission to trace, or this build finds no stacks. Unimplemented: the
// program does what cannot be recorded (ptrace, 32-bit system calls). Others:
// what happened to the recording.
absl::StatusOr<RecordingEnd> RecordProgram(const RecordOptions& options,
                                           const RecordGoesOn& goes_on);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_RECORDER_H_
