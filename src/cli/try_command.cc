#include "cli/try_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "campaign/interrupts.h"
#include "campaign/progress.h"
#include "cli/command.h"
#include "cli/rerun_options.h"
#include "cli/run_options.h"
#include "judge/judgement.h"
#include "output/json_file.h"
#include "output/plural.h"
#include "record/private_tree.h"
#include "record/rebuild.h"
#include "record/recorder.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;
// Larger than that is copied only if it was asked for.
constexpr std::int64_t kLargestCopy = 256 * kMebibyte;

// How long a program may take to end after Ctrl-C.
constexpr absl::Duration kPatience = absl::Seconds(2);

struct TryCommand {
  std::vector<std::string> command;
  std::string directory = ".";
  std::string recording;
  std::string json_path;
  std::int64_t seconds = 60;
  bool is_big = false;
  bool is_terminal = false;
  JudgeOptions judge;
  RerunOptions rerun;
};

absl::Status CheckSize(const TryCommand& command) {
  ASSIGN_OR_RETURN(const TreeSize size, SizeOfTree(command.directory));
  if (size.bytes <= kLargestCopy || command.is_big) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(command.directory, " has ", size.bytes / kMebibyte,
                   " MiB in ", Plural(size.files, "file"),
                   ", which would all be copied and recorded; --big does "
                   "so, --dir=DIR names a smaller directory"));
}

// Records the program on a private copy, and proves the recording.
absl::StatusOr<RecordingEnd> RecordOnCopy(const TryCommand& command,
                                          const std::string& scratch,
                                          const std::string& recording) {
  RETURN_IF_ERROR(CheckSize(command));
  RecordOptions options;
  options.command = command.command;
  options.directory = absl::StrCat(scratch, "/files");
  options.recording = recording;
  options.ack = absl::StrCat(scratch, "/ack");
  options.time = absl::Seconds(command.seconds);
  options.is_terminal = command.is_terminal;
  RETURN_IF_ERROR(CopyTree(command.directory, options.directory));
  ProgressLine progress(/*is_shown=*/true);
  std::optional<absl::Time> interrupted;
  const auto goes_on = [&](const RecordProgress& until_now) {
    if (progress.Elapsed() > absl::Seconds(2)) {
      progress.Show(absl::StrCat("recording: ", until_now.calls, " calls of ",
                                 until_now.processes, " processes"));
    }
    if (!Interrupts::AreRaised()) return true;
    // The terminal sent it to the program, too, which may end by itself.
    if (!interrupted.has_value()) interrupted = absl::Now();
    return absl::Now() - *interrupted < kPatience;
  };
  auto end = RecordProgram(options, goes_on);
  progress.Finish();
  if (!end.ok()) return end.status();
  RETURN_IF_ERROR(CompareWithFiles(recording, options.directory));
  return end;
}

absl::StatusOr<ExitCode> JudgeAndSay(const std::string& recording,
                                     const TryCommand& command,
                                     nlohmann::json& json) {
  ProgressLine progress(/*is_shown=*/true);
  const absl::StatusOr<Judgement> judgement = JudgeRecording(
      recording, command.judge, [&](const JudgeProgress& until_now) {
        if (progress.Elapsed() > absl::Seconds(2)) {
          progress.Show(absl::StrCat(
              until_now.is_power ? "losses of power: call " : "kills: call ",
              until_now.call, " of ", until_now.calls, ", ", until_now.images,
              " images"));
        }
        return !Interrupts::AreRaised();
      });
  progress.Finish();
  if (absl::IsCancelled(judgement.status())) {
    std::printf("NOT EXERCISED (ended before all crashes were judged)\n");
    return ExitCode::kNotExercised;
  }
  RETURN_IF_ERROR(judgement.status());
  std::printf("%s", TextOf(*judgement).c_str());
  json = JsonOf(*judgement);
  return judgement->exit_code();
}

absl::StatusOr<ExitCode> RerunIt(const TryCommand& command,
                                 const std::string& recording, ExitCode code,
                                 nlohmann::json& json) {
  RerunOptions options = command.rerun;
  options.command = command.command;
  options.directory = command.directory;
  options.recording = recording;
  if (!command.recording.empty()) {
    options.kept = absl::StrCat(command.recording, ".rerun");
  }
  options.seed = command.judge.power.survivals.seed;
  options.time = absl::Seconds(command.seconds);
  options.is_terminal = command.is_terminal;
  options.judge = command.judge;
  return RerunAndSay(
      options, code, [] { return !Interrupts::AreRaised(); }, json);
}

absl::StatusOr<ExitCode> RunTry(const TryCommand& command) {
  const Interrupts interrupts;
  RETURN_IF_ERROR(PrepareJsonFile(command.json_path));
  ASSIGN_OR_RETURN(const ScratchDirectory scratch, ScratchDirectory::Make());
  const std::string recording = command.recording.empty()
                                    ? absl::StrCat(scratch.path(), "/recording")
                                    : command.recording;
  RETURN_IF_ERROR(RecordOnCopy(command, scratch.path(), recording).status());
  nlohmann::json json;
  ASSIGN_OR_RETURN(ExitCode code, JudgeAndSay(recording, command, json));
  if (json.is_null()) return code;  // it was ended
  if (command.rerun.count > 0) {
    ASSIGN_OR_RETURN(code, RerunIt(command, recording, code, json));
  }
  RETURN_IF_ERROR(WriteJsonFile(command.json_path, json));
  return code;
}

