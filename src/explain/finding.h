// Finding: a violated plan, kept on disk before it is shrunk, then with its
// shrunk plan, its story, and the files that the crash left.
//
//   DIR/<class>/<seed>-<index>/original.plan
//                              deterministic.plan  (of a timed one)
//                              shrunk.plan
//                              story.txt
//                              facts.json, disk.json
//                              round-1/state.db, state.db-wal, ...
//
// A plan that a worker of a run died or hung over is a finding too, of the
// tester: filed under worker_died or worker_hung, kept and not explained.

#ifndef LASTCOMMIT_EXPLAIN_FINDING_H_
#define LASTCOMMIT_EXPLAIN_FINDING_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "generate/arbitrary_plan.h"
#include "generate/shrink.h"
#include "plan/plan.h"
#include "trial/trial.h"
#include "trial/trial_runner.h"

namespace lastcommit {

// How often a plan must give the same verdict before it is believed to.
inline constexpr int kRepeats = 5;

inline constexpr char kWorkerDied[] = "worker_died";
inline constexpr char kWorkerHung[] = "worker_hung";

enum class FindingState {
  kSeen,       // its seed and index are known
  kKept,       // its plan is on disk
  kExplained,  // and it was repeated, shrunk and put into a story
};

std::string_view Name(FindingState state);
std::optional<FindingState> ParseFindingState(std::string_view name);

struct Finding {
  CaseKey key;
  FindingState state = FindingState::kSeen;
  // The name of its class when it was first seen; it is kept under this name,
  // whatever is found out about it.
  std::string filed_under;
  std::string verdict;    // "violated(lost_commit)"
  std::string directory;  // where it is kept; empty if it is not
  std::string plan_path;  // the shrunk plan, or the original if not shrunk
  // That plan without the file (token/token.h); empty if it is too long for
  // one.
  std::string token;
  std::string story;    // empty if it was only kept
  std::string repeats;  // "5 of 5 violated(lost_commit)"
  // The same as numbers: the rate of one that is flaky.
  std::map<std::string, int> verdicts;
  // Known bugs of SQLite that it looks like (explain/known_bugs.h).
  std::vector<std::string> looks_like;
  std::string shape;  // of the shrunk plan (shape.h); empty if not minimal
  // It has the shape of another one, and was not shrunk further.
  bool counted = false;
  int shrink_trials = 0;
  std::size_t lines = 0;  // of the plan at plan_path, without its header
  int deaths = 0;         // of workers, over this plan

  bool is_of_a_worker() const { return deaths > 0; }
};

struct FindingOptions {
  std::string directory = "findings";
  // How the reader calls this program, for the replay command.
  std::string program = "lastcommit";
  ShrinkLimits shrink;
  // Whether another finding of that class was shrunk to that shape.
  std::function<bool(const std::string& shape)> is_known_shape =
      [](const std::string&) { return false; };
  // Asked between trials of shrinking; true ends it with what there is.
  std::function<bool()> is_cancelled = [] { return false; };
};

// Makes the directory and sees whether it can be written.
absl::Status PrepareFindings(const std::string& directory);

// The finding of a violated plan that is not on disk.
Finding SeenFinding(const CaseKey& key, const Plan& plan,
                    const TrialResult& result);

// Writes the plan to disk as it was found, before anything else is tried.
// ResourceExhausted and the like when it cannot be written.
absl::StatusOr<Finding> KeepPlan(const CaseKey& key, const Plan& plan,
                                 const TrialResult& result,
                                 const FindingOptions& options);

// The same for a plan that ended its worker; `how` is in words. Its plan has no
// expectation.
absl::StatusOr<Finding> KeepWorkerPlan(const CaseKey& key, const Plan& plan,
                                       const std::string& filed_under,
                                       const std::string& how,
                                       const FindingOptions& options);

// Sees whether a kept plan fails again, shrinks it, sees whether the shrunk one
// fails again, and writes the story. A plan that does not repeat becomes
// violated(flaky) with its rate and is not shrunk. A timed plan first becomes a
// deterministic one; if no such plan fails, it is kept with its rate. When it
// is cancelled, the finding has what was done until then.
absl::Status ExplainFinding(TrialRunner& trial, const Plan& plan,
                            const TrialResult& result,
                            const FindingOptions& options, Finding& finding);

// `plan` with `violation` expected on the SQLite under test.
Plan WithExpectation(Plan plan, ViolationClass violation);

// The command that replays a plan, for a shell. `plan` is a path or a token.
std::string ReplayCommand(const std::string& program, const std::string& plan);

// "replay:  " and the command with the finding's token, as a line, or that it
// has none.
std::string TokenLine(const Finding& finding, const FindingOptions& options);

// Shrinks within the plan's class of failure. FailedPrecondition: a timed plan
// that no deterministic one can stand for.
absl::StatusOr<ShrinkResult> ShrinkPlan(TrialRunner& trial, const Plan& plan,
                                        const TrialResult& result,
                                        const FindingOptions& options);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_FINDING_H_
