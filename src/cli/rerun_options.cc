#include "cli/rerun_options.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "campaign/progress.h"
#include "status/status.h"

namespace lastcommit {
namespace {

ExitCode WorseOf(ExitCode one, ExitCode other) {
  for (const ExitCode code : {ExitCode::kViolated, ExitCode::kNotExercised}) {
    if (one == code || other == code) return code;
  }
  return one;
}

}  // namespace

void AddReruns(CLI::App* command, RerunOptions& options) {
  CLI::Option* const rerun =
      command
          ->add_option("--rerun", options.count,
                       "Run the program so many times more, with all its side "
                       "effects, and kill it\nfor real at calls that --seed "
                       "chooses; what is left is compared with the\nrecording "
                       "of that run")
          ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  command
      ->add_option_function<std::string>(
          "--fault",
          [&options](const std::string& name) {
            options.fault =
                name == "io-error" ? RerunFault::kIoError : RerunFault::kKill;
          },
          "What happens in these runs: a kill (default), or one call fails "
          "with EIO,\nENOSPC, EDQUOT or EINTR, or writes less")
      ->check(CLI::IsMember({"kill", "io-error"}))
      ->needs(rerun);
}

absl::StatusOr<ExitCode> RerunAndSay(const RerunOptions& options, ExitCode code,
                                     const std::function<bool()>& goes_on,
                                     nlohmann::json& json) {
  ProgressLine progress(/*is_shown=*/true);
  const auto on_progress = [&](const RerunOutcome& until_now) {
    if (progress.Elapsed() > absl::Seconds(2)) {
      progress.Show(absl::StrCat("running again: ", until_now.runs, " of ",
                                 until_now.wanted, ", ", until_now.violated,
                                 " violated"));
    }
    return goes_on();
  };
  auto outcome = Rerun(options, on_progress);
  progress.Finish();
  if (!outcome.ok()) return outcome.status();
  code = WorseOf(code, outcome->exit_code());
  std::printf("%s", TextOf(*outcome, code).c_str());
  json["reruns"] = JsonOf(*outcome);
  return code;
}

}  // namespace lastcommit
