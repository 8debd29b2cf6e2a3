#include "cli/fuzz_command.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "campaign/fuzz.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "results/identity.h"

namespace lastcommit {
namespace {

struct FuzzCommand {
  WantedIdentity wanted;
  FuzzOptions options;
};

ExitCode Fuzz(FuzzCommand& fuzz) {
  const Identity identity = NewIdentity(fuzz.wanted);
  if (const absl::Status known = CheckSaver(identity.generate.saver);
      !known.ok()) {
    return Report(known);
  }
  if (const absl::Status possible = CheckEngine(identity.generate);
      !possible.ok()) {
    return Report(possible);
  }
  FuzzOptions& options = fuzz.options;
  options.seed = identity.seed;
  options.generate = identity.generate;
  if (!options.time_limit && !options.trial_limit) {
    options.time_limit = absl::Seconds(60);
  }
  return EndOf(RunFuzz(options));
}

}  // namespace

void AddFuzz(CLI::App& app, const std::string& program, ExitCode& code) {
  const auto fuzz = std::make_shared<FuzzCommand>();
  FuzzOptions& options = fuzz->options;
  options.findings.program = program;
  CLI::App* command = app.add_subcommand(
      "fuzz", "Generate plans, run and judge them; keep and shrink findings");
  AddPlanOptions(command, fuzz->wanted);
  AddRunOptions(command, options);
  AddDriverOption(
      command, options.trial,
      [fuzz](const std::string& name) { fuzz->wanted.saver = name; })
      ->excludes(command->get_option("--saver"))
      ->excludes(command->get_option("--sql"));
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
  command->footer(
      "Without --seconds and --trials it ends after 60 seconds. Without other "
      "options it runs\neverything; each option leaves a part of it.\n\n"
      "Exit codes: 0 held, 1 violated, 2 usage or bad input, 3 the tester "
      "itself failed,\n4 not exercised (too few trials, or a fault that was "
      "promised never happened).\n\nExample: a real bug of SQLite 3.40.1, "
      "found, shrunk and "
      "kept:\n  lastcommit fuzz --saver=sqlite-undefended --engine=fork "
      "--fault=kill --clients=1 --seed=12 --stop-after=1");
  command->callback([fuzz, &code] { code = Fuzz(*fuzz); });
}

}  // namespace lastcommit
