#include "trial/trial_runner.h"

#include "status/status.h"

namespace lastcommit {

absl::StatusOr<std::unique_ptr<TrialRunner>> TrialRunner::Create(
    const TrialOptions& options) {
  ASSIGN_OR_RETURN(auto fork, ForkTrial::Create(options));
  ASSIGN_OR_RETURN(auto sim, SimTrial::Create(options.hang_timeout));
  return std::unique_ptr<TrialRunner>(
      new TrialRunner(std::move(fork), std::move(sim)));
}

absl::StatusOr<TrialResult> TrialRunner::Run(const Plan& plan) {
  return plan.engine == Engine::kSim ? sim_->Run(plan) : fork_->Run(plan);
}

absl::StatusOr<TrialResult> TrialRunner::RunAndKeep(
    const Plan& plan, const std::string& directory) {
  return plan.engine == Engine::kSim ? sim_->RunAndKeep(plan, directory)
                                     : fork_->RunAndKeep(plan, directory);
}

}  // namespace lastcommit
