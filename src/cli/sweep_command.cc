#include "cli/sweep_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "explain/finding.h"
#include "explain/story.h"
#include "explain/sweep.h"
#include "explain/sweep_page.h"
#include "explain/sweep_report.h"
#include "output/json_file.h"
#include "output/junit_file.h"
#include "output/version.h"
#include "output/whole_file.h"
#include "page/document.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr char kSuite[] = "lastcommit.sweep";  // of JUnit's XML

struct SweepCommand {
  std::string plan;  // a file or a token
  std::optional<std::int64_t> round;
  std::string json_path;
  std::string junit_path;
  std::string html_path;
  TrialOptions trial;
  SweepOptions options;
};

absl::StatusOr<SweepSummary> SweepWithProgress(TrialRunner& trial,
                                               const Plan& plan,
                                               const SweepOptions& options) {
  ProgressLine progress(/*is_shown=*/true);
  absl::StatusOr<SweepSummary> summary =
      RunSweep(trial, plan, options, [&](const SweepSummary& until_now) {
        const SweepCounts total = until_now.Total();
        if (progress.Elapsed() > absl::Seconds(2)) {
          progress.Show(absl::StrCat(total.crash_points, " of ",
                                     until_now.crash_points, " crash points, ",
                                     total.images, " images, ",
                                     total.violations, " violated"));
        }
        return !Interrupts::AreRaised();
      });
  progress.Finish();
  return summary;
}

// By itself it lies with the findings.
std::string PagePath(const SweepCommand& command) {
  return command.html_path.empty() ? command.options.findings + "/report.html"
                                   : command.html_path;
}

absl::Status WriteOutcome(const SweepCommand& command, const Plan& plan,
                          const SweepSummary& summary) {
  const SweepOptions& options = command.options;
  RETURN_IF_ERROR(
      WriteOutput(PagePath(command), HtmlOf(PageOf(summary, options, plan))));
  RETURN_IF_ERROR(
      WriteJsonFile(command.json_path, SweepToJson(summary, options)));
  return WriteJUnitFile(
      command.junit_path, kSuite,
      {{command.plan, summary.exit_code(),
        absl::StrCat(OutcomeOf(summary), "\n", PrintSweep(summary, options))}});
}

absl::StatusOr<ExitCode> SweepPlan(const SweepCommand& command) {
  ASSIGN_OR_RETURN(const Plan loaded,
                   LoadPlan(command.plan,
                            "a plan of a driver is not swept: each run of it "
                            "is crashed everywhere"));
  ASSIGN_OR_RETURN(const Plan plan, PlanToSweep(loaded, command.round));
  const SweepOptions& options = command.options;
  const Interrupts interrupts;
  std::printf("lastcommit sweep %s; %s\n%s\n", command.plan.c_str(),
              SqliteUnderTest().c_str(), ReadableProgram(plan).c_str());
  std::fflush(stdout);  // or a child that calls exit() prints it too
  RETURN_IF_ERROR(PrepareFindings(options.findings));
  RETURN_IF_ERROR(PrepareJsonFile(command.json_path));
  RETURN_IF_ERROR(PrepareJUnitFile(command.junit_path, kSuite, command.plan));
  RETURN_IF_ERROR(PrepareJsonFile(PagePath(command)));
  ASSIGN_OR_RETURN(auto trial, TrialRunner::Create(command.trial));
  ASSIGN_OR_RETURN(const SweepSummary summary,
                   SweepWithProgress(*trial, plan, options));
  std::printf("%s", PrintSweep(summary, options).c_str());
  if (!summary.error.empty()) Report(absl::InternalError(summary.error));
  return WithWritten(summary.exit_code(), WriteOutcome(command, plan, summary));
}

void AddLimits(CLI::App* command, SweepLimits& limits) {
  command
      ->add_option("--random", limits.random,
                   "Survivals at random at each crash point: in turn any "
                   "subset, some of it torn,\nand of each file the first "
                   "changes")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command->add_option("--seed", limits.seed, "They are a function of the seed")
      ->check(WholeNumber(0))
      ->capture_default_str();
  command
      ->add_option("--changes", limits.changes,
                   "Of more unsynced changes only so many, evenly spread, are "
                   "lost one by one,\nand only so many prefixes tried")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--most", limits.images, "End after that many images")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}))
      ->capture_default_str();
}

}  // namespace

void AddSweep(CLI::App& app, const std::string& program, ExitCode& code) {
  const auto sweep = std::make_shared<SweepCommand>();
  sweep->options.program = program;
  CLI::App* command = app.add_subcommand(
      "sweep", "Crash a plan at every I/O call, with many survivals each");
  AddSqlOption(command);
  command->add_option("plan", sweep->plan, "A plan file, or a token")
      ->required();
  command
      ->add_option_function<std::int64_t>(
          "--round", [sweep](std::int64_t round) { sweep->round = round; },
          "Which round crashes, 1 is the first (default: the last); those "
          "before run as they\nare, those after it do not")
      ->check(CLI::Range(std::int64_t{1},
                         static_cast<std::int64_t>(PlanLimits::kMaxRounds)));
  AddLimits(command, sweep->options.limits);
  command
      ->add_option("--keep", sweep->options.keep,
                   "How many violated images of a class are kept as plans; the "
                   "rest is counted")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--findings", sweep->options.findings, "Where they are kept")
      ->capture_default_str();
  AddOutputs(command, sweep->json_path, sweep->junit_path);
  command->add_option(
      "--html", sweep->html_path,
      "Write it as one HTML file, which needs nothing else "
      "(default: report.html\nin the directory of the findings)");
  command->footer(
      "For plans of the engine sim. At each crash point everything survives (a "
      "kill), nothing,\neach prefix of the unsynced changes, all but each "
      "single one, and some at random.\n\nExit codes: 0 held, 1 violated, 2 "
      "usage or bad input, 3 the tester itself failed,\n4 not exercised (a "
      "limit or Ctrl-C ended it, or nothing was demanded).");
  command->callback([sweep, &code] { code = Checked(SweepPlan, *sweep); });
}

}  // namespace lastcommit
