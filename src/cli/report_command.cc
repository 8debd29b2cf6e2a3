#include "cli/report_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"
#include "cli/run_options.h"
#include "output/json_file.h"
#include "output/junit_file.h"
#include "output/whole_file.h"
#include "page/document.h"
#include "results/loaded_campaign.h"
#include "results/report.h"
#include "results/report_json.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct ReportOptions {
  std::string directory;
  std::string since;
  std::string out;
  std::string html;
  std::string json_path;
  std::string junit_path;
  std::string program;
};

absl::Status WriteForPrograms(const ReportOptions& options) {
  if (options.json_path.empty() && options.junit_path.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const LoadedCampaign campaign,
                   LoadCampaign(options.directory));
  RETURN_IF_ERROR(WriteJsonFile(options.json_path, JsonOf(campaign)));
  return WriteJUnitFile(options.junit_path, "lastcommit.report",
                        CasesOf(campaign));
}

absl::StatusOr<ExitCode> WriteReport(const ReportOptions& options) {
  RETURN_IF_ERROR(WriteForPrograms(options));
  // With links from where it lies.
  const auto report = [&](const std::filesystem::path& file) {
    return ReportOn(options.directory, options.since,
                    {file.parent_path().string(), options.program});
  };
  if (!options.html.empty()) {
    ASSIGN_OR_RETURN(const Document page, report(options.html));
    RETURN_IF_ERROR(WriteOutput(options.html, HtmlOf(page)));
    if (options.out.empty()) return ExitCode::kHeld;
  }
  ASSIGN_OR_RETURN(const Document page, report(options.out));
  const std::string text = MarkdownOf(page);
  if (!options.out.empty()) {
    RETURN_IF_ERROR(WriteOutput(options.out, text));
    return ExitCode::kHeld;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return ExitCode::kHeld;
}

}  // namespace

void AddReport(CLI::App& app, const std::string& program, ExitCode& code) {
  const auto options = std::make_shared<ReportOptions>();
  options->program = program;
  CLI::App* command =
      app.add_subcommand("report", "Say what a campaign came to, as a page");
  command->add_option("directory", options->directory, "Of a campaign")
      ->required();
  AddSqlOption(command);
  command->add_option("--since", options->since,
                      "An earlier campaign: which findings are new, known and "
                      "gone");
  command->add_option("--out", options->out,
                      "Write it to this file instead of standard output");
  command->add_option("--html", options->html,
                      "Write it as one HTML file, which needs nothing else");
  AddOutputs(command, options->json_path, options->junit_path);
  command->footer(
      "Exit codes: 0 it was written, whatever the campaign found; 2 there is "
      "no "
      "campaign, or\nits results cannot be read; 3 writing failed.");
  command->callback(
      [options, &code] { code = Checked(WriteReport, *options); });
}

}  // namespace lastcommit
