// `lastcommit savers`: the stores that are built in.

#ifndef LASTCOMMIT_CLI_SAVERS_COMMAND_H_
#define LASTCOMMIT_CLI_SAVERS_COMMAND_H_

#include "cli/command.h"

namespace lastcommit {

void AddSavers(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_SAVERS_COMMAND_H_
