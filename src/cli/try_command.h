// `lastcommit try`, `record` and `judge`: any program, recorded once and
// crashed everywhere.

#ifndef LASTCOMMIT_CLI_TRY_COMMAND_H_
#define LASTCOMMIT_CLI_TRY_COMMAND_H_

#include <string>

#include "cli/app.h"
#include "output/exit_code.h"

namespace lastcommit {

// `program`: how the reader calls this one.
void AddTry(CLI::App& app, const std::string& program, ExitCode& code);
void AddRecord(CLI::App& app, ExitCode& code);
void AddJudge(CLI::App& app, const std::string& program, ExitCode& code);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_TRY_COMMAND_H_
