// DriverProcess: a driver that is not recorded, and asked one thing after the
// other.
//
// From a process with a single thread.

#ifndef LASTCOMMIT_DRIVEN_DRIVER_PROCESS_H_
#define LASTCOMMIT_DRIVEN_DRIVER_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "driven/fifo.h"
#include "driven/protocol.h"

namespace lastcommit::driven {

// How a driver is run.
struct DriverCommand {
  std::string command;    // for /bin/sh -c
  std::string directory;  // where it runs
};

// The command with its requests on descriptor 3 and its answers, which are
// appended, on 4. Both are paths. `suffix` is for the shell, and comes behind
// that of the requests.
std::string WithDescriptors(const DriverCommand& command,
                            const std::string& requests,
                            const std::string& answers,
                            const std::string& suffix = "");

// The line of a program's output that says most of its end: the last one that
// speaks of an error, or the last one.
std::string LastLineOf(const std::string& output);
// The end of a file; "" if it is not there.
std::string TailOf(const std::string& path);

class DriverProcess {
 public:
  // `scratch` is a private directory, whose files "asks", "answers" and
  // "output" are its own.
  static absl::StatusOr<std::unique_ptr<DriverProcess>> Start(
      const DriverCommand& command, const std::string& scratch);
  // Kills it, with all processes of its group. It dies with this process, too.
  ~DriverProcess();
  DriverProcess(const DriverProcess&) = delete;
  DriverProcess& operator=(const DriverProcess&) = delete;

  // What it said to the requests 1 to `count`, all of which are written at
  // once.
  struct Said {
    Answers answers;
    // Of one that did not answer them all, and has ended since: "exit code 1:
    // ValueError".
    std::string how;
    bool is_hung = false;
  };
  // Until it has answered, or has said nothing for `time`. InvalidArgument:
  // what it says is no protocol. ResourceExhausted: it answers without an end.
  absl::StatusOr<Said> Ask(const std::string& requests, std::size_t count,
                           absl::Duration time);
  // It can be asked no more.
  bool is_over() const;

 private:
  DriverProcess(Fifo requests, Fifo answers, std::string output);
  absl::Status Read(AnswerReader& reader, bool& has_read) const;
  std::string End();

  const Fifo requests_;
  const Fifo answers_;
  const std::string output_;
  pid_t process_ = 0;
  int end_ = -1;  // can be read when the process has ended
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_DRIVER_PROCESS_H_
