// The `lastcommit` program: subcommands over the library.

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "campaign/exit_code.h"
#include "campaign/fuzz.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "campaign/replay.h"
#include "campaign/story.h"
#include "disk/shim_vfs.h"
#include "plan/codec.h"
#include "status/status.h"
#include "subject/registry.h"

namespace lastcommit {
namespace {

struct ReplayOptions {
  std::string plan_path;
  int repeat = 1;
  bool check_expectation = false;
  std::string keep;
  TrialOptions trial;
};

// Errors of the caller and errors of the tester have different exit codes.
ExitCode CodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kUsage;
    default:
      return ExitCode::kTesterFailed;
  }
}

ExitCode Report(const absl::Status& status) {
  std::fflush(stdout);
  std::fprintf(stderr, "lastcommit: %s\n",
               std::string(status.message()).c_str());
  return CodeOf(status);
}

ExitCode CodeOf(const Verdict& verdict) {
  if (verdict.violation) return ExitCode::kViolated;
  return verdict.skipped ? ExitCode::kNotExercised : ExitCode::kHeld;
}

absl::Status CheckSaver(const std::string& name) {
  if (FindSaver(name) != nullptr) return absl::OkStatus();
  std::string names;
  for (const SaverEntry& entry : Savers()) {
    absl::StrAppend(&names, " ", std::string(entry.name));
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no saver named \"",
                                                 absl::CHexEscape(name),
                                                 "\"; there are:", names));
}

ExitCode Fuzz(const FuzzOptions& options) {
  if (const absl::Status known = CheckSaver(options.generate.saver);
      !known.ok()) {
    return Report(known);
  }
  const absl::StatusOr<FuzzSummary> summary = RunFuzz(options);
  if (!summary.ok()) return Report(summary.status());
  if (!summary->error.empty()) {
    Report(absl::InternalError(summary->error));
  }
  return summary->exit_code;
}

absl::StatusOr<Plan> LoadPlan(const std::string& path) {
  ASSIGN_OR_RETURN(Plan plan, ReadPlanFile(path));
  RETURN_IF_ERROR(CheckSaver(plan.saver));
  return plan;
}

// Whether the plan did what its header says.
ExitCode JudgeExpectation(const Plan& plan, const Repetition& repetition) {
  const std::string expected =
      plan.expected
          ? absl::StrCat("violated(", std::string(Name(*plan.expected)), ")")
          : "held";
  const std::string found = repetition.is_stable()
                                ? repetition.verdicts.begin()->first
                                : "violated(flaky)";
  const bool is_met = found == expected;
  std::printf("expected %s: %s\n", expected.c_str(), is_met ? "yes" : "NO");
  return is_met ? ExitCode::kHeld : ExitCode::kViolated;
}

absl::StatusOr<ExitCode> ReplayPlan(const ReplayOptions& options) {
  ASSIGN_OR_RETURN(const Plan plan, LoadPlan(options.plan_path));
  std::printf("lastcommit replay %s; %s\n", options.plan_path.c_str(),
              SqliteUnderTest().c_str());
  std::fflush(stdout);  // or a child that calls exit() prints it too
  if (options.check_expectation &&
      !plan.sqlite.Contains(sqlite3_libversion_number())) {
    std::printf("skipped: the plan's expectation is for another SQLite\n");
    return ExitCode::kNotExercised;
  }
  if (!options.keep.empty()) {
    RETURN_IF_ERROR(PrepareFindings(options.keep));
    if (access(absl::StrCat(options.keep, "/round-1").c_str(), F_OK) == 0) {
      return absl::AlreadyExistsError(
          absl::StrCat(options.keep, "/round-1 exists already"));
    }
  }
  ASSIGN_OR_RETURN(auto trial, ForkTrial::Create(options.trial));
  ASSIGN_OR_RETURN(const Repetition repetition,
                   Repeat(*trial, plan, options.repeat));
  if (!options.keep.empty()) {
    RETURN_IF_ERROR(trial->RunAndKeep(plan, options.keep).status());
  }
  const Verdict& verdict = repetition.first.verdict;
  std::printf("%s\n%s\n", ReadableProgram(plan).c_str(), verdict.why.c_str());
  std::printf("%s\n", Describe(repetition).c_str());
  if (options.check_expectation) return JudgeExpectation(plan, repetition);
  return repetition.is_stable() ? CodeOf(verdict) : ExitCode::kViolated;
}

absl::StatusOr<ExitCode> ShowPlan(const std::string& path) {
  ASSIGN_OR_RETURN(const Plan plan, ReadPlanFile(path));
  std::printf("%s", ReadableProgram(plan).c_str());
  return ExitCode::kHeld;
}

struct ShrinkOptions {
  std::string plan_path;
  std::string out_path;
  TrialOptions trial;
  FindingOptions finding;
};

