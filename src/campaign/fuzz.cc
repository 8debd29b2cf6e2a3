#include "campaign/fuzz.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "campaign/interrupts.h"
#include "campaign/supervisor.h"
#include "generate/choices.h"
#include "names/names.h"
#include "output/json_file.h"
#include "output/version.h"
#include "results/identity.h"
#include "status/status.h"

namespace lastcommit {

std::string Parameters(const RunOptions& options) {
  std::string text = absl::StrCat(
      "seed=", options.seed, " saver=", options.generate.saver,
      " engine=", Word(options.generate.engine),
      " fault=", Word(options.generate.fault),
      " clients=", ClientsWord(options.generate.clients),
      " schedule=", ScheduleWord(options.generate), " jobs=", options.jobs);
  if (options.time_limit) {
    absl::StrAppend(&text,
                    " seconds=", absl::ToDoubleSeconds(*options.time_limit));
  }
  if (options.trial_limit) {
    absl::StrAppend(&text, " trials=", *options.trial_limit);
  }
  if (options.shard.of > 1) {
    absl::StrAppend(&text, " shard=", options.shard.number, "/",
                    options.shard.of);
  }
  absl::StrAppend(
      &text, " stop-after=", options.stop_after,
      " findings=", options.findings.directory, " dir=",
      options.trial.directory.empty() ? "default" : options.trial.directory);
  return absl::StrCat(text, "; ", TesterVersion(), ", ", SqliteUnderTest());
}

absl::StatusOr<Summary> RunFuzz(const FuzzOptions& options) {
  const Interrupts interrupts;
  std::printf("lastcommit fuzz: %s\n", Parameters(options).c_str());
  std::fflush(stdout);
  RETURN_IF_ERROR(PrepareFindings(options.findings.directory));
  RETURN_IF_ERROR(PrepareJsonFile(options.json_path));
  ASSIGN_OR_RETURN(Summary summary, Supervise(options, Tally(), nullptr));
  PrintSummary(options, summary);
  const absl::Status written =
      WriteJsonFile(options.json_path, SummaryToJson(options, summary));
  if (!written.ok() && summary.error.empty()) {
    summary.error = std::string(written.message());
    summary.DecideOutcome(summary.exit_code == ExitCode::kViolated);
  }
  return summary;
}

}  // namespace lastcommit