absl::StatusOr<ExitCode> RunRecord(const TryCommand& command) {
  const Interrupts interrupts;
  ASSIGN_OR_RETURN(const ScratchDirectory scratch, ScratchDirectory::Make());
  ASSIGN_OR_RETURN(const RecordingEnd end,
                   RecordOnCopy(command, scratch.path(), command.recording));
  std::printf("recorded %llu calls of %lld processes in %s\n",
              static_cast<unsigned long long>(end.calls),
              static_cast<long long>(end.processes), command.recording.c_str());
  return ExitCode::kHeld;
}

absl::StatusOr<ExitCode> RunJudge(const TryCommand& command) {
  const Interrupts interrupts;
  RETURN_IF_ERROR(PrepareJsonFile(command.json_path));
  nlohmann::json json;
  ASSIGN_OR_RETURN(const ExitCode code,
                   JudgeAndSay(command.recording, command, json));
  if (json.is_null()) return code;  // it was ended
  RETURN_IF_ERROR(WriteJsonFile(command.json_path, json));
  return code;
}

void AddProgram(CLI::App* command, TryCommand& options) {
  command->add_option("command", options.command, "The program, behind --")
      ->required();
  command
      ->add_option("--dir", options.directory,
                   "The directory that holds its files: it is copied, and the "
                   "program runs in\nthe copy")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  command
      ->add_option("--seconds", options.seconds,
                   "A program that runs longer is stopped, and its end "
                   "promises nothing")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{86'400}))
      ->capture_default_str();
  command->add_flag("--big", options.is_big,
                    "Also copy a directory of more than 256 MiB");
  command->add_flag("--pty", options.is_terminal,
                    "Its standard output is a terminal, so that libraries "
                    "write each line at once");
}

void AddJudging(CLI::App* command, TryCommand& options) {
  command
      ->add_option("--promise", options.judge.promise,
                   "What the exit code follows: what survives the death of the "
                   "process, or also\na loss of power (process, power)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, PromiseLevel>{
          {"process", PromiseLevel::kProcess},
          {"power", PromiseLevel::kPower}}));
  command
      ->add_option("--disk", options.judge.power.model,
                   "What survives a loss of power: what POSIX promises, or "
                   "ext4 as it is mounted\nby default (posix, ext4)")
      ->transform(CLI::CheckedTransformer(std::map<std::string, DiskModel>{
          {"posix", DiskModel::kPosix}, {"ext4", DiskModel::kExt4}}));
  command
      ->add_option_function<std::string>(
          "--atomic",
          [&options](const std::string&) {
            options.judge.timeline.atomic = true;
          },
          "What is between two promises belongs together: a commit alone is "
          "half of it (ack)")
      ->check(CLI::IsMember({"ack"}));
  SurvivalLimits& survivals = options.judge.power.survivals;
  command
      ->add_option("--random", survivals.random,
                   "Survivals at random at each call")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command->add_option("--seed", survivals.seed, "They are a function of it")
      ->check(WholeNumber(0))
      ->capture_default_str();
  command
      ->add_option("--changes", survivals.changes,
                   "Of more unsynced changes only so many, evenly spread, are "
                   "lost one by one,\nand only so many prefixes tried")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--json", options.json_path,
                      "Write the outcome as JSON to this file");
}

constexpr char kExitCodes[] =
    "Exit codes: 0 held, 1 violated, 2 usage or bad input, 3 the tester itself "
    "failed,\n4 not exercised (nothing was committed, or nothing promised).";

}  // namespace

void AddTry(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<TryCommand>();
  CLI::App* command = app.add_subcommand(
      "try", "Run any program once, and crash it everywhere");
  AddProgram(command, *options);
  AddJudging(command, *options);
  AddReruns(command, options->rerun);
  command->add_option("--recording", options->recording,
                      "Keep the recording in this file, for judge; it must "
                      "not be there");
  command->footer(absl::StrCat(
      "  lastcommit try -- python3 app.py\n\nThe program runs unmodified, on a "
      "private copy of the directory; each call that changes\na file is "
      "recorded. What it prints, and its end with 0, promises that what was "
      "committed\nbefore survives; or else the lines that it writes to the "
      "file "
      "$LASTCOMMIT_ACK.\n\n",
      kExitCodes));
  command->callback([options, &code] { code = Checked(RunTry, *options); });
}

void AddRecord(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<TryCommand>();
  CLI::App* command = app.add_subcommand(
      "record", "Run any program once, and write down what it does to files");
  AddProgram(command, *options);
  command
      ->add_option("-o,--output", options->recording,
                   "The recording; it must not be there")
      ->required();
  command->callback([options, &code] { code = Checked(RunRecord, *options); });
}

void AddJudge(CLI::App& app, ExitCode& code) {
  const auto options = std::make_shared<TryCommand>();
  CLI::App* command =
      app.add_subcommand("judge", "Crash a recorded program everywhere");
  command->add_option("recording", options->recording, "Made by record")
      ->required();
  AddJudging(command, *options);
  command->footer(kExitCodes);
  command->callback([options, &code] { code = Checked(RunJudge, *options); });
}

}  // namespace lastcommit
