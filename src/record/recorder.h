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
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "record/conductor.h"
#include "record/feed.h"
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

struct ProgramOptions {
  std::vector<std::string> command;  // searched in PATH
  std::string directory;             // where it starts
  // A file that is made outside of what is watched: each line that is written
  // to it acknowledges. The program finds it in LASTCOMMIT_ACK, and a
  // descriptor of it in LASTCOMMIT_ACK_FD.
  std::string ack;
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
  // So many of it run at once, each with its number, 0, 1, ..., in
  // LASTCOMMIT_INSTANCE. When one ends by itself, all do.
  int instances = 1;
};

// A recording of a program from its beginning to its end. `directory` is what
// is watched, too: a real path, which belongs to the recorder alone
// (record/private_tree.h).
struct RecordOptions : ProgramOptions {
  std::string recording;  // the file that is made; gone after an error
  // Then the program is killed, and its end promises nothing.
  absl::Duration time = absl::Seconds(60);
  Disturbance disturbance = {};
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

// One of the recordings of a program that goes on.
struct PartOptions {
  std::string directory;  // what is watched; as above
  std::string recording;
  absl::Duration time = absl::Seconds(60);
  Disturbance disturbance = {};
  // The program shares a CPU with its recorder, which is faster where no two
  // threads of it have much to do at once.
  bool on_one_cpu = false;
  // What the program reads from a pipe meanwhile.
  Feed* feed = nullptr;
  // Of several instances; nullptr: they run as the kernel lets them.
  Conductor* conductor = nullptr;
  // Gets what the program acknowledges with, as it is written; true: the part
  // ends here. Without it the part ends with the program.
  std::function<bool(std::string_view)> ends = {};
};

// A program that is recorded in parts: a recording each, between which a thread
// of it that makes a watched call waits.
class Recorder {
 public:
  // `options.ack` is made; nothing is started yet. Errors as above.
  static absl::StatusOr<std::unique_ptr<Recorder>> Make(
      const ProgramOptions& options);
  // Kills what is left of the program.
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The first one starts the program. Errors as above, after which the program
  // has ended, too.
  absl::StatusOr<RecordingEnd> Record(const PartOptions& options,
                                      const RecordGoesOn& goes_on);
  // The program has ended.
  bool is_over() const;

 private:
  class Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_RECORDER_H_
