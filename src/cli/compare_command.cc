#include "cli/compare_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"
#include "output/json_file.h"
#include "output/whole_file.h"
#include "page/document.h"
#include "results/comparison.h"
#include "results/loaded_campaign.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct CompareOptions {
  std::string before;
  std::string after;
  std::string json_path;
  std::string html;
};

std::string VerdictOf(const Comparison& comparison, ExitCode code) {
  if (code == ExitCode::kHeld) return "NOTHING NEW";
  if (code != ExitCode::kViolated) return Word(code);
  return comparison.new_ones.empty() ? "NEW FAILURES" : "NEW FINDINGS";
}

absl::Status WriteOutcome(const CompareOptions& options, const Document& page,
                          const Comparison& comparison) {
  if (!options.html.empty()) {
    RETURN_IF_ERROR(WriteOutput(options.html, HtmlOf(page)));
  }
  return WriteJsonFile(options.json_path, JsonOf(comparison));
}

absl::StatusOr<ExitCode> CompareCampaigns(const CompareOptions& options) {
  RETURN_IF_ERROR(PrepareJsonFile(options.json_path));
  RETURN_IF_ERROR(PrepareJsonFile(options.html));
  ASSIGN_OR_RETURN(const LoadedCampaign before, LoadCampaign(options.before));
  ASSIGN_OR_RETURN(const LoadedCampaign after, LoadCampaign(options.after));
  const Comparison comparison = Compare(before, after);
  const ExitCode code = CodeOf(comparison, after);
  Document page = {
      .title = "lastcommit: " + options.after + " since " + options.before,
      .verdict = VerdictOf(comparison, code),
      .tone = ToneOf(code)};
  AddComparison(comparison, before, after, /*level=*/2, page);
  std::printf("%s", MarkdownOf(page).c_str());
  return WithWritten(code, WriteOutcome(options, page, comparison));
}

}  // namespace

void AddCompare(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare", "Say which findings of a campaign are new since another one");
  command->add_option("before", options->before, "The earlier campaign")
      ->required();
  command->add_option("after", options->after, "The later one")->required();
  command->add_option("--json", options->json_path,
                      "Write the outcome as JSON to this file");
  command->add_option("--html", options->html,
                      "Write it as one HTML file, which needs nothing else");
  command->footer(
      "Findings are the same if their verdict, the shape of the shrunk plan "
      "and the known bugs\nthat they look like are. Exit codes: 0 nothing is "
      "new; 1 there are new findings, or a property\nfailed that had not; 2 "
      "one is no campaign, or cannot be read; 3 writing failed; 4 "
      "nobody\nknows: "
      "findings were not shrunk and so not compared, or the later campaign did "
      "too little.");
  command->callback(
      [options, &code] { code = Checked(CompareCampaigns, *options); });
}

}  // namespace lastcommit
