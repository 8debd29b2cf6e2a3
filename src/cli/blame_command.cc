#include "cli/blame_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "cli/run_options.h"
#include "explain/blame.h"
#include "explain/finding.h"
#include "explain/replay.h"
#include "explain/story.h"
#include "output/version.h"
#include "output/whole_file.h"
#include "plan/codec.h"
#include "status/status.h"

namespace lastcommit {
namespace {

absl::Status CheckOutputCanBeWritten(const std::string& path) {
  return IsReplaced(path) ? CheckPlanFileCanBeWritten(path) : absl::OkStatus();
}

struct BlameCommand {
  std::string plan;  // a file or a token
  std::string out_path;
  TrialOptions trial;
  BlameOptions options;
};

absl::StatusOr<Blame> BlameWithProgress(TrialRunner& trial, const Plan& plan,
                                        const TrialResult& result,
                                        BlameOptions options) {
  ProgressLine progress(/*is_shown=*/true);
  int trials = 0;
  options.is_cancelled = [&] {
    ++trials;
    if (progress.Elapsed() > absl::Seconds(2)) {
      progress.Show(absl::StrCat(trials, " trials"));
    }
    return Interrupts::AreRaised();
  };
  absl::StatusOr<Blame> blame = FindBlame(trial, plan, result, options);
  progress.Finish();
  return blame;
}

std::string Print(const Blame& blame) {
  const PowerLossView& view = blame.view;
  std::string text = absl::StrCat(
      ReadableProgram(blame.plan), "\n", blame.verdict.why, "\n",
      Name(blame.verdict), ", power lost in round ", view.round + 1,
      "\nunsynced changes: ", view.changes + view.directory_changes,
      "; lost or torn by the plan: ", blame.lost_before,
      "; enough to break it: ", blame.lost,
      blame.is_minimal ? "" : ", perhaps fewer (a limit was reached)", "\n");
  for (const std::string& line : view.lines) {
    absl::StrAppend(&text, "  ", line, "\n");
  }
  if (view.lines.size() == PowerLossView::kMaxLines) text += "  ...\n";
  return text;
}

absl::StatusOr<ExitCode> BlamePlan(const BlameCommand& command) {
  ASSIGN_OR_RETURN(const Plan plan,
                   LoadPlan(command.plan,
                            "the story of a driver's plan says already what "
                            "a loss of power takes"));
  RETURN_IF_ERROR(CheckLosesPower(plan));
  if (!command.out_path.empty()) {
    RETURN_IF_ERROR(CheckOutputCanBeWritten(command.out_path));
  }
  const Interrupts interrupts;
  std::printf("lastcommit blame %s; %s\n", command.plan.c_str(),
              SqliteUnderTest().c_str());
  std::fflush(stdout);  // or a child that calls exit() prints it too
  ASSIGN_OR_RETURN(auto trial, TrialRunner::Create(command.trial));
  ASSIGN_OR_RETURN(const Repetition before, Repeat(*trial, plan, kRepeats));
  if (!before.is_stable()) {
    std::printf("violated(flaky): the plan gives %s\n",
                Describe(before).c_str());
    return ExitCode::kViolated;
  }
  const Verdict& verdict = before.first.verdict;
  if (!verdict.violation.has_value()) {
    std::printf("nothing to blame: %s\n", Name(verdict).c_str());
    return CodeOf(verdict);
  }
  ASSIGN_OR_RETURN(
      const Blame blame,
      BlameWithProgress(*trial, plan, before.first, command.options));
  std::printf("%s", Print(blame).c_str());
  if (!command.out_path.empty()) {
    RETURN_IF_ERROR(WriteOutput(
        command.out_path,
        PrintPlan(WithExpectation(blame.plan, *blame.verdict.violation))));
  }
  return ExitCode::kViolated;
}

}  // namespace

void AddBlame(CLI::App& app, ExitCode& code) {
  const auto blame = std::make_shared<BlameCommand>();
  CLI::App* command = app.add_subcommand(
      "blame", "Which of the changes that a loss of power took break a plan");
  AddSqlOption(command);
  command->add_option("plan", blame->plan, "A plan file, or a token")
      ->required();
  command->add_option("-o,--out", blame->out_path,
                      "Write the plan that loses only those to this file");
  command
      ->add_option("--max-trials", blame->options.max_trials,
                   "End after that many trials")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->footer(
      "For violated plans of the engine sim whose last crash is a loss of "
      "power. Takes lost and\ntorn changes away until without any single one "
      "nothing is violated. Commits are counted\nfrom the beginning of the "
      "WAL.\n\nExit codes: 1 violated, 0 or 4 nothing to blame (it holds, or "
      "was "
      "skipped), 2 usage or\nbad input, 3 the tester itself failed.");
  command->callback([blame, &code] { code = Checked(BlamePlan, *blame); });
}

}  // namespace lastcommit
