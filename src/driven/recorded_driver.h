// RecordedDriver: a driver that is recorded while it answers one plan after the
// other; or several of it, each for a client of the plans.
//
// From a process with a single thread.

#ifndef LASTCOMMIT_DRIVEN_RECORDED_DRIVER_H_
#define LASTCOMMIT_DRIVEN_RECORDED_DRIVER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "driven/asker.h"
#include "driven/driver_process.h"
#include "driven/fifo.h"
#include "driven/protocol.h"
#include "record/recorder.h"

namespace lastcommit::driven {

class RecordedDriver {
 public:
  // `scratch` is a private directory, whose files "requests-0", ..., "answers"
  // and "output" are its own. They are started when one is asked first; when
  // one of several ends, all do.
  static absl::StatusOr<std::unique_ptr<RecordedDriver>> Make(
      const DriverCommand& command, int clients, const std::string& scratch);
  ~RecordedDriver();
  RecordedDriver(const RecordedDriver&) = delete;
  RecordedDriver& operator=(const RecordedDriver&) = delete;

  struct Part {
    Asker& asker;
    std::string directory;  // what is watched
    std::string recording;  // the file that is made
    absl::Duration time;    // of each answer
  };
  struct Said {
    Answers answers;
    RecordingEnd end;  // kGoesOn: it has answered all
    std::string last;  // what it said last on its output, if it has ended
  };
  // InvalidArgument: what it says is no protocol. ResourceExhausted: it
  // answers, or writes, without an end. FailedPrecondition: it cannot be
  // recorded.
  absl::StatusOr<Said> Ask(const Part& part);

  // How often it was asked.
  int parts() const { return parts_; }
  // It can be asked no more.
  bool is_over() const { return is_over_ || recorder_->is_over(); }

 private:
  RecordedDriver(std::vector<Fifo> requests, std::string answers,
                 std::string output);

  const std::vector<Fifo> requests_;  // by client
  const std::string answers_;
  const std::string output_;
  std::unique_ptr<Recorder> recorder_;
  int parts_ = 0;
  bool is_over_ = false;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_RECORDED_DRIVER_H_
