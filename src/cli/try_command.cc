#include "cli/try_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "campaign/progress.h"
#include "cli/command.h"
#include "cli/rerun_options.h"
#include "cli/run_options.h"
#include "cli/supervised.h"
#include "judge/judgement.h"
#include "judge/judgement_page.h"
#include "judge/kept_findings.h"
#include "output/json_file.h"
#include "output/junit_file.h"
#include "output/plural.h"
#include "output/shell_word.h"
#include "output/shown.h"
#include "output/terminal.h"
#include "output/whole_file.h"
#include "page/document.h"
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
  std::string junit_path;
  std::string html_path;
  std::int64_t seconds = 60;
  bool is_big = false;
  bool is_terminal = false;
  bool has_stacks = false;
  bool is_recording_kept = false;  // somebody asked for it
  std::string program;             // how the reader calls this one
  std::string findings;            // where they are kept; "": they are not
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
                                          const Supervised& self) {
  RETURN_IF_ERROR(CheckSize(command));
  RecordOptions options;
  options.command = command.command;
  options.directory = absl::StrCat(scratch, "/files");
  options.recording = command.recording;
  options.ack = absl::StrCat(scratch, "/ack");
  options.time = absl::Seconds(command.seconds);
  options.is_terminal = command.is_terminal;
  options.has_stacks = command.has_stacks;
  RETURN_IF_ERROR(CopyTree(command.directory, options.directory));
  ProgressLine progress(/*is_shown=*/true);
  std::optional<absl::Time> interrupted;
  const auto goes_on = [&](const RecordProgress& until_now) {
    if (progress.Elapsed() > absl::Seconds(2)) {
      progress.Show(absl::StrCat("recording: ", until_now.calls, " calls of ",
                                 until_now.processes, " processes"));
    }
    if (!self.IsInterrupted()) return true;
    // The terminal sent it to the program, too, which may end by itself.
    if (!interrupted.has_value()) interrupted = absl::Now();
    return absl::Now() - *interrupted < kPatience;
  };
  auto end = RecordProgram(options, goes_on);
  progress.Finish();
  if (!end.ok()) return end.status();
  RETURN_IF_ERROR(CompareWithFiles(command.recording, options.directory));
  return end;
}

// Where the work is, should it die.
enum Stage { kRecording, kKills, kPower, kChecks, kReruns };

constexpr const char* kStages[] = {"recording", "kills", "losses of power",
                                   "checks", "reruns"};

Stage StageOf(JudgePhase phase) {
  switch (phase) {
    case JudgePhase::kKills:
      return kKills;
    case JudgePhase::kPower:
      return kPower;
    case JudgePhase::kChecks:
      break;
  }
  return kChecks;
}

std::string InWords(const Supervised::End& end) {
  const std::string call = absl::StrCat(", near call ", end.call, ",");
  switch (end.at) {
    case kKills:
      return absl::StrCat("the judge of a kill", call);
    case kPower:
      return absl::StrCat("the judge of a loss of power", call);
    case kChecks:
      return absl::StrCat("the check of a crash", call);
    case kReruns:
      return "the judge of a rerun";
    default:
      return "the recorder";
  }
}

// The command that judges the crash at that call again, in the same way.
std::string AgainCommand(const TryCommand& command,
                         const std::string& recording, std::uint64_t call) {
  const JudgeOptions& judge = command.judge;
  const SurvivalLimits& survivals = judge.power.survivals;
  std::string again = absl::StrCat(
      ShellWord(command.program), " judge --only-call=", call,
      judge.promise == PromiseLevel::kPower ? " --promise=power" : "",
      judge.power.model == DiskModel::kExt4 ? " --disk=ext4" : "",
      judge.timeline.atomic ? " --atomic=ack" : "",
      " --random=", survivals.random, " --seed=", survivals.seed,
      " --changes=", survivals.changes);
  const CheckOptions& check = judge.check;
  for (const auto& [option, value] :
       {std::pair{"--recover", check.recover},
        std::pair{"--check", check.check}, std::pair{"--dump", check.dump}}) {
    if (value.empty()) continue;
    absl::StrAppend(&again, " ", option, "=", ShellWord(value));
  }
  if (check.is_given()) {
    absl::StrAppend(&again,
                    " --check-seconds=", absl::ToInt64Seconds(check.time));
  }
  return absl::StrCat(again, " ", ShellWord(recording));
}

