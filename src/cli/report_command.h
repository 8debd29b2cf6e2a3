// `lastcommit report`.

#ifndef LASTCOMMIT_CLI_REPORT_COMMAND_H_
#define LASTCOMMIT_CLI_REPORT_COMMAND_H_

#include <string>

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

// Fills `code` when the subcommand was chosen. `program` is how the caller
// calls this program.
void AddReport(CLI::App& app, const std::string& program, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_REPORT_COMMAND_H_
