#include "explain/sweep.h"

#include <sqlite3.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "explain/failure_of.h"
#include "explain/finding.h"
#include "explain/known_bugs.h"
#include "explain/replay.h"
#include "explain/story.h"
#include "output/version.h"
#include "output/whole_file.h"
#include "plan/codec.h"
#include "status/status.h"
#include "trial/power_loss_view.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

SweepRow RowOf(const CrashPlace& place) {
  if (place.point.io == 0) return std::nullopt;
  return std::pair(place.call.kind, place.call.role);
}

ViolationClass ClassOf(const SweptImage& image) {
  return static_cast<ViolationClass>(image.violation);
}

SweepCounts CountsOf(const SweptImage& image) {
  SweepCounts counts;
  counts.images = 1;
  counts.duplicates = image.is_duplicate ? 1 : 0;
  (image.no_demand ? counts.no_demand : counts.judged) = 1;
  counts.damaged = image.no_demand && image.is_damaged ? 1 : 0;
  counts.lost_commits = image.lost_commits > 0 ? 1 : 0;
  counts.violations = image.violation >= 0 ? 1 : 0;
  return counts;
}

class Sweep {
 public:
  Sweep(TrialRunner& trial, const Plan& plan, const SweepOptions& options)
      : trial_(trial), plan_(plan), options_(options) {
    summary_.round = plan.rounds.size() - 1;
  }

  absl::StatusOr<SweepSummary> Run(
      const std::function<bool(const SweepSummary&)>& keep_going) {
    ASSIGN_OR_RETURN(const TrialResult plain, trial_.Run(plan_));
    summary_.without_crash = plain.verdict;
    if (!plain.verdict.held()) return summary_;
    ASSIGN_OR_RETURN(auto sweep,
                     CrashSweep::Create(trial_.sim(), plan_, options_.limits));
    bool is_last = false;
    while (!is_last) {
      const absl::Status status = RunBatch(*sweep, is_last);
      if (!status.ok() && summary_.rows.empty()) return status;
      if (!status.ok()) {
        summary_.is_complete = false;
        summary_.error = std::string(status.message());
        break;
      }
      if (is_last || keep_going(summary_)) continue;
      summary_.was_interrupted = true;
      break;
    }
    return summary_;
  }

 private:
  absl::Status RunBatch(CrashSweep& sweep, bool& is_last) {
    ASSIGN_OR_RETURN(const SweepBatch batch, sweep.Next());
    if (!batch.verdict.held()) {
      return absl::InternalError(absl::StrCat(
          "the plan does not do the same each time: ", Name(batch.verdict)));
    }
    is_last = batch.is_last;
    return Add(batch);
  }

  absl::Status Add(const SweepBatch& batch) {
    summary_.crash_points = batch.crash_points;
    summary_.is_complete = batch.is_complete;
    for (const SweptImage& image : batch.images) {
      const SweepRow row = RowOf(image.place);
      const SweepCounts counts = CountsOf(image);
      summary_.rows[row].Add(counts);
      summary_.rows[row].crash_points += image.is_first_of_point ? 1 : 0;
      summary_.cells[{row, image.survival}].Add(counts);
      if (image.is_first_of_point && image.is_thinned) {
        ++summary_.thinned_crash_points;
      }
      if (image.violation < 0) continue;
      const std::string name(Name(ClassOf(image)));
      if (summary_.violations[name]++ < options_.keep) {
        RETURN_IF_ERROR(Keep(image, name));
      }
    }
    return absl::OkStatus();
  }

