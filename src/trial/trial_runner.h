// TrialRunner: runs plans of any engine. ForkTrial, SimTrial and
// TrialOptions::record do the work; this knows which of them a plan is for.
//
// The process that owns one must be single-threaded when Run is called.

#ifndef LASTCOMMIT_TRIAL_TRIAL_RUNNER_H_
#define LASTCOMMIT_TRIAL_TRIAL_RUNNER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "plan/plan.h"
#include "trial/fork_trial.h"
#include "trial/sim_trial.h"
#include "trial/trial.h"

namespace lastcommit {

class TrialRunner {
 public:
  // The errors of ForkTrial::Create and SimTrial::Create.
  static absl::StatusOr<std::unique_ptr<TrialRunner>> Create(
      const TrialOptions& options);

  // The errors of ForkTrial::Run, SimTrial::Run and TrialOptions::record;
  // InvalidArgument: a plan for the engine record, and nothing is driven.
  absl::StatusOr<TrialResult> Run(const Plan& plan);
  // The same; what is driven may go on from plan to plan, which is faster. By
  // itself, as Run has it, the plan may show less.
  absl::StatusOr<TrialResult> RunBy(DrivenBy by, const Plan& plan);
  // As Run, and leaves what each round left in `directory`.
  absl::StatusOr<TrialResult> RunAndKeep(const Plan& plan,
                                         const std::string& directory);

  // Of plans for the engine sim, with what only that can show.
  SimTrial& sim() { return *sim_; }

 private:
  TrialRunner(std::unique_ptr<ForkTrial> fork, std::unique_ptr<SimTrial> sim,
              TrialOptions options)
      : fork_(std::move(fork)),
        sim_(std::move(sim)),
        options_(std::move(options)) {}

  absl::StatusOr<TrialResult> Record(const Plan& plan,
                                     const std::string& directory, DrivenBy by);

  std::unique_ptr<ForkTrial> fork_;
  std::unique_ptr<SimTrial> sim_;
  const TrialOptions options_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_TRIAL_RUNNER_H_
