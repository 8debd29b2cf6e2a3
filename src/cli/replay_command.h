// `lastcommit replay` and `lastcommit show`: a plan that is there already, run
// or printed.

#ifndef LASTCOMMIT_CLI_REPLAY_COMMAND_H_
#define LASTCOMMIT_CLI_REPLAY_COMMAND_H_

#include "cli/command.h"
#include "output/exit_code.h"

namespace lastcommit {

// Each fills `code` when its subcommand has run.
void AddReplay(CLI::App& app, ExitCode& code);
void AddShow(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_REPLAY_COMMAND_H_
