// `lastcommit merge`.

#ifndef LASTCOMMIT_CLI_MERGE_COMMAND_H_
#define LASTCOMMIT_CLI_MERGE_COMMAND_H_

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

// Fills `code` when the subcommand was chosen.
void AddMerge(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_MERGE_COMMAND_H_
