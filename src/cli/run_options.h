// Options that `fuzz` and `campaign` share, and the checks of numbers.

#ifndef LASTCOMMIT_CLI_RUN_OPTIONS_H_
#define LASTCOMMIT_CLI_RUN_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "output/exit_code.h"
#include "results/identity.h"
#include "results/run_options.h"
#include "results/summary.h"

namespace lastcommit {

// CLI11 wraps negative numbers and saturates big ones.
CLI::Validator WholeNumber(std::uint64_t least);
CLI::Validator Seconds();

// --sql: makes the script known and calls `use` with the name of its store.
CLI::Option* AddSqlOption(CLI::App* command,
                          std::function<void(const std::string&)> use);
// The same for a command that reads a plan, which names its store.
void AddSqlOption(CLI::App* command);
// --driver: makes the driver known, has its plans run, and calls `use` with the
// name of its store. Behind --dir (AddTrialOptions), which it heeds.
CLI::Option* AddDriverOption(CLI::App* command, TrialOptions& trial,
                             std::function<void(const std::string&)> use);
// The same for a command that reads a plan.
void AddDriverOption(CLI::App* command, TrialOptions& trial);
// --sql, --seed, --saver, --engine, --fault.
void AddPlanOptions(CLI::App* command, WantedIdentity& wanted);
// --seconds, --trials, --jobs (a core each), --dir, and how this program is
// called.
void AddRunOptions(CLI::App* command, RunOptions& options);

// How the program ends after a run; says its errors.
ExitCode EndOf(const absl::StatusOr<Summary>& summary);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_RUN_OPTIONS_H_
