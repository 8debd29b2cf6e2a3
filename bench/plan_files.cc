// Writes generated plans as files, which any version of the program can run:
// bench/against does. Each has one file, NUMBER.plan.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "generate/arbitrary_plan.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

int Main(int argc, char** argv) {
  std::string directory;
  GenerateOptions options;
  options.engine = EngineChoice::kSim;
  int clients = 1;
  std::uint64_t count = 40;
  std::uint64_t seed = 7;
  CLI::App app("Writes generated plans as files");
  const std::map<std::string, EngineChoice> engines = {
      {"sim", EngineChoice::kSim}, {"fork", EngineChoice::kFork}};
  const std::map<std::string, FaultChoice> faults = {
      {"kill", FaultChoice::kKill},
      {"mixed", FaultChoice::kMixed},
      {"power-loss", FaultChoice::kPowerLoss}};
  app.add_option("directory", directory, "Where; it must not exist")
      ->required();
  app.add_option("--engine", options.engine, "sim or fork")
      ->transform(CLI::CheckedTransformer(engines));
  app.add_option("--fault", options.fault, "kill, power-loss or mixed")
      ->transform(CLI::CheckedTransformer(faults));
  app.add_option("--clients", clients)->check(CLI::Range(1, kMaxClients));
  app.add_option("--count", count);
  app.add_option("--seed", seed);
  CLI11_PARSE(app, argc, argv);
  options.clients = clients;
  if (!std::filesystem::create_directory(directory)) {
    std::fprintf(stderr, "plan_files: %s is there already\n",
                 directory.c_str());
    return 2;
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    const absl::Status written = WritePlanFile(
        absl::StrCat(directory, "/", i, ".plan"), PlanAt({seed, i}, options));
    if (!written.ok()) {
      std::fprintf(stderr, "plan_files: %s\n", written.ToString().c_str());
      return 3;
    }
  }
  return 0;
}

}  // namespace
}  // namespace lastcommit

// What gets out of Main is a lack of memory, and ends the process.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) { return lastcommit::Main(argc, argv); }
