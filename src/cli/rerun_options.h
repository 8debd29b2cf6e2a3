// Options of `try` that run the program again, and what comes of them.

#ifndef LASTCOMMIT_CLI_RERUN_OPTIONS_H_
#define LASTCOMMIT_CLI_RERUN_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "absl/status/statusor.h"
#include "judge/reruns.h"
#include "output/exit_code.h"

namespace lastcommit {

// --rerun, --fault. 0 runs: none was asked for.
void AddReruns(CLI::App* command, RerunOptions& options);

// Runs it again, says on the standard output what was found, and adds it to
// `json`. The worse one of `code` and of what was found.
absl::StatusOr<ExitCode> RerunAndSay(const RerunOptions& options, ExitCode code,
                                     const std::function<bool()>& goes_on,
                                     nlohmann::json& json);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CLI_RERUN_OPTIONS_H_
