#include "cli/replay_command.h"

#include <sqlite3.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/command.h"
#include "cli/run_options.h"
#include "explain/failure_of.h"
#include "explain/finding.h"
#include "explain/known_bugs.h"
#include "explain/replay.h"
#include "explain/story.h"
#include "output/json_file.h"
#include "output/junit_file.h"
#include "output/shown.h"
#include "output/version.h"
#include "plan/codec.h"
#include "status/status.h"
#include "token/token.h"

namespace lastcommit {
namespace {

struct ReplayOptions {
  std::string plan;  // a file or a token
  int repeat = 1;
  bool check_expectation = false;
  std::string keep;
  std::string json_path;
  std::string junit_path;
  TrialOptions trial;
};

constexpr char kSuite[] = "lastcommit.replay";  // of JUnit's XML

std::string Expected(const Plan& plan) {
  return plan.expected
             ? absl::StrCat("violated(", std::string(Name(*plan.expected)), ")")
             : "held";
}

// Whether the plan did what its header says.
ExitCode JudgeExpectation(const Plan& plan, const Repetition& repetition) {
  const std::string expected = Expected(plan);
  const std::string found = repetition.is_stable()
                                ? repetition.verdicts.begin()->first
                                : "violated(flaky)";
  const bool is_met = found == expected;
  std::printf("expected %s: %s\n", expected.c_str(), is_met ? "yes" : "NO");
  return is_met ? ExitCode::kHeld : ExitCode::kViolated;
}

absl::Status PrepareKeep(const std::string& directory) {
  if (directory.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(PrepareFindings(directory));
  for (const char* name : {"round-1", "recording", "crash"}) {
    const std::string path = absl::StrCat(directory, "/", name);
    if (access(path.c_str(), F_OK) != 0) continue;
    return absl::AlreadyExistsError(absl::StrCat(path, " exists already"));
  }
  return absl::OkStatus();
}

struct ReplayOutcome {
  std::string verdict = {};  // its name; "": it was not run
  std::string why = {};
  std::string in_words = {};  // over all times, and what was expected
  std::map<std::string, int> verdicts = {};  // how often
  std::vector<std::string> looks_like = {};
  ExitCode code = ExitCode::kHeld;
};

// schema lastcommit-replay-1 (docs/results-format.md).
absl::Status WriteOutcome(const ReplayOptions& options,
                          const ReplayOutcome& outcome) {
  RETURN_IF_ERROR(WriteJsonFile(
      options.json_path, {{"schema", "lastcommit-replay-1"},
                          {"tester", TesterVersion()},
                          {"sqlite_version", sqlite3_libversion()},
                          {"sqlite_source_id", sqlite3_sourceid()},
                          {"plan", Shown(options.plan)},
                          {"verdict", outcome.verdict},
                          {"why", outcome.why},
                          {"verdicts", outcome.verdicts},
                          {"looks_like", outcome.looks_like},
                          {"outcome", Word(outcome.code)},
                          {"exit_code", static_cast<int>(outcome.code)}}));
  return WriteJUnitFile(options.junit_path, kSuite,
                        {{options.plan, outcome.code,
                          absl::StrCat(outcome.in_words, "\n", outcome.why)}});
}

absl::StatusOr<ExitCode> ReplayPlan(const ReplayOptions& options) {
  if (options.check_expectation && LooksLikeToken(options.plan)) {
    return absl::InvalidArgumentError(
        "--expect needs a plan file: nothing is expected of a token");
  }
  ASSIGN_OR_RETURN(const Plan plan, LoadPlan(options.plan));
  RETURN_IF_ERROR(PrepareJsonFile(options.json_path));
  RETURN_IF_ERROR(PrepareJUnitFile(options.junit_path, kSuite, options.plan));
  std::printf("lastcommit replay %s; %s\n", options.plan.c_str(),
              SqliteUnderTest().c_str());
  std::fflush(stdout);  // or a child that calls exit() prints it too
  if (options.check_expectation &&
      !plan.sqlite.Contains(sqlite3_libversion_number())) {
    const char* const why = "the plan's expectation is for another SQLite";
    std::printf("skipped: %s\n", why);
    RETURN_IF_ERROR(WriteOutcome(
        options,
        {.why = why, .in_words = "skipped", .code = ExitCode::kNotExercised}));
    return ExitCode::kNotExercised;
  }
  RETURN_IF_ERROR(PrepareKeep(options.keep));
  ASSIGN_OR_RETURN(auto trial, TrialRunner::Create(options.trial));
  ASSIGN_OR_RETURN(const Repetition repetition,
                   Repeat(*trial, plan, options.repeat));
  if (!options.keep.empty()) {
    RETURN_IF_ERROR(trial->RunAndKeep(plan, options.keep).status());
  }
  const Verdict& verdict = repetition.first.verdict;
  std::printf("%s\n%s\n", ReadableProgram(plan, repetition.first).c_str(),
              verdict.why.c_str());
  ReplayOutcome outcome = {Name(verdict), verdict.why, Describe(repetition),
                           repetition.verdicts};
  if (repetition.is_stable()) {
    outcome.looks_like =
        LikelyBugsOf(plan, repetition.first, sqlite3_libversion_number());
    const std::string likeness = LikenessInWords(outcome.looks_like);
    if (!likeness.empty()) std::printf("%s\n", likeness.c_str());
  }
  std::printf("%s\n", Describe(repetition).c_str());
  outcome.code = options.check_expectation ? JudgeExpectation(plan, repetition)
                 : repetition.is_stable()  ? CodeOf(verdict)
                                           : ExitCode::kViolated;
  if (options.check_expectation) {
    absl::StrAppend(&outcome.in_words, ", expected ", Expected(plan));
  }
  return WithWritten(outcome.code, WriteOutcome(options, outcome));
}

struct ShowOptions {
  std::string plan;  // a file or a token
  bool wants_token = false;
  bool wants_text = false;
  TrialOptions trial;  // of a driver that has operations of its own
};

// A plan for a saver that is not there can be read all the same.
absl::StatusOr<ExitCode> ShowPlan(const ShowOptions& options) {
  ASSIGN_OR_RETURN(const Plan plan, LooksLikeToken(options.plan)
                                        ? ParseToken(options.plan)
                                        : ReadPlanFile(options.plan));
  if (options.wants_token) {
    const absl::StatusOr<std::string> token = PrintToken(plan);
    if (!token.ok()) {
      return absl::FailedPreconditionError(token.status().message());
    }
    std::printf("%s\n", token->c_str());
  } else if (options.wants_text) {
    std::printf("%s", PrintPlan(plan).c_str());
  } else {
    std::printf("%s", ReadableProgram(plan).c_str());
  }
  return ExitCode::kHeld;
}

}  // namespace

void AddReplay(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<ReplayOptions>();
  CLI::App* command =
      app.add_subcommand("replay", "Run a plan again and judge it");
  AddSqlOption(command);
  command->add_option("plan", options->plan, "A plan file, or a token")
      ->required();
  command->add_option("--repeat", options->repeat, "How often")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--expect", options->check_expectation,
                    "Exit 0 if the verdict is the one in the plan's header; 4 "
                    "if that is for another SQLite");
  command->add_option("--keep", options->keep,
                      "Keep what each round left on disk in this directory");
  AddOutputs(command, options->json_path, options->junit_path);
  AddTrialOptions(command, options->trial);
  AddDriverOption(command, options->trial);
  command->callback([&code, options] { code = Checked(ReplayPlan, *options); });
}

void AddShow(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<ShowOptions>();
  CLI::App* command = app.add_subcommand("show", "Print a plan for people");
  AddSqlOption(command);
  command->add_option("plan", options->plan, "A plan file, or a token")
      ->required();
  CLI::Option* token = command->add_flag("--token", options->wants_token,
                                         "Print the plan's token instead");
  command
      ->add_flag("--text", options->wants_text,
                 "Print the text of the plan instead, as it stands in a file")
      ->excludes(token);
  AddDriverOption(command, options->trial);
  command->callback([&code, options] { code = Checked(ShowPlan, *options); });
}

}  // namespace lastcommit
