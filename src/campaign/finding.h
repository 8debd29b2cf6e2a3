// Finding: a violated plan, kept on disk before it is shrunk, then with its
// shrunk plan, its story, and the files that the crash left.
//
//   DIR/<class>-<seed>-<index>/original.plan
//                              shrunk.plan
//                              story.txt
//                              round-1/state.db, state.db-wal, ...

#ifndef LASTCOMMIT_CAMPAIGN_FINDING_H_
#define LASTCOMMIT_CAMPAIGN_FINDING_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "generate/arbitrary_plan.h"
#include "generate/shrink.h"
#include "plan/plan.h"
#include "trial/fork_trial.h"
#include "trial/trial.h"

namespace lastcommit {

// How often a plan must give the same verdict before it is believed to.
inline constexpr int kRepeats = 5;

struct Finding {
  CaseKey key;
  std::string verdict;    // "violated(lost_commit)"
  std::string directory;  // where it is kept
  std::string plan_path;  // the shrunk plan, or the original if not shrunk
  std::string story;      // empty if it was only kept
  std::string repeats;    // "5 of 5 violated(lost_commit)"
  int shrink_trials = 0;
  std::size_t lines = 0;  // of the plan at plan_path, without its header
};

struct FindingOptions {
  std::string directory = "findings";
  // How the reader calls this program, for the replay command.
  std::string program = "lastcommit";
  ShrinkLimits shrink;
  // Asked between trials of shrinking; true ends it with what there is.
  std::function<bool()> is_cancelled = [] { return false; };
};

// Makes the directory and sees whether it can be written.
absl::Status PrepareFindings(const std::string& directory);

// Writes the plan to disk as it was found, before anything else is tried.
// ResourceExhausted and the like when it cannot be written.
absl::StatusOr<Finding> KeepPlan(const CaseKey& key, const Plan& plan,
                                 const TrialResult& result,
                                 const FindingOptions& options);

// Sees whether a kept plan fails again, shrinks it, sees whether the shrunk one
// fails again, and writes the story. A plan that does not repeat becomes
// violated(flaky) with its rate and is not shrunk.
absl::Status ExplainFinding(ForkTrial& trial, const Plan& plan,
                            const TrialResult& result,
                            const FindingOptions& options, Finding& finding);

// `plan` with `violation` expected on the SQLite under test.
Plan WithExpectation(Plan plan, ViolationClass violation);

// The command that replays a plan, for a shell.
std::string ReplayCommand(const std::string& program, const std::string& path);

// Shrinks within the plan's class of failure.
absl::StatusOr<ShrinkResult> ShrinkPlan(ForkTrial& trial, const Plan& plan,
                                        const TrialResult& result,
                                        const FindingOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_FINDING_H_
