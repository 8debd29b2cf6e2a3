#include "driven/recoveries.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "driven/protocol.h"
#include "judge/shell_command.h"
#include "output/shell_word.h"
#include "output/shown.h"
#include "output/whole_file.h"
#include "status/status.h"

namespace lastcommit::driven {
namespace {

std::string HowItEnded(const CommandEnd& end, const AnswerWatch& watch,
                       absl::Duration time) {
  if (end.is_success()) return "";
  const std::string line =
      LastLineOf(end.errors.empty() ? end.output : end.errors);
  return absl::StrCat(watch.is_late() ? absl::StrCat("no answer within ",
                                                     absl::FormatDuration(time))
                                      : InWords(end, AnswerWatch::Most()),
                      line.empty() ? "" : ": ", line);
}

// Open, state, close: of each image.
constexpr std::size_t kRequestsOfOne = 3;

std::string RequestsFor(const std::vector<std::string>& databases) {
  std::string requests;
  std::int64_t id = 1;
  for (const std::string& database : databases) {
    for (nlohmann::json request :
         {OpenRequest(database), Request("state"), Request("close")}) {
      absl::StrAppend(&requests, RequestLine(id++, std::move(request)), "\n");
    }
  }
  return requests;
}

std::string Refusal(const char* what, const Reply& reply) {
  return absl::StrCat(what, " answers ", InWords(reply));
}

// Of the image whose replies begin at `first`, as far as there are some.
Recovery RecoveryOf(const Vocabulary& dialect,
                    const std::vector<Reply>& replies, std::size_t first) {
  Recovery recovery;
  const char* const what[] = {"open", "state", "close"};
  for (std::size_t i = 0; i < kRequestsOfOne; ++i) {
    const Reply& reply = replies[first + i];
    if (reply.code == absl::StatusCode::kOk) continue;
    recovery.kind = Recovery::Kind::kRefused;
    recovery.message = Refusal(what[i], reply);
    return recovery;
  }
  absl::StatusOr<State> state = StateOf(dialect, replies[first + 1]);
  if (state.ok()) {
    recovery.state = *std::move(state);
  } else {
    recovery.kind = Recovery::Kind::kRefused;
    recovery.message = std::string(state.status().message());
  }
  return recovery;
}

Recovery Ended(const DriverRun& run) {
  Recovery recovery;
  recovery.kind = run.is_hung ? Recovery::Kind::kHung : Recovery::Kind::kDied;
  recovery.message = run.how.empty() ? "it ends without an answer" : run.how;
  return recovery;
}

}  // namespace

std::string WithDescriptors(const DriverCommand& command,
                            const std::string& requests,
                            const std::string& answers) {
  // What writes without an end is ended: a signal, as the page for authors
  // says.
  return absl::StrCat("ulimit -f 524288\ncd ", ShellWord(command.directory),
                      " || exit\n{ ", command.command, "\n} 3<",
                      ShellWord(requests), " 4>>", ShellWord(answers));
}

AnswerWatch::AnswerWatch(std::string answers, absl::Duration time)
    : answers_(std::move(answers)), time_(time), since_(absl::Now()) {}

bool AnswerWatch::GoesOn() {
  struct stat info = {};
  const bool is_there = stat(answers_.c_str(), &info) == 0;
  if (is_there && info.st_size != size_) {
    size_ = info.st_size;
    since_ = absl::Now();
  }
  is_late_ = absl::Now() - since_ > time_;
  return !is_late_;
}

std::string TailOf(const std::string& path) {
  constexpr std::streamoff kMost = std::streamoff{64} << 10;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  if (size <= 0) return "";
  file.seekg(std::max<std::streamoff>(0, size - kMost));
  return {std::istreambuf_iterator<char>(file), {}};
}

absl::StatusOr<std::string> ReadAnswers(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return "";
  if (info.st_size > static_cast<off_t>(ProtocolLimits::kAnswers)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the driver answers with more than ",
                     ProtocolLimits::kAnswers, " bytes in one run"));
  }
  return ReadWholeFile(path);
}

std::string LastLineOf(const std::string& output) {
  const std::vector<std::string> lines =
      absl::StrSplit(output, '\n', absl::SkipWhitespace());
  if (lines.empty()) return "";
  // Node says its version behind its error.
  const auto error = std::find_if(
      lines.rbegin(), lines.rend(),
      [](const std::string& line) { return absl::StrContains(line, "rror"); });
  const std::string& line = error == lines.rend() ? lines.back() : *error;
  return Shown(line.substr(0, ProtocolLimits::kText));
}

absl::StatusOr<DriverRun> RunDriver(const DriverCommand& command,
                                    const std::string& requests,
                                    const std::string& scratch,
                                    absl::Duration time) {
  const std::string asked = absl::StrCat(scratch, "/asked");
  const std::string answered = absl::StrCat(scratch, "/answered");
  unlink(answered.c_str());
  RETURN_IF_ERROR(WriteWholeFile(asked, requests));
  ShellCommand shell;
  shell.command = WithDescriptors(command, asked, answered);
  shell.directory = scratch;
  shell.time = AnswerWatch::Most();
  AnswerWatch watch(answered, time);
  ASSIGN_OR_RETURN(const CommandEnd end,
                   RunCommand(shell, [&watch] { return watch.GoesOn(); }));
  DriverRun run;
  run.how = HowItEnded(end, watch, time);
  run.is_hung = end.how == CommandEnd::How::kTooLong || watch.is_late();
  ASSIGN_OR_RETURN(run.answers, ReadAnswers(answered));
  return run;
}

absl::StatusOr<std::vector<Recovery>> RecoverAll(
    const DriverCommand& command, const Vocabulary& dialect,
    const std::vector<std::string>& databases, const std::string& scratch,
    absl::Duration time) {
  ASSIGN_OR_RETURN(const DriverRun run,
                   RunDriver(command, RequestsFor(databases), scratch, time));
  ASSIGN_OR_RETURN(const Answers answers, ParseAnswers(run.answers, 1));
  const std::size_t whole = answers.replies.size() / kRequestsOfOne;
  if (answers.replies.size() > databases.size() * kRequestsOfOne) {
    return absl::InvalidArgumentError(
        "the driver answers more than it was asked");
  }
  std::vector<Recovery> recoveries;
  for (std::size_t i = 0; i < whole; ++i) {
    recoveries.push_back(
        RecoveryOf(dialect, answers.replies, i * kRequestsOfOne));
  }
  if (recoveries.size() < databases.size()) recoveries.push_back(Ended(run));
  return recoveries;
}

}  // namespace lastcommit::driven
