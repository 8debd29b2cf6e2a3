#include "cli/shrink_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "explain/finding.h"
#include "explain/replay.h"
#include "explain/story.h"
#include "output/whole_file.h"
#include "plan/codec.h"
#include "status/status.h"

namespace lastcommit {
namespace {

absl::Status CheckOutputCanBeWritten(const std::string& path) {
  return IsReplaced(path) ? CheckPlanFileCanBeWritten(path) : absl::OkStatus();
}

struct ShrinkOptions {
  std::string plan_path;
  std::string out_path;
  TrialOptions trial;
  FindingOptions finding;
};

absl::StatusOr<ShrinkResult> ShrinkWithProgress(TrialRunner& trial,
                                                const Plan& plan,
                                                const TrialResult& result,
                                                FindingOptions options) {
  const Interrupts interrupts;
  ProgressLine progress(/*is_shown=*/true);
  int trials = 0;
  options.is_cancelled = [&] {
    progress.Show(absl::StrCat(++trials, " trials of shrinking"));
    return Interrupts::AreRaised();
  };
  absl::StatusOr<ShrinkResult> shrunk =
      ShrinkPlan(trial, plan, result, options);
  progress.Finish();
  return shrunk;
}

// A plan that gives several verdicts cannot be shrunk: each candidate would be
// judged by one throw of the dice.
ExitCode SayFlaky(const char* which, const Repetition& repetition) {
  std::printf("violated(flaky): %s gives %s\n", which,
              Describe(repetition).c_str());
  return ExitCode::kViolated;
}

absl::StatusOr<ExitCode> ShrinkPlanFile(const ShrinkOptions& options) {
  ASSIGN_OR_RETURN(const Plan plan, LoadPlan(options.plan_path));
  RETURN_IF_ERROR(CheckOutputCanBeWritten(options.out_path));
  ASSIGN_OR_RETURN(auto trial, TrialRunner::Create(options.trial));
  ASSIGN_OR_RETURN(const Repetition before, Repeat(*trial, plan, kRepeats));
  if (!before.is_stable()) return SayFlaky("the plan", before);
  const Verdict& verdict = before.first.verdict;
  if (!verdict.violation.has_value()) {
    std::printf("nothing to shrink: %s\n", Name(verdict).c_str());
    return CodeOf(verdict);
  }
  ASSIGN_OR_RETURN(
      const ShrinkResult shrunk,
      ShrinkWithProgress(*trial, plan, before.first, options.finding));
  ASSIGN_OR_RETURN(const Repetition after,
                   Repeat(*trial, shrunk.plan, kRepeats));
  if (after.verdicts != before.verdicts) {
    return SayFlaky("the shrunk plan, which is not written,", after);
  }
  RETURN_IF_ERROR(
      WriteOutput(options.out_path,
                  PrintPlan(WithExpectation(shrunk.plan, *verdict.violation))));
  std::printf("%s\n%s after %d trials%s: %s\n",
              ReadableProgram(shrunk.plan, after.first).c_str(),
              Name(verdict).c_str(), shrunk.trials,
              shrunk.is_minimal ? "" : " (a limit was reached)",
              options.out_path.c_str());
  return ExitCode::kViolated;
}

}  // namespace

void AddShrink(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<ShrinkOptions>();
  CLI::App* command = app.add_subcommand(
      "shrink", "Find a simpler plan that fails in the same way");
  AddSqlOption(command);
  command->add_option("plan", options->plan_path, "A plan file")->required();
  command->add_option("--out", options->out_path,
                      "Where to write it (default: PLAN.shrunk)");
  command
      ->add_option("--max-trials", options->finding.shrink.max_trials,
                   "End after that many trials")
      ->check(CLI::Range(1, 1'000'000));
  AddTrialOptions(command, options->trial);
  AddDriverOption(command, options->trial);
  command->callback([&code, options] {
    if (options->out_path.empty()) {
      options->out_path = options->plan_path + ".shrunk";
    }
    code = Checked(ShrinkPlanFile, *options);
  });
}

}  // namespace lastcommit
