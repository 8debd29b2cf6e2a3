// `lastcommit bugs`: the table of known bugs of SQLite.

#ifndef LASTCOMMIT_CLI_BUGS_COMMAND_H_
#define LASTCOMMIT_CLI_BUGS_COMMAND_H_

#include "cli/command.h"

namespace lastcommit {

void AddBugs(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_BUGS_COMMAND_H_