// Returns where; "": nowhere.
absl::StatusOr<std::string> KeepWhatWasFound(const std::string& recording,
                                             const Judgement& judgement,
                                             const TryCommand& command) {
  if (command.findings.empty()) return "";
  KeepOptions options;
  options.directory = command.findings;
  options.model = command.judge.power.model;
  options.again = [&command](const std::string& kept, std::uint64_t call) {
    return AgainCommand(command, kept, call);
  };
  ASSIGN_OR_RETURN(const std::string kept,
                   KeepFindings(recording, judgement, options));
  if (!kept.empty()) {
    std::printf("findings are kept in %s\n", Shown(kept).c_str());
  }
  return kept;
}

// In JUnit's XML: `judge` has no command to run.
std::string SuiteOf(const TryCommand& command) {
  return command.command.empty() ? "lastcommit.judge" : "lastcommit.try";
}

std::string NameOf(const TryCommand& command) {
  return command.command.empty() ? command.recording
                                 : absl::StrJoin(command.command, " ");
}

// What is written at the end can be written.
absl::Status PrepareOutputs(const TryCommand& command) {
  RETURN_IF_ERROR(PrepareJsonFile(command.json_path));
  RETURN_IF_ERROR(
      PrepareJUnitFile(command.junit_path, SuiteOf(command), NameOf(command)));
  RETURN_IF_ERROR(PrepareJsonFile(command.html_path));
  return command.findings.empty() ? absl::OkStatus()
                                  : PrepareKeeping(command.findings);
}

struct Said {
  nlohmann::json json;
  std::string text;
  absl::Status page;  // whether it was written
};

absl::StatusOr<ExitCode> JudgeAndSay(const std::string& recording,
                                     const TryCommand& command,
                                     Supervised& self, Said& said) {
  ProgressLine progress(/*is_shown=*/true);
  const auto on_progress = [&](const JudgeProgress& until_now) {
    const Stage stage = StageOf(until_now.phase);
    self.At(stage, until_now.call);
    if (progress.Elapsed() > absl::Seconds(2)) {
      progress.Show(absl::StrCat(kStages[stage], ": call ", until_now.call,
                                 " of ", until_now.calls, ", ",
                                 until_now.images, " images"));
    }
    return !self.IsInterrupted();
  };
  ASSIGN_OR_RETURN(const Judgement judgement,
                   JudgeRecording(recording, command.judge, on_progress));
  progress.Finish();
  ASSIGN_OR_RETURN(const std::string kept,
                   KeepWhatWasFound(recording, judgement, command));
  const ExitCode code = judgement.exit_code();
  said = {JsonOf(judgement), TextOf(judgement), absl::OkStatus()};
  std::printf("%s", WithColour(said.text, code).c_str());
  // By itself it lies with what was found.
  const std::string page = command.html_path.empty() && !kept.empty()
                               ? kept + "/report.html"
                               : command.html_path;
  if (!page.empty()) {
    said.page = WriteOutput(page, HtmlOf(PageOf(judgement)));
  }
  return code;
}

absl::Status WriteOutcome(const TryCommand& command, ExitCode code,
                          const Said& said) {
  absl::Status written = said.page;
  written.Update(WriteJsonFile(command.json_path, said.json));
  written.Update(WriteJUnitFile(
      command.junit_path, SuiteOf(command),
      {{NameOf(command), code, absl::StrCat(Word(code), "\n", said.text)}}));
  return written;
}

