// The `lastcommit` program: subcommands over the library.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/blame_command.h"
#include "cli/bugs_command.h"
#include "cli/campaign_command.h"
#include "cli/command.h"
#include "cli/compare_command.h"
#include "cli/fuzz_command.h"
#include "cli/merge_command.h"
#include "cli/nights_command.h"
#include "cli/pages.h"
#include "cli/replay_command.h"
#include "cli/report_command.h"
#include "cli/savers_command.h"
#include "cli/shrink_command.h"
#include "cli/sweep_command.h"
#include "cli/try_command.h"
#include "cli/verify_command.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "output/exit_code.h"
#include "output/version.h"

namespace lastcommit {
namespace {

// How many letters have to be put in, taken out or changed.
std::size_t EditDistance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t changed = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// "fuz" is none: CLI11 says only that one is required.
absl::Status CheckSubcommand(const CLI::App& app, const std::string& name) {
  std::string nearest;
  std::size_t least = 3;  // further away is no slip of the finger
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return absl::OkStatus();
    const std::size_t distance = EditDistance(name, command->get_name());
    if (distance < least && !command->get_group().empty()) {
      least = distance;
      nearest = command->get_name();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", absl::CHexEscape(name), "\" is no subcommand",
      nearest.empty() ? "" : absl::StrCat("; did you mean ", nearest, "?"),
      nearest.empty() ? "; " : " ", "`lastcommit --help` lists them all"));
}

int Main(int argc, char** argv) {
  // A closed pipe is an error of writing, not a death that leaves files behind.
  signal(SIGPIPE, SIG_IGN);
  CLI::App app(
      "lastcommit: a crash tester for programs that keep their state in "
      "SQLite.\nIt generates what they do, kills them at a generated point, "
      "recovers, and compares\nwhat came back with a model that holds only "
      "committed transactions.");
  app.require_subcommand(1);
  app.set_version_flag(
      "--version", absl::StrCat(TesterVersion(), " (", TesterCommit(), "), ",
                                SqliteUnderTest()));
  app.set_config("--config", "lastcommit.toml",
                 "Options that a project always passes, in a section for each "
                 "subcommand; those of the\ncommand line come first")
      ->type_name("FILE");
  app.allow_config_extras(CLI::config_extras_mode::error);
  ExitCode code = ExitCode::kHeld;
  AddFuzz(app, argv[0], code);
  AddCampaign(app, argv[0], code);
  AddMerge(app, code);
  AddReport(app, argv[0], code);
  AddCompare(app, code);
  AddNights(app, code);
  AddReplay(app, code);
  AddShrink(app, code);
  AddSweep(app, argv[0], code);
  AddBlame(app, code);
  AddShow(app, code);
  AddTry(app, argv[0], code);
  AddRecord(app, code);
  AddJudge(app, argv[0], code);
  AddVerify(app, code);
  AddBugs(app, code);
  AddSavers(app, code);
  // Hidden: the build calls it (src/cli/CMakeLists.txt).
  std::string pages;
  CLI::App* const write_pages =
      app.add_subcommand("pages", "Write man pages and completions")->group("");
  write_pages->add_option("directory", pages)->required();
  write_pages->callback([&] {
    const absl::Status status = WritePages(app, pages);
    if (!status.ok()) code = Report(status);
  });
  for (const auto& register_vfs : {RegisterShimVfs, RegisterSimVfs}) {
    if (const absl::Status status = register_vfs(); !status.ok()) {
      return static_cast<int>(Report(status));
    }
  }
  if (argc > 1 && argv[1][0] != '-') {
    const absl::Status known = CheckSubcommand(app, argv[1]);
    if (!known.ok()) return static_cast<int>(Report(known));
  }
  try {  // CLI11 reports by exceptions; they end here
    app.parse(argc, argv);
  } catch (const CLI::ConfigError& error) {
    code = Report(absl::InvalidArgumentError(absl::StrCat(
        app.get_config_ptr()->as<std::string>(), ": ",
        absl::StrReplaceAll(error.what(),
                            {{"INI was not able to parse", "no option is"}}))));
  } catch (const CLI::ParseError& error) {
    code = app.exit(error) == 0 ? ExitCode::kHeld : ExitCode::kUsage;
  }
  return static_cast<int>(WithOutputWritten(code));
}

}  // namespace
}  // namespace lastcommit

// What gets out of Main is a bug or a lack of memory, and ends the process.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return lastcommit::Main(argc, argv); }
