// `lastcommit sweep`: every crash point of a plan.

#ifndef LASTCOMMIT_CLI_SWEEP_COMMAND_H_
#define LASTCOMMIT_CLI_SWEEP_COMMAND_H_

#include <string>

#include "cli/command.h"

namespace lastcommit {

// Fills `code` when the subcommand has run. `program` is how the reader calls
// this program.
void AddSweep(CLI::App& app, const std::string& program, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_SWEEP_COMMAND_H_
