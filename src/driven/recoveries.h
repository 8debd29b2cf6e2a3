// Recoveries: a driver's own open() and state() on crash images, one after the
// other, in one process that is not recorded.
//
// From a process with a single thread that has no other children.

#ifndef LASTCOMMIT_DRIVEN_RECOVERIES_H_
#define LASTCOMMIT_DRIVEN_RECOVERIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "plan/plan.h"
#include "store/state.h"

namespace lastcommit::driven {

// How a driver is run.
struct DriverCommand {
  std::string command;    // for /bin/sh -c
  std::string directory;  // where it runs
};

// The command with its requests on descriptor 3 and its answers, which are
// appended, on 4. Both are paths.
std::string WithDescriptors(const DriverCommand& command,
                            const std::string& requests,
                            const std::string& answers);

// Asked several times a second while a driver runs: whether it has answered
// something within that time.
class AnswerWatch {
 public:
  AnswerWatch(std::string answers, absl::Duration time);
  bool GoesOn();
  bool is_late() const { return is_late_; }
  // The most that a run may take, whatever it answers.
  static absl::Duration Most() { return absl::Minutes(10); }

 private:
  const std::string answers_;
  const absl::Duration time_;
  std::int64_t size_ = 0;
  absl::Time since_;
  bool is_late_ = false;
};

// A run of a driver that is not recorded.
struct DriverRun {
  std::string answers;
  std::string how;  // "": it ended with 0; else "exit code 1: ValueError"
  bool is_hung = false;
};
// What it has answered; "" if it made no file. ResourceExhausted: too much.
absl::StatusOr<std::string> ReadAnswers(const std::string& path);
// The line of a program's output that says most of its end: the last one that
// speaks of an error, or the last one.
std::string LastLineOf(const std::string& output);
// The end of a file; "" if it is not there.
std::string TailOf(const std::string& path);
// `scratch` is a private directory. ResourceExhausted: it answers without an
// end.
absl::StatusOr<DriverRun> RunDriver(const DriverCommand& command,
                                    const std::string& requests,
                                    const std::string& scratch,
                                    absl::Duration time);

struct Recovery {
  enum class Kind {
    kRecovered,
    kRefused,  // an error of open or state, or a state that is none
    kDied,     // the driver did
    kHung,
  };
  Kind kind = Kind::kRecovered;
  State state;          // kRecovered
  std::string message;  // else: what it was, for people
};

// `databases` are paths. Ends behind the first over which the driver dies or
// hangs. `time`: of each answer. InvalidArgument: what the driver says is no
// protocol.
absl::StatusOr<std::vector<Recovery>> RecoverAll(
    const DriverCommand& command, const Vocabulary& dialect,
    const std::vector<std::string>& databases, const std::string& scratch,
    absl::Duration time);

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_RECOVERIES_H_
