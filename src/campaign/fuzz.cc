#include "campaign/fuzz.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "campaign/interrupts.h"
#include "campaign/story.h"
#include "campaign/supervisor.h"
#include "status/status.h"

namespace lastcommit {
namespace {

// Makes the file, and leaves one that is there as it is until the run's end.
absl::Status PrepareJson(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const int file =
      open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (file < 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot write ", absl::CHexEscape(path)));
  }
  close(file);
  return absl::OkStatus();
}

// Not by renaming: it may be a device or a pipe.
absl::Status WriteJson(const FuzzOptions& options, const Summary& summary) {
  if (options.json_path.empty()) return absl::OkStatus();
  std::ofstream file(options.json_path, std::ios::binary | std::ios::trunc);
  file << PrintJson(SummaryToJson(options, summary));
  file.close();
  if (file) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot write ", absl::CHexEscape(options.json_path)));
}

}  // namespace

std::string Parameters(const RunOptions& options) {
  std::string text = absl::StrCat(
      "seed=", options.seed, " saver=", options.generate.saver,
      " engine=", Word(options.generate.engine),
      " fault=", Word(options.generate.fault), " jobs=", options.jobs);
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
  RETURN_IF_ERROR(PrepareJson(options.json_path));
  ASSIGN_OR_RETURN(Summary summary, Supervise(options, Tally(), nullptr));
  PrintSummary(options, summary);
  const absl::Status written = WriteJson(options, summary);
  if (!written.ok() && summary.error.empty()) {
    summary.error = std::string(written.message());
    summary.DecideOutcome(summary.exit_code == ExitCode::kViolated);
  }
  return summary;
}

}  // namespace lastcommit
