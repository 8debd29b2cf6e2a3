// How a command of lastcommit ends, for scripts.

#ifndef LASTCOMMIT_CAMPAIGN_EXIT_CODE_H_
#define LASTCOMMIT_CAMPAIGN_EXIT_CODE_H_

namespace lastcommit {

enum class ExitCode {
  kHeld = 0,
  kViolated = 1,
  kUsage = 2,         // usage or bad input
  kTesterFailed = 3,  // nothing is known about the saver
  kNotExercised = 4,  // a promise of the run was not kept
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_EXIT_CODE_H_
