// SimTrial: runs a plan on a simulated disk. The rounds of a trial, and the
// examination of every crash image, happen in one forked child, in which no
// file is touched; losses of power leave what docs/fault-model.md allows.
//
// The same plan gives the same images, byte for byte, on every machine.

#ifndef LASTCOMMIT_TRIAL_SIM_TRIAL_H_
#define LASTCOMMIT_TRIAL_SIM_TRIAL_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

class SimGuest;

class SimTrial {
 public:
  // `hang_timeout` is for the whole trial. Internal: no memory to share.
  static absl::StatusOr<std::unique_ptr<SimTrial>> Create(
      absl::Duration hang_timeout);
  ~SimTrial();
  SimTrial(const SimTrial&) = delete;
  SimTrial& operator=(const SimTrial&) = delete;

  // NotFound: no such saver. InvalidArgument: the saver keeps files that SQLite
  // knows nothing of. Internal: the tester failed.
  absl::StatusOr<TrialResult> Run(const Plan& plan);

  // As Run, and writes what each round left, after its crash, to real files in
  // `directory`.
  absl::StatusOr<TrialResult> RunAndKeep(const Plan& plan,
                                         const std::string& directory);
  // As Run, and writes every image that it examines to real files, in the order
  // of TrialResult::image_digests: `directory`/image-0, image-1, ...
  absl::StatusOr<TrialResult> RunAndKeepImages(const Plan& plan,
                                               const std::string& directory);

  // As Run, with a guest. Of what the guest does in the child nothing comes
  // back but what it shares. For a guest with a window the result has no image
  // of the last round.
  absl::StatusOr<TrialResult> RunWith(const Plan& plan, SimGuest& guest);

 private:
  class Impl;
  explicit SimTrial(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SIM_TRIAL_H_