absl::StatusOr<ExitCode> RunAgain(const TryCommand& command, ExitCode code,
                                  Supervised& self, nlohmann::json& json) {
  self.At(kReruns, 0);
  RerunOptions options = command.rerun;
  options.command = command.command;
  options.directory = command.directory;
  options.recording = command.recording;
  if (command.is_recording_kept) {
    options.kept = absl::StrCat(command.recording, ".rerun");
  }
  options.seed = command.judge.power.survivals.seed;
  options.time = absl::Seconds(command.seconds);
  options.is_terminal = command.is_terminal;
  options.has_stacks = command.has_stacks;
  options.judge = command.judge;
  return RerunAndSay(
      options, code, [&self] { return !self.IsInterrupted(); }, json);
}

using Work = std::function<absl::StatusOr<ExitCode>(
    const TryCommand& command, const std::string& scratch, Supervised& self)>;

// A recording that is in the scratch directory is put beside it.
std::string Keep(const std::string& recording, const std::string& scratch) {
  if (!recording.starts_with(scratch + "/")) return recording;
  std::string kept = absl::StrCat(scratch, "-recording");
  return rename(recording.c_str(), kept.c_str()) == 0 ? kept : "";
}

absl::Status Died(const Supervised::End& end, const std::string& recording,
                  const std::string& scratch) {
  std::string message =
      absl::StrCat(InWords(end), " died of signal ", end.signal, " (",
                   strsignal(end.signal), ")");
  if (end.at != kRecording) {
    const std::string kept = Keep(recording, scratch);
    if (!kept.empty()) {
      absl::StrAppend(&message, "; the recording is kept: lastcommit judge ",
                      kept);
    }
  }
  return absl::InternalError(message);
}

// Runs it in a process of its own, and cleans up after it.
ExitCode Supervise(const Work& work, TryCommand command) {
  const auto scratch = ScratchDirectory::Make();
  if (!scratch.ok()) return Report(scratch.status());
  command.is_recording_kept = !command.recording.empty();
  if (command.recording.empty()) {
    command.recording = absl::StrCat(scratch->path(), "/recording");
  }
  command.judge.check.scratch = scratch->path();
  command.rerun.scratch = scratch->path();
  Supervised self;
  const auto end = self.Run([&] {
    const auto code = work(command, scratch->path(), self);
    return static_cast<int>(
        WithOutputWritten(code.ok() ? *code : Report(code.status())));
  });
  if (!end.ok()) return Report(end.status());
  if (end->signal == 0) return static_cast<ExitCode>(end->exit_code);
  if (end->interrupt == 0) {
    return Report(Died(*end, command.recording, scratch->path()));
  }
  return Report(absl::CancelledError("ended by a second signal"));
}

absl::StatusOr<ExitCode> RunTry(const TryCommand& command,
                                const std::string& scratch, Supervised& self) {
  RETURN_IF_ERROR(PrepareOutputs(command));
  RETURN_IF_ERROR(RecordOnCopy(command, scratch, self).status());
  Said said;
  ASSIGN_OR_RETURN(ExitCode code,
                   JudgeAndSay(command.recording, command, self, said));
  if (command.rerun.count > 0 && !self.IsInterrupted()) {
    ASSIGN_OR_RETURN(code, RunAgain(command, code, self, said.json));
  }
  return WithWritten(code, WriteOutcome(command, code, said));
}

absl::StatusOr<ExitCode> RunRecord(const TryCommand& command,
                                   const std::string& scratch,
                                   Supervised& self) {
  ASSIGN_OR_RETURN(const RecordingEnd end,
                   RecordOnCopy(command, scratch, self));
  std::printf("recorded %llu calls of %lld processes in %s\n",
              static_cast<unsigned long long>(end.calls),
              static_cast<long long>(end.processes), command.recording.c_str());
  return ExitCode::kHeld;
}

absl::StatusOr<ExitCode> RunJudge(const TryCommand& command,
                                  const std::string& /*scratch*/,
                                  Supervised& self) {
  RETURN_IF_ERROR(PrepareOutputs(command));
  Said said;
  ASSIGN_OR_RETURN(const ExitCode code,
                   JudgeAndSay(command.recording, command, self, said));
  return WithWritten(code, WriteOutcome(command, code, said));
}

void AddProgram(CLI::App* command, TryCommand& options) {
  command
      ->add_option("command", options.command,
                   "The program and its arguments: all from its name on, or "
                   "behind --")
      ->required();
  command->positionals_at_end();
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
  command->add_flag("--stacks", options.has_stacks,
                    "Write down where in the program each call was made, for "
                    "findings; slow");
}