absl::StatusOr<ExitCode> ShrinkPlanFile(const ShrinkOptions& options) {
  ASSIGN_OR_RETURN(const Plan plan, LoadPlan(options.plan_path));
  ASSIGN_OR_RETURN(auto trial, ForkTrial::Create(options.trial));
  ASSIGN_OR_RETURN(const TrialResult result, trial->Run(plan));
  if (!result.verdict.violation.has_value()) {
    std::printf("nothing to shrink: %s\n", Name(result.verdict).c_str());
    return CodeOf(result.verdict);
  }
  const Interrupts interrupts;
  Progress progress(/*is_shown=*/true);
  int trials = 0;
  FindingOptions finding = options.finding;
  finding.is_cancelled = [&] {
    progress.Show(absl::StrCat(++trials, " trials of shrinking"));
    return Interrupts::AreRaised();
  };
  ASSIGN_OR_RETURN(ShrinkResult shrunk,
                   ShrinkPlan(*trial, plan, result, finding));
  progress.Finish();
  shrunk.plan =
      WithExpectation(std::move(shrunk.plan), *result.verdict.violation);
  RETURN_IF_ERROR(WritePlanFile(options.out_path, shrunk.plan));
  std::printf("%s\n%s after %d trials%s: %s\n",
              ReadableProgram(shrunk.plan).c_str(),
              Name(result.verdict).c_str(), shrunk.trials,
              shrunk.is_minimal ? "" : " (a limit was reached)",
              options.out_path.c_str());
  return ExitCode::kViolated;
}

ExitCode ListSavers() {
  std::size_t width = 0;
  for (const SaverEntry& entry : Savers()) {
    width = std::max(width, entry.name.size());
  }
  for (const SaverEntry& entry : Savers()) {
    const std::string planted =
        entry.planted
            ? absl::StrCat(" [planted: ", std::string(Name(*entry.planted)),
                           "]")
            : "";
    std::printf("%-*s  %s%s\n", static_cast<int>(width),
                std::string(entry.name).c_str(),
                std::string(entry.description).c_str(), planted.c_str());
  }
  return ExitCode::kHeld;
}

template <typename Run, typename Options>
ExitCode Checked(Run run, const Options& options) {
  const absl::StatusOr<ExitCode> code = run(options);
  return code.ok() ? *code : Report(code.status());
}

// CLI11 wraps negative numbers and saturates big ones.
CLI::Validator WholeNumber(std::uint64_t least) {
  return CLI::Validator(
      [least](const std::string& text) -> std::string {
        std::uint64_t number = 0;
        if (absl::SimpleAtoi(text, &number) && number >= least) return "";
        return absl::StrCat("\"", absl::CHexEscape(text),
                            "\" is not a whole number from ", least, " to ",
                            std::numeric_limits<std::uint64_t>::max());
      },
      "");
}

CLI::Validator Seconds() {
  return CLI::Validator(
      [](const std::string& text) -> std::string {
        constexpr double kMost = 1e9;  // and neither NaN nor infinity
        double seconds = 0;
        if (absl::SimpleAtod(text, &seconds) && seconds > 0 &&
            seconds <= kMost) {
          return "";
        }
        return absl::StrCat("\"", absl::CHexEscape(text),
                            "\" is not a number above 0 and up to ", kMost);
      },
      "");
}

void AddTrialOptions(CLI::App* command, TrialOptions& trial) {
  command->add_option("--dir", trial.directory,
                      "Where trials keep their databases (default: a tmpfs if "
                      "there is one)");
}

// One of the words that the option allows.
FaultChoice FaultNamed(const std::string& name) {
  if (name == "kill") return FaultChoice::kKill;
  return name == "none" ? FaultChoice::kNone : FaultChoice::kMixed;
}

