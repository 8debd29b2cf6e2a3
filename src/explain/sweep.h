// A sweep: every crash point of a round of one plan, with a bounded family of
// survivals each (trial/crash_sweep.h), counted by the I/O call it is at. What
// is violated is kept as a plan that crashes there:
//
//   DIR/<class>/sweep-<digest>/violated.plan
//                              story.txt
//                              round-1/state.db, ...

#ifndef LASTCOMMIT_EXPLAIN_SWEEP_H_
#define LASTCOMMIT_EXPLAIN_SWEEP_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "disk/shim_vfs.h"
#include "model/verdict.h"
#include "output/exit_code.h"
#include "plan/plan.h"
#include "trial/crash_sweep.h"
#include "trial/trial_runner.h"

namespace lastcommit {

struct SweepOptions {
  SweepLimits limits;
  // How many violated images of a class are kept as plans; the rest is counted.
  int keep = 1;
  std::string findings = "findings";
  // How the reader calls this program, for the commands of a story.
  std::string program = "lastcommit";
};

struct SweepCounts {
  std::int64_t crash_points = 0;
  std::int64_t images = 0;
  std::int64_t duplicates = 0;    // of the images
  std::int64_t judged = 0;        // by a row that demands something
  std::int64_t no_demand = 0;     // by one that does not
  std::int64_t damaged = 0;       // of those without a demand
  std::int64_t lost_commits = 0;  // images that lost some, legally
  std::int64_t violations = 0;    // images

  void Add(const SweepCounts& more);
};

// The call of a crash point; nullopt: between two steps.
using SweepRow = std::optional<std::pair<IoKind, FileRole>>;

struct SweepFinding {
  std::string filed_under;  // the name of its class
  std::string directory;
  std::string plan_path;
  std::string repeats;  // "5 of 5 violated(damaged)"
  // Known bugs of SQLite that it looks like (explain/known_bugs.h).
  std::vector<std::string> looks_like;
};

struct SweepSummary {
  std::size_t round = 0;           // that is swept, 0 is the first
  std::uint64_t crash_points = 0;  // that it has
  std::map<SweepRow, SweepCounts> rows;
  // The same by what survived; crash points are counted in the rows alone.
  std::map<std::pair<SweepRow, SurvivalKind>, SweepCounts> cells;
  // Where more changes were unsynced than SweepLimits::changes.
  std::int64_t thinned_crash_points = 0;
  std::map<std::string, std::int64_t> violations;  // images by class
  std::vector<SweepFinding> findings;
  // Of the plan without a crash in that round. If it is not held, nothing was
  // swept.
  Verdict without_crash;
  bool is_complete = false;
  bool was_interrupted = false;
  std::string error;  // of the tester, after images were counted

  SweepCounts Total() const;
  ExitCode exit_code() const;
};

// The first `round` rounds of the plan (nullopt: all), without a crash in the
// last of them. InvalidArgument: not for the engine sim, or no such round.
absl::StatusOr<Plan> PlanToSweep(const Plan& plan,
                                 std::optional<std::int64_t> round);

// Sweeps what PlanToSweep gave. Asked after each batch, `keep_going` ends it
// with what there is, and so does an error once images were counted. Before
// that: the errors of SimTrial::Run.
absl::StatusOr<SweepSummary> RunSweep(
    TrialRunner& trial, const Plan& plan, const SweepOptions& options,
    const std::function<bool(const SweepSummary&)>& keep_going);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_SWEEP_H_
