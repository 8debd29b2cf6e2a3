// How a command of lastcommit ends: for scripts a number, for people a word.

#ifndef LASTCOMMIT_OUTPUT_EXIT_CODE_H_
#define LASTCOMMIT_OUTPUT_EXIT_CODE_H_

namespace lastcommit {

enum class ExitCode {
  kHeld = 0,
  kViolated = 1,
  kUsage = 2,         // usage or bad input
  kTesterFailed = 3,  // nothing is known about the saver
  kNotExercised = 4,  // a promise of the run was not kept
};

// "HELD", "VIOLATED", ...
const char* Word(ExitCode exit_code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_OUTPUT_EXIT_CODE_H_
