#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plan/codec.h"
#include "status/status.h"
#include "subject/near_names.h"
#include "subject/registry.h"
#include "token/token.h"

namespace lastcommit {
namespace {

ExitCode CodeOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
      return ExitCode::kUsage;
    default:
      return ExitCode::kTesterFailed;
  }
}

}  // namespace

// A supervisor and main may both see that nobody reads the output: it is said
// once.
ExitCode Report(const absl::Status& status) {
  static std::string said;
  const std::string message(status.message());
  if (message != said) {
    std::fflush(stdout);
    std::fprintf(stderr, "lastcommit: %s\n", message.c_str());
    said = message;
  }
  return CodeOf(status);
}

ExitCode WithWritten(ExitCode code, const absl::Status& written) {
  if (written.ok()) return code;
  const ExitCode failed = Report(written);
  return code == ExitCode::kViolated ? code : failed;
}

ExitCode WithOutputWritten(ExitCode code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  const ExitCode failed =
      Report(absl::InternalError("cannot write to standard output"));
  return code == ExitCode::kViolated ? code : failed;
}

ExitCode CodeOf(const Verdict& verdict) {
  if (verdict.violation) return ExitCode::kViolated;
  return verdict.skipped ? ExitCode::kNotExercised : ExitCode::kHeld;
}

absl::Status CheckSaver(const std::string& name) {
  if (FindSaver(name) != nullptr) return absl::OkStatus();
  if (absl::StartsWith(name, "sql-")) {
    return absl::InvalidArgumentError(absl::StrCat(
        absl::CHexEscape(name),
        " is a script of SQL, or another state of one: give the script with "
        "--sql=FILE"));
  }
  std::string message = absl::StrCat("there is no saver named \"",
                                     absl::CHexEscape(name), "\"; ");
  const std::vector<std::string> meant = NearNames(name, SaverNames());
  if (!meant.empty()) {
    absl::StrAppend(&message, "did you mean ", absl::StrJoin(meant, ", "),
                    "? ");
  }
  return absl::InvalidArgumentError(
      absl::StrCat(message, "`lastcommit savers` lists them all"));
}

absl::StatusOr<Plan> LoadPlan(const std::string& plan, const char* not_driven) {
  absl::StatusOr<Plan> parsed =
      LooksLikeToken(plan) ? ParseToken(plan) : ReadPlanFile(plan);
  // Of operations of its own, which nobody has told.
  if (not_driven != nullptr &&
      absl::StrContains(parsed.status().message(), "--driver=")) {
    return absl::InvalidArgumentError(not_driven);
  }
  ASSIGN_OR_RETURN(Plan loaded, std::move(parsed));
  if (loaded.engine == Engine::kRecord && not_driven != nullptr) {
    return absl::InvalidArgumentError(not_driven);
  }
  if (loaded.engine == Engine::kRecord && FindSaver(loaded.saver) == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the plan is for ", absl::CHexEscape(loaded.saver),
        ", which is driven from outside: give that driver with --driver"));
  }
  RETURN_IF_ERROR(CheckSaver(loaded.saver));
  return loaded;
}

void AddOutputs(CLI::App* command, std::string& json_path,
                std::string& junit_path) {
  command->add_option("--json", json_path,
                      "Write the outcome as JSON to this file");
  command->add_option("--junit", junit_path,
                      "Write it as JUnit's XML to this file");
}

void AddTrialOptions(CLI::App* command, TrialOptions& trial) {
  command->add_option("--dir", trial.directory,
                      "Where trials keep their databases (default: a tmpfs if "
                      "there is one)");
}

}  // namespace lastcommit
