// `lastcommit shrink`: a simpler plan that fails in the same way.

#ifndef LASTCOMMIT_CLI_SHRINK_COMMAND_H_
#define LASTCOMMIT_CLI_SHRINK_COMMAND_H_

#include "cli/command.h"
#include "output/exit_code.h"

namespace lastcommit {

// Fills `code` when the subcommand has run.
void AddShrink(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_SHRINK_COMMAND_H_