  absl::Status Keep(const SweptImage& image, const std::string& name) {
    Plan plan = PlanOf(plan_, image);
    if (image.survival != SurvivalKind::kAll) {
      ASSIGN_OR_RETURN(const PowerLossView view,
                       ViewPowerLoss(trial_.sim(), plan));
      plan.rounds.back().steps[image.place.step].crash->survival = view.chosen;
    }
    plan = WithExpectation(plan, ClassOf(image));
    const std::string text = PrintPlan(plan);
    SweepFinding finding;
    finding.filed_under = name;
    finding.directory =
        absl::StrFormat("%s/%s/sweep-%016x", options_.findings, name,
                        XXH3_64bits(text.data(), text.size()));
    finding.plan_path = absl::StrCat(finding.directory, "/violated.plan");
    RETURN_IF_ERROR(PrepareFindings(finding.directory));
    RETURN_IF_ERROR(WritePlanFile(finding.plan_path, plan));
    ASSIGN_OR_RETURN(const Repetition again, Repeat(trial_, plan, kRepeats));
    finding.repeats = Describe(again);
    const bool is_same =
        again.is_stable() && again.first.verdict.violation == ClassOf(image);
    if (is_same) {
      finding.looks_like =
          LikelyBugsOf(plan, again.first, sqlite3_libversion_number());
    } else {
      plan = WithExpectation(plan, ViolationClass::kFlaky);
      RETURN_IF_ERROR(WritePlanFile(finding.plan_path, plan));
    }
    RETURN_IF_ERROR(trial_.RunAndKeep(plan, finding.directory).status());
    RETURN_IF_ERROR(
        WriteWholeFile(absl::StrCat(finding.directory, "/story.txt"),
                       StoryOf(finding, plan, again.first.verdict)));
    summary_.findings.push_back(std::move(finding));
    return absl::OkStatus();
  }

  std::string StoryOf(const SweepFinding& finding, const Plan& plan,
                      const Verdict& verdict) const {
    const std::string likeness = LikenessInWords(finding.looks_like);
    return absl::StrCat(
        "VIOLATED violated(", finding.filed_under, ")\n", verdict.why, "\n",
        likeness.empty() ? "" : absl::StrCat(likeness, "\n"), "\n",
        TesterVersion(), ", ", SqliteUnderTest(),
        "\nfound by a sweep; it repeats: ", finding.repeats, "\n\n",
        ReadableProgram(plan),
        "\nreplay:  ", ReplayCommand(options_.program, finding.plan_path),
        "\n");
  }

  TrialRunner& trial_;
  const Plan& plan_;
  const SweepOptions& options_;
  SweepSummary summary_;
};

}  // namespace

void SweepCounts::Add(const SweepCounts& more) {
  crash_points += more.crash_points;
  images += more.images;
  duplicates += more.duplicates;
  judged += more.judged;
  no_demand += more.no_demand;
  damaged += more.damaged;
  lost_commits += more.lost_commits;
  violations += more.violations;
}

SweepCounts SweepSummary::Total() const {
  SweepCounts total;
  for (const auto& [row, counts] : rows) total.Add(counts);
  return total;
}

ExitCode SweepSummary::exit_code() const {
  if (without_crash.violation || !violations.empty()) {
    return ExitCode::kViolated;
  }
  if (!error.empty()) return ExitCode::kTesterFailed;
  return is_complete && Total().judged > 0 ? ExitCode::kHeld
                                           : ExitCode::kNotExercised;
}

absl::StatusOr<Plan> PlanToSweep(const Plan& plan,
                                 std::optional<std::int64_t> round) {
  if (plan.engine != Engine::kSim) {
    return absl::InvalidArgumentError(
        "only plans for the engine sim can be swept: \"engine\":\"sim\" in the "
        "header");
  }
  if (RemovesFiles(plan)) {
    return absl::InvalidArgumentError(
        "a plan in which another program removes files cannot be swept: no "
        "row of the contract is about that and a loss of power");
  }
  const auto rounds = static_cast<std::int64_t>(plan.rounds.size());
  if (round.has_value() && (*round < 1 || *round > rounds)) {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no round ", *round, ": the plan has ", rounds));
  }
  Plan swept = plan;
  swept.rounds.resize(static_cast<std::size_t>(round.value_or(rounds)));
  swept.images = 0;
  const auto crash = CrashStep(swept.rounds.back());
  if (crash.has_value()) swept.rounds.back().steps[*crash].crash.reset();
  return swept;
}

absl::StatusOr<SweepSummary> RunSweep(
    TrialRunner& trial, const Plan& plan, const SweepOptions& options,
    const std::function<bool(const SweepSummary&)>& keep_going) {
  return Sweep(trial, plan, options).Run(keep_going);
}

}  // namespace lastcommit
