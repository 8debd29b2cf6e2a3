// The `lastcommit` program: subcommands over the library.

#include <signal.h>

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
#include "campaign/story.h"
#include "cli/command.h"
#include "cli/replay_command.h"
#include "cli/shrink_command.h"
#include "cli/verify_command.h"
#include "disk/shim_vfs.h"
#include "plan/plan.h"
#include "subject/registry.h"

namespace lastcommit {
namespace {

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
  AddFuzz(app, fuzz, code);
  AddReplay(app, code);
  AddShrink(app, code);
  AddShow(app, code);
  AddVerify(app, code);
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
