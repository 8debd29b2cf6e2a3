#include "driven/driven_trial.h"

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "driven/conversation.h"
#include "driven/crash_judge.h"
#include "driven/protocol.h"
#include "output/shown.h"
#include "output/whole_file.h"
#include "record/private_tree.h"
#include "record/rebuild.h"
#include "record/recorder.h"
#include "status/status.h"
#include "trial/trial_directory.h"
#include "trial/trial_files.h"

namespace lastcommit::driven {
namespace {

namespace fs = std::filesystem;

// Of a recording: a driver that never stops writing is ended.
constexpr std::int64_t kMostRecorded = std::int64_t{1} << 30;

std::int64_t SizeOf(const std::string& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  fs::create_directory(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat("cannot make ", Shown(path)));
}

// As the kernel has it, and so the recorder.
absl::StatusOr<std::string> RealPath(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (!error) return real.string();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat("cannot find ", Shown(path)));
}

// The trial of one plan, in a directory of its own.
class OneTrial {
 public:
  OneTrial(const DrivenOptions& options, const Plan& plan,
           std::string directory)
      : options_(options),
        plan_(plan),
        directory_(std::move(directory)),
        data_(absl::StrCat(directory_, "/data")),
        recording_(absl::StrCat(directory_, "/recording")),
        conversation_(
            ConversationOf(plan, absl::StrCat(data_, "/", kDatabase))) {}

  absl::StatusOr<TrialResult> Run() {
    result_.rounds.resize(plan_.rounds.size());
    RETURN_IF_ERROR(Record());
    if (IsViolated()) return result_;
    JudgeAnswers();
    if (IsViolated()) return result_;
    RETURN_IF_ERROR(JudgeCrashes(
        options_,
        {plan_, conversation_, answers_, directory_, recording_, data_},
        result_, crash_));
    return result_;
  }

  // What is to be seen of it later.
  absl::Status Keep(const std::string& directory) const {
    std::error_code error;
    fs::create_directories(directory, error);
    if (!error) {
      fs::copy_file(recording_, absl::StrCat(directory, "/recording"),
                    fs::copy_options::overwrite_existing, error);
    }
    if (error) {
      return absl::ErrnoToStatus(
          error.value(),
          absl::StrCat("cannot keep the recording in ", Shown(directory)));
    }
    const std::string crash = absl::StrCat(directory, "/crash");
    RemoveDirectory(crash);
    return crash_.empty() ? absl::OkStatus() : CopyTree(crash_, crash);
  }

 private:
  bool IsViolated() const { return result_.verdict.violation.has_value(); }
  void Violated(ViolationClass violation, std::string why) {
    result_.verdict = Verdict::Violated(violation, std::move(why));
  }

  // ---- the run ----

  absl::Status Record() {
    RETURN_IF_ERROR(MakeDirectory(data_));
    const std::string requests = absl::StrCat(directory_, "/requests");
    const std::string answers = absl::StrCat(directory_, "/answers");
    const std::string output = absl::StrCat(directory_, "/output");
    RETURN_IF_ERROR(WriteWholeFile(requests, conversation_.requests));
    RecordOptions record;
    record.command = {"/bin/sh", "-c",
                      WithDescriptors(options_.driver, requests, answers)};
    record.directory = data_;
    record.recording = recording_;
    record.ack = answers;
    record.time = AnswerWatch::Most();
    record.output = output;
    record.has_own_group = true;
    AnswerWatch watch(answers, options_.time);
    ASSIGN_OR_RETURN(end_, RecordProgram(record, [&](const RecordProgress&) {
                       return watch.GoesOn() &&
                              SizeOf(recording_) <= kMostRecorded;
                     }));
    if (SizeOf(recording_) > kMostRecorded) {
      return absl::ResourceExhaustedError(
          "the driver writes more than a GiB in one plan, and does not end");
    }
    result_.recorded.calls = static_cast<std::int64_t>(end_.calls);
    result_.recorded.outside = end_.outside;
    RETURN_IF_ERROR(CompareWithFiles(recording_, data_));
    ASSIGN_OR_RETURN(const std::string answered, ReadAnswers(answers));
    ASSIGN_OR_RETURN(answers_, ParseAnswers(answered, 1));
    const auto asked =
        static_cast<std::int64_t>(conversation_.exchanges.size());
    const auto replies = static_cast<std::int64_t>(answers_.replies.size());
    if (replies > asked ||
        (!answers_.acks.empty() && answers_.acks.rbegin()->first > asked)) {
      return absl::InvalidArgumentError(
          "the driver answers more than it was asked");
    }
    if (replies == asked) return absl::OkStatus();
    NotAnswered(LastLineOf(TailOf(output)));
    return absl::OkStatus();
  }

