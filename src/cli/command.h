// What the subcommands of `lastcommit` share: exit codes for errors, options
// that several have, and a saver that must be known. Each subcommand is a file
// of its own, with one function that adds it to the program.

#ifndef LASTCOMMIT_CLI_COMMAND_H_
#define LASTCOMMIT_CLI_COMMAND_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/app.h"
#include "model/verdict.h"
#include "output/exit_code.h"
#include "plan/plan.h"
#include "trial/fork_trial.h"

namespace lastcommit {

// Prints the message as one line to stderr, unless it was the last one. Errors
// of the caller and errors of the tester have different exit codes.
ExitCode Report(const absl::Status& status);

// The code of a command whose outcome was to be written: that of the error,
// which is reported, but a violation stays one.
ExitCode WithWritten(ExitCode code, const absl::Status& written);

// At the end of a process: what nobody could read has shown nothing.
ExitCode WithOutputWritten(ExitCode code);

ExitCode CodeOf(const Verdict& verdict);

// The plan of a token (token/token.h), or else of the file of that name, for a
// saver that is known. `not_driven`: why one of a driver is refused, if it is.
absl::StatusOr<Plan> LoadPlan(const std::string& plan,
                              const char* not_driven = nullptr);

// InvalidArgument with the names there are.
absl::Status CheckSaver(const std::string& name);

// --json and --junit: where a command that judges writes its outcome.
void AddOutputs(CLI::App* command, std::string& json_path,
                std::string& junit_path);

void AddTrialOptions(CLI::App* command, TrialOptions& trial);

// Runs a subcommand that may fail.
template <typename Run, typename Options>
ExitCode Checked(Run run, const Options& options) {
  const absl::StatusOr<ExitCode> code = run(options);
  return code.ok() ? *code : Report(code.status());
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_COMMAND_H_
