// Where the output of a recorded program goes, if not to that of the recorder:
// to a file, or through a pseudo-terminal, so that libraries do not keep lines
// in their buffers.

#ifndef LASTCOMMIT_RECORD_PROGRAM_OUTPUT_H_
#define LASTCOMMIT_RECORD_PROGRAM_OUTPUT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "record/begun_call.h"

namespace lastcommit {

class ProgramOutput {
 public:
  // "": the output of the recorder.
  static absl::StatusOr<std::unique_ptr<ProgramOutput>> Open(
      const std::string& file, bool is_terminal);
  ~ProgramOutput();
  ProgramOutput(const ProgramOutput&) = delete;
  ProgramOutput& operator=(const ProgramOutput&) = delete;

  Outlets OutletsWith(const std::string& ack) const;
  // In the child; false: see errno.
  bool Attach() const;
  // In the recorder, once the child has it.
  void Attached();
  // What can be read when the terminal has something for Copy(); -1: no
  // terminal.
  int readable() const { return master_; }
  void Copy() const;

 private:
  ProgramOutput() = default;

  int file_ = -1;
  int master_ = -1;
  int slave_ = -1;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RECORD_PROGRAM_OUTPUT_H_
