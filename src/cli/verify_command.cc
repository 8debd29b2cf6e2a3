#include "cli/verify_command.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "campaign/story.h"
#include "verify/verification.h"

namespace lastcommit {
namespace {

struct VerifyCommand {
  std::string database;
  VerifyOptions verify;
};

ExitCode CannotCheck(const std::string& why, ExitCode code) {
  std::printf("CANNOT CHECK: %s\n", why.c_str());
  return code;
}

// The directory for the copy is the caller's choice, the rest is the tester's.
ExitCode Failed(const absl::Status& status) {
  const bool is_usage =
      absl::IsNotFound(status) || absl::IsPermissionDenied(status);
  return CannotCheck(std::string(status.message()),
                     is_usage ? ExitCode::kUsage : ExitCode::kTesterFailed);
}

ExitCode Run(VerifyCommand& command) {
  const Interrupts interrupts;
  std::printf("lastcommit verify %s; %s\n",
              absl::CHexEscape(command.database).c_str(),
              SqliteUnderTest().c_str());
  std::fflush(stdout);  // or the child prints it too
  Progress progress(/*is_shown=*/true);
  command.verify.keep_going = [&](const std::string& doing) {
    if (progress.Elapsed() > absl::Seconds(2)) progress.Show(doing);
    return !Interrupts::AreRaised();
  };
  const absl::StatusOr<Verification> result =
      Verify(command.database, command.verify);
  progress.Finish();
  if (!result.ok()) return Failed(result.status());
  for (const std::string& line : result->lines) {
    std::printf("%s\n", line.c_str());
  }
  switch (result->soundness) {
    case Soundness::kOk:
      std::printf("OK: %s\n", result->summary.c_str());
      return ExitCode::kHeld;
    case Soundness::kDamaged:
      std::printf("DAMAGED: %s\n", result->summary.c_str());
      return ExitCode::kViolated;
    case Soundness::kCannotCheck:
      break;
  }
  return CannotCheck(result->summary, ExitCode::kUsage);
}

}  // namespace

void AddVerify(CLI::App& app, ExitCode& code) {
  CLI::App* subcommand = app.add_subcommand(
      "verify", "Check any SQLite database, without changing a byte of it");
  const auto command = std::make_shared<VerifyCommand>();
  subcommand->add_option("database", command->database, "The database file")
      ->required();
  subcommand->add_option("--dir", command->verify.directory,
                         "Where it is copied to, with its WAL and its journal, "
                         "and checked (default:\nthe directory for temporary "
                         "files)");
  CheckLimits& limits = command->verify.limits;
  subcommand
      ->add_option_function<std::int64_t>(
          "--seconds",
          [&limits](const std::int64_t& seconds) {
            limits.seconds = seconds;
            limits.seconds_per_mib = 0;
          },
          absl::StrCat("How long a check may take (default: ", limits.seconds,
                       ", and ", limits.seconds_per_mib, " for each MiB)"))
      ->check(CLI::Range(1, 1'000'000));
  subcommand
      ->add_option_function<std::int64_t>(
          "--memory-mib",
          [&limits](const std::int64_t& mib) {
            limits.memory_mib = limits.max_memory_mib = mib;
            limits.memory_mib_per_mib = 0;
          },
          absl::StrCat("How much memory it may take (default: ",
                       limits.memory_mib, ", and ", limits.memory_mib_per_mib,
                       " for each\nMiB, at most ", limits.max_memory_mib, ")"))
      ->check(CLI::Range(16, 1'000'000));
  subcommand->footer(
      "integrity_check, foreign_key_check, the WAL frame by frame, the journal "
      "and the schema.\nThe last line begins with OK, DAMAGED or CANNOT "
      "CHECK.\n\nA database that another program has open is checked as it "
      "stood between two writes;\nif it writes all the time, there is no such "
      "copy.\n\nExit codes: 0 intact, 1 damaged, 2 it cannot be checked (no "
      "such file, no database,\nchanged all the time), 3 the tester itself "
      "failed (no room for the copy).");
  subcommand->callback([command, &code] { code = Run(*command); });
}

}  // namespace lastcommit
