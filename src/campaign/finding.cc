#include "campaign/finding.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "campaign/replay.h"
#include "campaign/story.h"
#include "plan/codec.h"
#include "status/status.h"

namespace lastcommit {
namespace {

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

std::string Quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+:,@";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
    return word;
  }
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

std::string StoryOf(const Finding& finding, const Plan& plan,
                    const TrialResult& result, const FindingOptions& options) {
  return absl::StrCat(
      "VIOLATED ", finding.verdict, "\n", result.verdict.why, "\n\n",
      TesterVersion(), ", ", SqliteUnderTest(),
      "\nfound with --seed=", finding.key.seed, " at index ", finding.key.index,
      "; it repeats: ", finding.repeats, "\n", CountSteps(plan),
      " lines after the header, ", finding.shrink_trials,
      " trials of shrinking\n\n", ReadableProgram(plan),
      "\nreplay:  ", ReplayCommand(options.program, finding.plan_path), "\n");
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

Plan WithExpectation(Plan plan, ViolationClass violation) {
  plan.expected = violation;
  plan.sqlite = {sqlite3_libversion_number(), sqlite3_libversion_number() + 1};
  return plan;
}

std::string ReplayCommand(const std::string& program, const std::string& path) {
  // Which SQLite was under test, if it was not the system's.
  const char* libraries = std::getenv("LD_LIBRARY_PATH");
  const std::string environment =
      libraries == nullptr || *libraries == '\0'
          ? ""
          : absl::StrCat("LD_LIBRARY_PATH=", Quoted(libraries), " ");
  return absl::StrCat(environment, Quoted(program), " replay ", Quoted(path));
}

absl::StatusOr<Finding> KeepPlan(const CaseKey& key, const Plan& plan,
                                 const TrialResult& result,
                                 const FindingOptions& options) {
  Finding finding;
  finding.key = key;
  finding.verdict = Name(result.verdict);
  finding.lines = CountSteps(plan);
  const std::string violation(Name(*result.verdict.violation));
  finding.directory = absl::StrCat(options.directory, "/", violation, "-",
                                   key.seed, "-", key.index);
  RETURN_IF_ERROR(MakeDirectory(finding.directory));
  finding.plan_path = absl::StrCat(finding.directory, "/original.plan");
  RETURN_IF_ERROR(WritePlanFile(
      finding.plan_path, WithExpectation(plan, *result.verdict.violation)));
  return finding;
}

absl::Status ExplainFinding(ForkTrial& trial, const Plan& plan,
                            const TrialResult& result,
                            const FindingOptions& options, Finding& finding) {
  Plan kept = WithExpectation(plan, *result.verdict.violation);
  ASSIGN_OR_RETURN(Repetition repetition, Repeat(trial, plan, kRepeats));
  const auto is_same = [&](const Repetition& again) {
    return again.is_stable() &&
           Name(again.first.verdict) == Name(result.verdict);
  };
  if (!is_same(repetition)) {
    finding.verdict = "violated(flaky)";
    kept = WithExpectation(plan, ViolationClass::kFlaky);
    RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
  } else {
    ASSIGN_OR_RETURN(const ShrinkResult shrunk,
                     ShrinkPlan(trial, plan, result, options));
    finding.shrink_trials = shrunk.trials;
    ASSIGN_OR_RETURN(const Repetition again,
                     Repeat(trial, shrunk.plan, kRepeats));
    if (is_same(again)) {  // else the original is the plan to keep
      repetition = again;
      kept = WithExpectation(shrunk.plan, *result.verdict.violation);
      finding.plan_path = absl::StrCat(finding.directory, "/shrunk.plan");
      RETURN_IF_ERROR(WritePlanFile(finding.plan_path, kept));
    }
  }
  RETURN_IF_ERROR(trial.RunAndKeep(kept, finding.directory).status());
  finding.lines = CountSteps(kept);
  finding.repeats = Describe(repetition);
  finding.story = StoryOf(
      finding, kept, is_same(repetition) ? repetition.first : result, options);
  return WriteText(absl::StrCat(finding.directory, "/story.txt"),
                   finding.story);
}

}  // namespace lastcommit
