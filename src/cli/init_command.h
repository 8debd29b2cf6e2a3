// `lastcommit init`: a script to start from.

#ifndef LASTCOMMIT_CLI_INIT_COMMAND_H_
#define LASTCOMMIT_CLI_INIT_COMMAND_H_

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

void AddInit(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_INIT_COMMAND_H_
