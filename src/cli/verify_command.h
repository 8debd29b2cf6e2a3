// `lastcommit verify`: the check of any database (verify/verification.h).

#ifndef LASTCOMMIT_CLI_VERIFY_COMMAND_H_
#define LASTCOMMIT_CLI_VERIFY_COMMAND_H_

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

// Fills `code` when the subcommand has run.
void AddVerify(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_VERIFY_COMMAND_H_