  void NotAnswered(const std::string& last) {
    const std::string asked =
        InWords(plan_, conversation_.exchanges[answers_.replies.size()]);
    const std::string said = last.empty() ? "" : absl::StrCat(": ", last);
    switch (end_.how) {
      case RecordingEnd::How::kStopped:
        Violated(ViolationClass::kHung,
                 absl::StrCat("the driver did not answer within ",
                              absl::FormatDuration(options_.time), " (", asked,
                              ")", said));
        return;
      case RecordingEnd::How::kKilled:
      case RecordingEnd::How::kExited:
        break;
    }
    // The first process is a shell, which says so of the signal of another one.
    constexpr int kSignals = 128;
    const bool is_killed = end_.how == RecordingEnd::How::kKilled;
    if (is_killed ||
        (end_.status > kSignals && end_.status <= kSignals + SIGRTMAX)) {
      Violated(ViolationClass::kCrashed,
               absl::StrCat("the driver died of signal ",
                            is_killed ? end_.status : end_.status - kSignals,
                            " (", asked, ")", said));
      return;
    }
    Violated(ViolationClass::kCrashed,
             absl::StrCat("the driver ended with exit code ", end_.status,
                          " before it answered (", asked, ")", said));
  }

  // ---- what it answered ----

  void JudgeAnswers() {
    for (std::size_t i = 0; i < answers_.replies.size() && !IsViolated(); ++i) {
      const Exchange& exchange = conversation_.exchanges[i];
      const Reply& reply = answers_.replies[i];
      if (exchange.state.has_value()) {
        JudgeState(exchange, reply);
      } else {
        JudgeAnswer(exchange, reply);
      }
    }
  }

  void JudgeAnswer(const Exchange& exchange, const Reply& reply) {
    const Step& step = plan_.rounds[exchange.round].steps[exchange.step];
    ++result_.steps;
    if (exchange.cut_after > exchange.cut_before) ++result_.commits;
    const auto wrong = [&](const std::string& answered) {
      Violated(ViolationClass::kWrongAnswer,
               absl::StrCat(InWords(plan_, exchange), ": the store answers ",
                            answered));
    };
    if (reply.code != exchange.expected.code) {
      return wrong(absl::StrCat(InWords(reply), ", and the model ",
                                InWords(exchange.expected.code)));
    }
    if (!IsOperation(step.kind) || reply.code != absl::StatusCode::kOk) return;
    const auto value = ValueOf(step.operation, reply);
    if (!value.ok()) return wrong(std::string(value.status().message()));
    if (!value->has_value()) return;
    ++result_.recorded.answers;
    if (**value == exchange.expected.value) return;
    wrong(absl::StrCat(InWords(reply), ", and the model something else"));
  }

  void JudgeState(const Exchange& exchange, const Reply& reply) {
    const std::string where =
        absl::StrCat(InWords(plan_, exchange), ": the state of the store");
    if (reply.code != absl::StatusCode::kOk) {
      Violated(ViolationClass::kWrongRead,
               absl::StrCat(where, " is ", InWords(reply)));
      return;
    }
    const auto found = StateOf(*plan_.dialect, reply);
    if (!found.ok()) {
      Violated(ViolationClass::kWrongRead,
               std::string(found.status().message()));
      return;
    }
    ++result_.recorded.states;
    if (found->rows == exchange.state->rows) return;
    Violated(ViolationClass::kWrongRead,
             absl::StrCat(where, " is not the model's",
                          RowDifferences(*exchange.state, *found)));
  }

  const DrivenOptions& options_;
  const Plan& plan_;
  const std::string directory_;
  const std::string data_;
  const std::string recording_;
  const Conversation conversation_;
  RecordingEnd end_;
  Answers answers_;
  std::string crash_;  // a copy of the image that was violated
  TrialResult result_;
};

}  // namespace

class DrivenTrial::Impl {
 public:
  Impl(DrivenOptions options, TrialDirectory directory)
      : options_(std::move(options)), directory_(std::move(directory)) {}

  absl::StatusOr<TrialResult> Run(const Plan& plan,
                                  const std::string& directory) {
    RemoveDirectory(directory_.trial());
    RETURN_IF_ERROR(MakeDirectory(directory_.trial()));
    ASSIGN_OR_RETURN(const std::string scratch, RealPath(directory_.trial()));
    const auto remove = absl::MakeCleanup([&] { RemoveDirectory(scratch); });
    OneTrial trial(options_, plan, scratch);
    ASSIGN_OR_RETURN(TrialResult result, trial.Run());
    if (!directory.empty()) RETURN_IF_ERROR(trial.Keep(directory));
    return result;
  }

 private:
  const DrivenOptions options_;
  TrialDirectory directory_;
};

absl::StatusOr<std::unique_ptr<DrivenTrial>> DrivenTrial::Create(
    const DrivenOptions& options) {
  ASSIGN_OR_RETURN(TrialDirectory directory,
                   TrialDirectory::Make(options.directory));
  return std::unique_ptr<DrivenTrial>(
      new DrivenTrial(std::make_unique<Impl>(options, std::move(directory))));
}

DrivenTrial::DrivenTrial(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DrivenTrial::~DrivenTrial() = default;

absl::StatusOr<TrialResult> DrivenTrial::Run(const Plan& plan,
                                             const std::string& directory) {
  return impl_->Run(plan, directory);
}

}  // namespace lastcommit::driven