void AddChecks(CLI::App* command, CheckOptions& check) {
  command->add_option(
      "--check", check.check,
      "A shell command that runs in a directory with what a crash left: 0 is "
      "held. It finds\nLASTCOMMIT_CRASH (kill, power), LASTCOMMIT_CALL, and in "
      "the file $LASTCOMMIT_PRINTED\nwhat had been printed");
  command->add_option("--recover", check.recover,
                      "The program's own recovery, before the check; 0 is "
                      "success");
  command->add_option("--dump", check.dump,
                      "A shell command that prints the state: it must be one "
                      "that was there since the\nlast promise");
  command
      ->add_option_function<int>(
          "--check-seconds",
          [&check](int seconds) { check.time = absl::Seconds(seconds); },
          "How long each of these commands may take (default 10)")
      ->check(CLI::Range(1, 86'400));
  command
      ->add_option("--check-images", check.images,
                   "How many crash images they look at, the most telling first")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  check.jobs = static_cast<int>(
      std::clamp(std::thread::hardware_concurrency(), 1U, 64U));
}

void AddJudging(CLI::App* command, TryCommand& options) {
  command
      ->add_option_function<std::string>(
          "--promise",
          [&options](const std::string& name) {
            options.judge.promise =
                name == "power" ? PromiseLevel::kPower : PromiseLevel::kProcess;
          },
          "What the exit code follows: what survives the death of the "
          "process (default), or\nalso a loss of power")
      ->check(CLI::IsMember({"process", "power"}));
  command
      ->add_option_function<std::string>(
          "--disk",
          [&options](const std::string& name) {
            options.judge.power.model =
                name == "ext4" ? DiskModel::kExt4 : DiskModel::kPosix;
          },
          "What survives a loss of power: what POSIX promises (default), or "
          "what ext4 keeps\nas it is mounted by default")
      ->check(CLI::IsMember({"posix", "ext4"}));
  command
      ->add_option_function<std::string>(
          "--atomic",
          [&options](const std::string&) {
            options.judge.timeline.atomic = true;
          },
          "What is between two promises belongs together: a commit alone is "
          "half of it (ack)")
      ->check(CLI::IsMember({"ack"}));
  AddChecks(command, options.judge.check);
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
  command->add_option("--findings", options.findings,
                      "Keep each finding in this directory: files, story, and "
                      "how to see it again");
  AddOutputs(command, options.json_path, options.junit_path);
  command->add_option("--html", options.html_path,
                      "Write it as one HTML file, which needs nothing else "
                      "(default: report.html\nbeside what --findings kept)");
}

constexpr char kExitCodes[] =
    "Exit codes: 0 held, 1 violated, 2 usage or bad input, 3 the tester itself "
    "failed,\n4 not exercised (nothing was committed, or nothing promised).";

}  // namespace

void AddTry(CLI::App& app, const std::string& program, ExitCode& code) {
  const auto options = std::make_shared<TryCommand>();
  options->program = program;
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
  command->callback([options, &code] { code = Supervise(RunTry, *options); });
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
  command->callback(
      [options, &code] { code = Supervise(RunRecord, *options); });
}

void AddJudge(CLI::App& app, const std::string& program, ExitCode& code) {
  const auto options = std::make_shared<TryCommand>();
  options->program = program;
  CLI::App* command =
      app.add_subcommand("judge", "Crash a recorded program everywhere");
  command->add_option("recording", options->recording, "Made by record")
      ->required();
  AddJudging(command, *options);
  command
      ->add_option_function<std::uint64_t>(
          "--only-call",
          [options](std::uint64_t call) {
            options->judge.timeline.only_call = call;
            options->judge.power.only_call = call;
          },
          "Only the crashes at this call: those of a kept finding")
      ->check(WholeNumber(0));
  command->footer(kExitCodes);
  command->callback([options, &code] { code = Supervise(RunJudge, *options); });
}

}  // namespace lastcommit
