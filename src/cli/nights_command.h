// `lastcommit nights`.

#ifndef LASTCOMMIT_CLI_NIGHTS_COMMAND_H_
#define LASTCOMMIT_CLI_NIGHTS_COMMAND_H_

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

// Fills `code` when the subcommand was chosen.
void AddNights(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_NIGHTS_COMMAND_H_
