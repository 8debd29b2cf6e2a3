#include "cli/drive_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "driven/check_driver.h"
#include "driven/use_driver.h"
#include "generate/arbitrary_plan.h"
#include "output/shell_word.h"
#include "plan/codec.h"
#include "record/private_tree.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kPlans = 20;
constexpr absl::Duration kTimeForAnswer = absl::Seconds(30);

struct DriveCommand {
  std::string driver;
  std::uint64_t seed = 1;
};

std::vector<Plan> PlansFor(const driven::Hello& hello, std::uint64_t seed) {
  GenerateOptions generate;
  generate.saver = hello.store;
  generate.dialect = hello.dialect;
  generate.lacks = hello.lacks;
  generate.lacks_operations = hello.lacks_operations;
  generate.engine = EngineChoice::kRecord;
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < kPlans; ++i) {
    plans.push_back(PlanAt({seed, i}, generate));
  }
  return plans;
}

void PrintCounts(const driven::DriverCheck& check, bool has_model) {
  std::size_t width = 0;
  for (const auto& [name, counts] : check.requests) {
    width = std::max(width, name.size());
  }
  for (const auto& [name, counts] : check.requests) {
    const auto failed = counts.asked - counts.done;
    std::printf("  %-*s %6lld asked%s\n", static_cast<int>(width), name.c_str(),
                static_cast<long long>(counts.asked),
                failed == 0 ? ""
                            : absl::StrCat(", ", failed, " of them with ",
                                           has_model ? "the error that the "
                                                       "model has, too"
                                                     : "an error")
                                  .c_str());
  }
}

absl::StatusOr<ExitCode> Check(const DriveCommand& command) {
  ASSIGN_OR_RETURN(const driven::DriverCommand driver,
                   driven::CommandHere(command.driver));
  ASSIGN_OR_RETURN(const driven::Hello hello, driven::AskHello(driver));
  std::printf("%s: %s, a change survives %s%s%s\n", hello.store.c_str(),
              std::string(hello.dialect->name).c_str(),
              hello.promises_power ? "a loss of power" : "the process",
              hello.sqlite.empty() ? "" : ", SQLite ", hello.sqlite.c_str());
  std::fflush(stdout);
  const std::vector<Plan> plans = PlansFor(hello, command.seed);
  ASSIGN_OR_RETURN(const ScratchDirectory scratch, ScratchDirectory::Make());
  const absl::StatusOr<driven::DriverCheck> checked =
      driven::CheckDriver(driver, plans, scratch.path(), kTimeForAnswer);
  // As in a run: what is no protocol says nothing of the store.
  if (absl::IsInvalidArgument(checked.status())) {
    return absl::InternalError(checked.status().message());
  }
  RETURN_IF_ERROR(checked.status());
  const driven::DriverCheck& check = *checked;
  if (!check.wrong.empty()) {
    std::printf(
        "%splan:    index %zu of seed %llu; it is\n%s"
        "WRONG without a crash\n",
        absl::StrCat(check.wrong, "\n").c_str(), *check.plan,
        static_cast<unsigned long long>(command.seed),
        PrintPlan(plans[*check.plan]).c_str());
    return ExitCode::kViolated;
  }
  const bool has_model = hello.dialect->has_model;
  PrintCounts(check, has_model);
  for (const OperationSpec& spec : hello.dialect->operations) {
    if (check.requests.contains(std::string(spec.name)) ||
        std::count(hello.lacks_operations.begin(), hello.lacks_operations.end(),
                   &spec) > 0) {
      continue;
    }
    std::printf("  %s was not asked: another --seed may\n",
                std::string(spec.name).c_str());
  }
  std::printf(
      "next: lastcommit fuzz --driver=%s\n"
      "RIGHT without a crash: %zu plans, each twice; %s\n",
      ShellWord(command.driver).c_str(), plans.size(),
      has_model
          ? "each answer and each state is the model's,\nand so is what "
            "another process finds in a copy"
          : "each state is the same the second time,\nand another process "
            "opens a copy; nobody knows what is right, since the "
            "operations are the driver's");
  return ExitCode::kHeld;
}

}  // namespace

void AddDrive(CLI::App& app, ExitCode& code) {
  CLI::App* command = app.add_subcommand(
      "drive", "Check a driver of a store in any language, without a crash");
  command->footer(
      "Asks the driver who it is, and then what generated plans say, each of "
      "them twice. Each\nanswer and each state must be the model's, the second "
      "time as well, and a copy of what\nwas closed must give the same to "
      "another process. What a driver is: docs/driver-protocol.md.\n\n"
      "  lastcommit drive --check='python3 driver.py'\n\n"
      "exit codes: 0 it is right, 1 an answer or a state is wrong, 2 it does "
      "not say who it is,\n3 what it says is no protocol");
  const auto options = std::make_shared<DriveCommand>();
  command
      ->add_option("--check", options->driver,
                   "The program that drives the store, a command of the shell")
      ->type_name("DRIVER")
      ->required();
  command->add_option("--seed", options->seed, "Other plans")
      ->type_name("N")
      ->capture_default_str();
  command->callback([options, &code] { code = Checked(Check, *options); });
}

}  // namespace lastcommit
