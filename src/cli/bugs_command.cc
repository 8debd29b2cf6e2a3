#include "cli/bugs_command.h"

#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "explain/known_bugs.h"
#include "output/json_file.h"
#include "output/version.h"

namespace lastcommit {
namespace {

// schema lastcommit-bugs-1 (docs/results-format.md).
nlohmann::json BugsAsJson() {
  nlohmann::json bugs = nlohmann::json::array();
  for (const KnownBug& bug : KnownBugs()) {
    bugs.push_back({{"name", bug.name},
                    {"summary", bug.summary},
                    {"versions", VersionsInWords(bug)},
                    {"affected", IsAffected(bug, sqlite3_libversion_number())},
                    {"section", bug.section},
                    {"reference", bug.reference}});
  }
  return {{"schema", "lastcommit-bugs-1"},
          {"sqlite_version", sqlite3_libversion()},
          {"bugs", std::move(bugs)}};
}

ExitCode ListBugs(bool is_json) {
  if (is_json) {
    std::printf("%s", PrintJson(BugsAsJson()).c_str());
    return ExitCode::kHeld;
  }
  std::printf("known bugs of SQLite; under test is %s\n",
              SqliteUnderTest().c_str());
  for (const KnownBug& bug : KnownBugs()) {
    std::printf("\n%s: %s\n", std::string(bug.name).c_str(),
                std::string(bug.summary).c_str());
    std::printf("  versions   %s\n", VersionsInWords(bug).c_str());
    std::printf("  this one   %s\n",
                IsAffected(bug, sqlite3_libversion_number()) ? "affected"
                                                             : "not affected");
    std::printf("  described  docs/findings.md \"%s\"\n",
                std::string(bug.section).c_str());
    if (!bug.reference.empty()) {
      std::printf("  see        %s\n", std::string(bug.reference).c_str());
    }
  }
  return ExitCode::kHeld;
}

}  // namespace

void AddBugs(CLI::App& app, ExitCode& code) {
  CLI::App* command =
      app.add_subcommand("bugs", "List the known bugs of SQLite");
  command->footer(
      "A finding that looks like one of them is named after it, in its story, "
      "by replay and\nin the counts of a run. That is a likeness, by what the "
      "plan did and what was seen, and\nno proof; the finding is a violation "
      "as any other.\n\n\"3.40.1 and later\": no fix is known, and 3.40.1 is "
      "the oldest version that was tried.");
  const auto is_json = std::make_shared<bool>(false);
  command->add_flag("--json", *is_json, "Print one object of JSON instead");
  command->callback([is_json, &code] { code = ListBugs(*is_json); });
}

}  // namespace lastcommit
