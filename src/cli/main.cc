// The `lastcommit` program: subcommands over the library.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/blame_command.h"
#include "cli/bugs_command.h"
#include "cli/campaign_command.h"
#include "cli/command.h"
#include "cli/compare_command.h"
#include "cli/drive_command.h"
#include "cli/fuzz_command.h"
#include "cli/init_command.h"
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
#include "subject/near_names.h"

namespace lastcommit {
namespace {

// CLI11 says of one that is none only that one is required.
absl::Status CheckSubcommand(const CLI::App& app, const std::string& name) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == name) return absl::OkStatus();
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  const std::vector<std::string> meant = NearNames(name, names);
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", absl::CHexEscape(name), "\" is no subcommand",
      meant.empty()
          ? "; "
          : absl::StrCat("; did you mean ", absl::StrJoin(meant, ", "), "? "),
      "`lastcommit --help` lists them all"));
}

// The first argument that is neither an option nor the value of one; "": none.
std::string SubcommandOf(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (!argument.starts_with("-")) return argument;
    if (argument == "--config") ++i;
  }
  return "";
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
  AddInit(app, code);
  AddDrive(app, code);
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
  const std::string subcommand = SubcommandOf(argc, argv);
  if (!subcommand.empty()) {
    const absl::Status known = CheckSubcommand(app, subcommand);
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
