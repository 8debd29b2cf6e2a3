#include "cli/savers_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "output/json_file.h"
#include "plan/plan.h"
#include "subject/registry.h"

namespace lastcommit {
namespace {

// schema lastcommit-savers-1 (docs/results-format.md).
nlohmann::json SaversAsJson() {
  nlohmann::json savers = nlohmann::json::array();
  for (const SaverEntry& entry : Savers()) {
    savers.push_back(
        {{"name", entry.name},
         {"description", entry.description},
         {"planted", entry.planted ? nlohmann::json(Name(*entry.planted))
                                   : nlohmann::json()}});
  }
  return {{"schema", "lastcommit-savers-1"}, {"savers", std::move(savers)}};
}

ExitCode ListSavers(bool is_json) {
  if (is_json) {
    std::printf("%s", PrintJson(SaversAsJson()).c_str());
    return ExitCode::kHeld;
  }
  std::size_t width = 0;
  for (const SaverEntry& entry : Savers()) {
    width = std::max(width, entry.name.size());
  }
  for (const SaverEntry& entry : Savers()) {
    const std::string planted =
        entry.planted
            ? absl::StrCat(" [planted: ", std::string(Name(*entry.planted)),
                           "]")
            : "";
    std::printf("%-*s  %s%s\n", static_cast<int>(width),
                std::string(entry.name).c_str(),
                std::string(entry.description).c_str(), planted.c_str());
  }
  return ExitCode::kHeld;
}

}  // namespace

void AddSavers(CLI::App& app, ExitCode& code) {
  CLI::App* command =
      app.add_subcommand("savers", "List the stores that can be tested");
  const auto is_json = std::make_shared<bool>(false);
  command->add_flag("--json", *is_json, "Print one object of JSON instead");
  command->callback([is_json, &code] { code = ListSavers(*is_json); });
}

}  // namespace lastcommit
