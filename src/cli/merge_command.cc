#include "cli/merge_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "cli/command.h"
#include "output/exit_code.h"
#include "results/merge.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct MergeOptions {
  std::string out;
  std::vector<std::string> directories;
};

// On standard error, every two seconds.
class MergeProgress {
 public:
  explicit MergeProgress(std::size_t of) : of_(of) {}

  void operator()(std::size_t parts) {
    constexpr absl::Duration kEvery = absl::Seconds(2);
    const absl::Time now = absl::Now();
    if (now - said_ < kEvery) return;
    said_ = now;
    std::fprintf(stderr, "%zu of %zu shards\n", parts, of_);
  }

 private:
  const std::size_t of_;
  absl::Time said_ = absl::Now();
};

absl::StatusOr<ExitCode> MergeShards(const MergeOptions& options) {
  ASSIGN_OR_RETURN(const Merged merged,
                   Merge(options.out, options.directories,
                         MergeProgress(options.directories.size())));
  const Tally& tally = merged.summary.tally;
  std::printf("digest %s\n%s\n%s: %lld trials, %zu findings: %s\n",
              tally.digest().c_str(), options.out.c_str(),
              Word(merged.summary.exit_code),
              static_cast<long long>(tally.ledger.trials()),
              tally.findings.size(), JudgedInWords(merged.summary).c_str());
  std::fflush(stdout);
  if (!merged.missing.empty()) {
    std::fprintf(stderr, "lastcommit: warning: %s\n", merged.missing.c_str());
  }
  return ExitCode::kHeld;
}

}  // namespace

void AddMerge(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      app.add_subcommand("merge", "Make one campaign of several shards");
  command->add_option("out", options->out, "A directory that is not there yet")
      ->required();
  command
      ->add_option("directories", options->directories,
                   "Campaigns of one seed, each with another --shard")
      ->required();
  command->footer(
      "Exit codes: 0 they were merged, whatever they found (summary.json has "
      "the verdict);\n2 they do not belong together, or cannot be read; 3 "
      "writing failed.");
  command->callback(
      [options, &code] { code = Checked(MergeShards, *options); });
}

}  // namespace lastcommit
