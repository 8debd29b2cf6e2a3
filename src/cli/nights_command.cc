#include "cli/nights_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command.h"
#include "output/whole_file.h"
#include "page/document.h"
#include "results/nights.h"
#include "status/status.h"

namespace lastcommit {
namespace {

struct NightsOptions {
  std::string directory;
  std::string html;
};

absl::StatusOr<ExitCode> ListNights(const NightsOptions& options) {
  ASSIGN_OR_RETURN(const Document page, NightsOf(options.directory));
  if (options.html.empty()) {
    std::printf("%s", MarkdownOf(page).c_str());
  } else {
    RETURN_IF_ERROR(WriteOutput(options.html, HtmlOf(page)));
  }
  return ExitCode::kHeld;
}

}  // namespace

void AddNights(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<NightsOptions>();
  CLI::App* command = app.add_subcommand(
      "nights", "List the campaigns of a directory, and what was new in each");
  command->add_option("directory", options->directory, "Campaigns are in it")
      ->required();
  command->add_option(
      "--html", options->html,
      "Write it as one HTML file instead, in that directory for its links");
  command->footer(
      "Exit codes: 0 it was written, whatever the campaigns found; 2 there is "
      "none; 3 writing\nfailed.");
  command->callback([options, &code] { code = Checked(ListNights, *options); });
}

}  // namespace lastcommit
