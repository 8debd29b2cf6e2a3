// DrivenTrial: runs plans with a driver, which is started once for many of
// them. The program is recorded while it does what a plan says; its answers are
// compared with the model's; from the recording every crash is derived and
// judged as `lastcommit try` does, and of the crash images the most telling are
// given to the driver, whose open and state must give what the model has after
// some commit that may be the newest.

#ifndef LASTCOMMIT_DRIVEN_DRIVEN_TRIAL_H_
#define LASTCOMMIT_DRIVEN_DRIVEN_TRIAL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "driven/driver_process.h"
#include "plan/plan.h"
#include "trial/fork_trial.h"
#include "trial/trial.h"

namespace lastcommit::driven {

struct DrivenOptions {
  DriverCommand driver;
  // Every loss of power is a crash, too: what was acknowledged survives it.
  bool promises_power = false;
  // So many of it may have a store open at once.
  int clients = 1;
  // Where trials are made; as TrialOptions::directory.
  std::string directory = {};
  // Of each answer: a driver that needs longer hangs.
  absl::Duration time = absl::Seconds(30);
  // Crash images of a trial that the driver recovers, the most telling first.
  int recoveries = 40;
};

class DrivenTrial {
 public:
  // Makes a directory of its own. NotFound, PermissionDenied,
  // ResourceExhausted.
  static absl::StatusOr<std::unique_ptr<DrivenTrial>> Create(
      const DrivenOptions& options);
  ~DrivenTrial();
  DrivenTrial(const DrivenTrial&) = delete;
  DrivenTrial& operator=(const DrivenTrial&) = delete;

  // Leaves the recording, and the crash that was violated, in `directory`
  // unless that is empty. InvalidArgument: what the driver says is no protocol.
  // FailedPrecondition: it cannot be recorded. Internal: the files are not
  // those of the recording. From a process with a single thread that has no
  // other children but by this.
  absl::StatusOr<TrialResult> Run(const Plan& plan,
                                  const std::string& directory, DrivenBy by);

 private:
  class Impl;
  explicit DrivenTrial(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit::driven

#endif  // LASTCOMMIT_DRIVEN_DRIVEN_TRIAL_H_