// Fills `code` when the chosen subcommand has run.
void AddFuzz(CLI::App& app, FuzzOptions& options, ExitCode& code) {
  CLI::App* command = app.add_subcommand(
      "fuzz", "Generate plans, run and judge them; keep and shrink findings");
  command
      ->add_option("--seed", options.seed,
                   "Plans are a function of the seed (default 1)")
      ->check(WholeNumber(0));
  command
      ->add_option_function<double>(
          "--seconds", [&](double s) { options.time_limit = absl::Seconds(s); },
          "End after that many seconds (default 60 without --trials)")
      ->check(Seconds());
  command
      ->add_option_function<std::uint64_t>(
          "--trials", [&](std::uint64_t n) { options.trial_limit = n; },
          "End after that many trials")
      ->check(WholeNumber(1));
  command
      ->add_option("--saver", options.generate.saver,
                   "The store under test: see `lastcommit savers`")
      ->capture_default_str();
  command
      ->add_option_function<std::string>(
          "--engine",
          [&](const std::string& name) {
            options.generate.engine = *ParseEngine(name);
          },
          "fork: real processes, real SIGKILL, real files")
      ->check(CLI::IsMember({"fork"}));
  command
      ->add_option_function<std::string>(
          "--fault",
          [&](const std::string& name) {
            options.generate.fault = FaultNamed(name);
          },
          "kill: each plan has a kill; none; mixed (default)")
      ->check(CLI::IsMember({"kill", "none", "mixed"}));
  command
      ->add_option("--jobs", options.jobs,
                   "Worker processes (default: one a core)")
      ->check(CLI::Range(1, 256));
  command
      ->add_option("--findings", options.findings.directory,
                   "Where findings are kept")
      ->capture_default_str();
  command
      ->add_option("--stop-after", options.stop_after,
                   "End after that many findings (default: go on)")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--json", options.json_path,
                      "Write the summary as JSON to this file");
  AddTrialOptions(command, options.trial);
  command->footer(
      "Exit codes: 0 held, 1 violated, 2 usage or bad input, 3 the tester "
      "itself failed,\n4 not exercised (a fault that was promised never "
      "happened).\n\nExample: a real bug of SQLite 3.40.1, found, shrunk and "
      "kept:\n  lastcommit fuzz --saver=sqlite-undefended --fault=kill "
      "--stop-after=1");
  command->callback([&] {
    if (!options.time_limit && !options.trial_limit) {
      options.time_limit = absl::Seconds(60);
    }
    code = Fuzz(options);
  });
}

void AddReplay(CLI::App& app, ReplayOptions& options, ExitCode& code) {
  CLI::App* command =
      app.add_subcommand("replay", "Run a plan again and judge it");
  command->add_option("plan", options.plan_path, "A plan file")->required();
  command->add_option("--repeat", options.repeat, "How often")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--expect", options.check_expectation,
                    "Exit 0 if the verdict is the one in the plan's header; 4 "
                    "if that is for another SQLite");
  command->add_option("--keep", options.keep,
                      "Keep what each round left on disk in this directory");
  AddTrialOptions(command, options.trial);
  command->callback([&] { code = Checked(ReplayPlan, options); });
}

void AddShrink(CLI::App& app, ShrinkOptions& options, ExitCode& code) {
  CLI::App* command = app.add_subcommand(
      "shrink", "Find a simpler plan that fails in the same way");
  command->add_option("plan", options.plan_path, "A plan file")->required();
  command->add_option("--out", options.out_path,
                      "Where to write it (default: PLAN.shrunk)");
  command
      ->add_option("--max-trials", options.finding.shrink.max_trials,
                   "End after that many trials")
      ->check(CLI::Range(1, 1'000'000));
  AddTrialOptions(command, options.trial);
  command->callback([&] {
    if (options.out_path.empty()) {
      options.out_path = options.plan_path + ".shrunk";
    }
    code = Checked(ShrinkPlanFile, options);
  });
}

// What nobody could read has shown nothing.
ExitCode WithOutputWritten(ExitCode code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  const ExitCode failed =
      Report(absl::InternalError("cannot write to standard output"));
  return code == ExitCode::kViolated ? code : failed;
}

int Main(int argc, char** argv) {
  // A closed pipe is an error of writing, not a death that leaves files behind.
  signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "lastcommit: a crash tester for programs that keep their state in "
      "SQLite.\nIt generates what they do, kills them at a generated point, "
      "recovers, and compares\nwhat came back with a model that holds only "
      "committed transactions.");
  app.require_subcommand(1);
  app.set_version_flag("--version",
                       absl::StrCat(TesterVersion(), ", ", SqliteUnderTest()));
  ExitCode code = ExitCode::kHeld;
  FuzzOptions fuzz;
  fuzz.findings.program = argv[0];
  fuzz.jobs = static_cast<int>(
      std::clamp(std::thread::hardware_concurrency(), 1U, 256U));
  ReplayOptions replay;
  ShrinkOptions shrink;
  std::string shown;
  AddFuzz(app, fuzz, code);
  AddReplay(app, replay, code);
  AddShrink(app, shrink, code);
  CLI::App* show = app.add_subcommand("show", "Print a plan for people");
  show->add_option("plan", shown, "A plan file")->required();
  show->callback([&] { code = Checked(ShowPlan, shown); });
  app.add_subcommand("savers", "List the stores that can be tested")
      ->callback([&] { code = ListSavers(); });
  if (const absl::Status status = RegisterShimVfs(); !status.ok()) {
    return static_cast<int>(Report(status));
  }
  try {  // CLI11 reports by exceptions; they end here
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    code = app.exit(error) == 0 ? ExitCode::kHeld : ExitCode::kUsage;
  }
  return static_cast<int>(WithOutputWritten(code));
}

}  // namespace
}  // namespace lastcommit

// What gets out of Main is a bug or a lack of memory, and ends the process.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return lastcommit::Main(argc, argv); }
