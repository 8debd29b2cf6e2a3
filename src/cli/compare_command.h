// `lastcommit compare`.

#ifndef LASTCOMMIT_CLI_COMPARE_COMMAND_H_
#define LASTCOMMIT_CLI_COMPARE_COMMAND_H_

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

// Fills `code` when the subcommand was chosen.
void AddCompare(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_COMPARE_COMMAND_H_
