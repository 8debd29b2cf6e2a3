#include "trial/trial_runner.h"

#include "status/status.h"
#include "subject/registry.h"

namespace lastcommit {

absl::StatusOr<std::unique_ptr<TrialRunner>> TrialRunner::Create(
    const TrialOptions& options) {
  ASSIGN_OR_RETURN(auto fork, ForkTrial::Create(options));
  ASSIGN_OR_RETURN(auto sim, SimTrial::Create(options.hang_timeout));
  return std::unique_ptr<TrialRunner>(
      new TrialRunner(std::move(fork), std::move(sim), options));
}

absl::StatusOr<TrialResult> TrialRunner::Run(const Plan& plan) {
  switch (plan.engine) {
    case Engine::kFork:
      return fork_->Run(plan);
    case Engine::kSim:
      return sim_->Run(plan);
    case Engine::kRecord:
      break;
  }
  return Record(plan, "", DrivenBy::kNew);
}

absl::StatusOr<TrialResult> TrialRunner::RunBy(DrivenBy by, const Plan& plan) {
  return plan.engine == Engine::kRecord ? Record(plan, "", by) : Run(plan);
}

absl::StatusOr<TrialResult> TrialRunner::RunAndKeep(
    const Plan& plan, const std::string& directory) {
  switch (plan.engine) {
    case Engine::kFork:
      return fork_->RunAndKeep(plan, directory);
    case Engine::kSim:
      return sim_->RunAndKeep(plan, directory);
    case Engine::kRecord:
      break;
  }
  return Record(plan, directory, DrivenBy::kNew);
}

absl::StatusOr<TrialResult> TrialRunner::Record(const Plan& plan,
                                                const std::string& directory,
                                                DrivenBy by) {
  if (!options_.record) {
    return absl::InvalidArgumentError(
        "the plan is for a store that is driven from outside: give its program "
        "with --driver");
  }
  RETURN_IF_ERROR(SaverOf(plan).status());
  return options_.record(plan, directory, by);
}

}  // namespace lastcommit
