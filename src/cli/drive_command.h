// `lastcommit drive`: whether a driver does what is taken for granted.

#ifndef LASTCOMMIT_CLI_DRIVE_COMMAND_H_
#define LASTCOMMIT_CLI_DRIVE_COMMAND_H_

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

void AddDrive(CLI::App& app, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_DRIVE_COMMAND_H_
