#include "cli/campaign_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "campaign/campaign.h"
#include "cli/command.h"
#include "cli/run_options.h"

namespace lastcommit {
namespace {

// A night has the time to look at more of them than a minute.
constexpr int kShrunkPerClass = 20;

// "2/4".
std::optional<Shard> ParseShard(const std::string& text) {
  constexpr int kMostShards = 10'000;
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  Shard shard;
  if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &shard.number) &&
      absl::SimpleAtoi(parts[1], &shard.of) && shard.number >= 1 &&
      shard.number <= shard.of && shard.of <= kMostShards) {
    return shard;
  }
  return std::nullopt;
}

std::string CheckShard(const std::string& text) {
  if (ParseShard(text)) return "";
  return absl::StrCat("\"", absl::CHexEscape(text),
                      "\" is not a shard like 1/4: from 1/1 to 10000/10000");
}

ExitCode Campaign(const CampaignOptions& options) {
  if (options.wanted.saver) {
    const absl::Status known = CheckSaver(*options.wanted.saver);
    if (!known.ok()) return Report(known);
  }
  return EndOf(RunCampaign(options));
}

}  // namespace

void AddCampaign(CLI::App& app, const std::string& program, ExitCode& code) {
  const auto options = std::make_shared<CampaignOptions>();
  options->run.findings.program = program;
  options->run.shrunk_per_class = kShrunkPerClass;
  CLI::App* command = app.add_subcommand(
      "campaign", "Fuzz for hours; keep all results; go on after any end");
  command
      ->add_option("directory", options->directory,
                   "Where everything is kept; made, or continued")
      ->required();
  AddPlanOptions(command, options->wanted);
  AddRunOptions(command, options->run);
  AddDriverOption(
      command, options->run.trial,
      [options](const std::string& name) { options->wanted.saver = name; })
      ->excludes(command->get_option("--saver"))
      ->excludes(command->get_option("--sql"));
  command
      ->add_option_function<std::string>(
          "--shard",
          [options](const std::string& text) {
            options->wanted.shard = ParseShard(text);
          },
          "i/n: the i-th of n campaigns that share a seed and are merged later")
      ->check(CLI::Validator(CheckShard, ""));
  command
      ->add_option("--shrunk-per-class", options->run.shrunk_per_class,
                   "Findings of a class that are shrunk and explained")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->footer(
      "Without --seconds and --trials it goes on until Ctrl-C. --trials counts "
      "those of all\nshards and of earlier runs. Started again on a directory, "
      "it takes --seed, --saver,\n--engine, --fault and --shard from there.\n\n"
      "Exit codes, over all that the directory has: 0 held, 1 violated, 2 "
      "usage "
      "or bad\ninput, 3 the tester itself failed (a worker died, too), 4 not "
      "exercised.\n\nExample: an hour, and again whenever there is time:\n"
      "  lastcommit campaign nights/1 --seed=1 --seconds=3600");
  command->callback([options, &code] { code = Campaign(*options); });
}

}  // namespace lastcommit
