// `lastcommit blame`: which lost changes break a plan.

#ifndef LASTCOMMIT_CLI_BLAME_COMMAND_H_
#define LASTCOMMIT_CLI_BLAME_COMMAND_H_

#include "cli/command.h"

namespace lastcommit {

// Fills `code` when the subcommand has run.
void AddBlame(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_BLAME_COMMAND_H_
