#include "campaign/finding.h"

#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "campaign/replay.h"
#include "campaign/story.h"
#include "plan/codec.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr int kRepeats = 5;

absl::Status MakeDirectory(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(
      error.value(),
      absl::StrCat("cannot make the directory ", absl::CHexEscape(directory)));
}

absl::Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot write ", absl::CHexEscape(path)));
}

std::size_t CountSteps(const Plan& plan) {
  std::size_t steps = 0;
  for (const Round& round : plan.rounds) steps += round.steps.size();
  return steps;
}

// What a plan found here is expected to do, on this version of SQLite.
Plan WithExpectation(Plan plan, ViolationClass violation) {
  plan.expected = violation;
  plan.sqlite = {sqlite3_libversion_number(), sqlite3_libversion_number() + 1};
  return plan;
}

std::string StoryOf(const Finding& finding, const Plan& plan,
                    const TrialResult& result, const std::string& repetition,
                    const FindingOptions& options) {
  return absl::StrCat(
      "VIOLATED ", finding.verdict, "\n", result.verdict.why, "\n\n",
      SqliteUnderTest(), "\nfound with --seed=", finding.key.seed, " at index ",
      finding.key.index, "; it repeats: ", repetition, "\nshrunk to ",
      CountSteps(plan), " lines after the header in ", finding.shrink_trials,
      " trials\n\n", ReadableProgram(plan), "\nreplay:  ", options.program,
      " replay ", finding.plan_path, "\n");
}

}  // namespace

absl::Status PrepareFindings(const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectory(directory));
  if (access(directory.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the directory for findings cannot be written: ",
                   absl::CHexEscape(directory)));
}

absl::StatusOr<ShrinkResult> ShrinkPlan(ForkTrial& trial, const Plan& plan,
                                        const TrialResult& result,
                                        const FindingOptions& options) {
  const ViolationClass violation = *result.verdict.violation;
  return Shrink(
      WithExactCrashes(plan, result),
      [&](const Plan& candidate) -> absl::StatusOr<std::optional<Plan>> {
        if (options.is_cancelled()) return absl::CancelledError("stopped");
        ASSIGN_OR_RETURN(const TrialResult tried, trial.Run(candidate));
        if (tried.verdict.violation != violation) return std::nullopt;
        return WithExactCrashes(candidate, tried);
      },
      options.shrink);
}

absl::StatusOr<Finding> KeepFinding(ForkTrial& trial, const CaseKey& key,
                                    const Plan& plan, const TrialResult& result,
                                    const FindingOptions& options) {
  Finding finding;
  finding.key = key;
  finding.verdict = Name(result.verdict);
  const std::string violation(Name(*result.verdict.violation));
  finding.directory = absl::StrCat(options.directory, "/", violation, "-",
                                   key.seed, "-", key.index);
  RETURN_IF_ERROR(MakeDirectory(finding.directory));
  finding.plan_path = absl::StrCat(finding.directory, "/original.plan");
  Plan kept = WithExpectation(plan, *result.verdict.violation);
  // First of all: shrinking may crash, or be killed.
  RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
  ASSIGN_OR_RETURN(const Repetition repetition, Repeat(trial, plan, kRepeats));
  const bool is_flaky = !repetition.is_stable() ||
                        Name(repetition.first.verdict) != finding.verdict;
  if (is_flaky) {
    finding.verdict = "violated(flaky)";
    kept = WithExpectation(plan, ViolationClass::kFlaky);
    RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
  } else {
    ASSIGN_OR_RETURN(ShrinkResult shrunk,
                     ShrinkPlan(trial, plan, result, options));
    finding.shrink_trials = shrunk.trials;
    finding.plan_path = absl::StrCat(finding.directory, "/shrunk.plan");
    kept = WithExpectation(std::move(shrunk.plan), *result.verdict.violation);
    RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
  }
  ASSIGN_OR_RETURN(const TrialResult last,
                   trial.RunAndKeep(kept, finding.directory));
  finding.lines = CountSteps(kept);
  finding.story = StoryOf(finding, kept, is_flaky ? result : last,
                          Describe(repetition), options);
  RETURN_IF_ERROR(
      WriteText(absl::StrCat(finding.directory, "/story.txt"), finding.story));
  return finding;
}

}  // namespace lastcommit
