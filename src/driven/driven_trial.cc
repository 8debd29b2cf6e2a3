#include "driven/driven_trial.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "driven/conversation.h"
#include "driven/protocol.h"
#include "judge/check_images.h"
#include "judge/finding_view.h"
#include "judge/image_files.h"
#include "judge/judgement.h"
#include "judge/kept_findings.h"
#include "judge/power.h"
#include "judge/timeline.h"
#include "output/shown.h"
#include "output/whole_file.h"
#include "record/rebuild.h"
#include "record/recorder.h"
#include "status/status.h"
#include "trial/trial_directory.h"
#include "trial/trial_files.h"

namespace lastcommit::driven {
namespace {

namespace fs = std::filesystem;

constexpr char kDatabase[] = "store.db";
constexpr std::size_t kShownRows = 6;

bool GoesOn(std::uint64_t /*call*/) { return true; }

absl::Status MakeDirectory(const std::string& path) {
  std::error_code error;
  fs::create_directory(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(),
                             absl::StrCat("cannot make ", Shown(path)));
}

// How many bytes had been answered after which call.
struct Answered {
  std::uint64_t call = 0;
  std::size_t bytes = 0;
};

absl::StatusOr<std::vector<Answered>> AnsweredIn(const std::string& recording) {
  std::vector<Answered> answered;
  std::size_t bytes = 0;
  const auto take = [&](const RecordedCall& call) {
    for (const Effect& effect : call.effects) {
      if (effect.kind != EffectKind::kAck) continue;
      bytes += static_cast<std::size_t>(effect.amount);
      answered.push_back({call.number, bytes});
    }
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(ReadRecording(recording, take).status());
  return answered;
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
    RETURN_IF_ERROR(JudgeAnswers());
    if (IsViolated()) return result_;
    RETURN_IF_ERROR(JudgeCrashes());
    return result_;
  }

  // What is to be seen of it later.
  absl::Status Keep(const std::string& directory) const {
    std::error_code error;
    fs::create_directories(directory, error);
    for (const std::string& from : {recording_, crash_}) {
      if (from.empty() || error) continue;
      const std::string to =
          absl::StrCat(directory, "/", fs::path(from).filename().string());
      fs::remove_all(to, error);
      if (!error) fs::copy(from, to, fs::copy_options::recursive, error);
    }
    if (!error) return absl::OkStatus();
    return absl::ErrnoToStatus(
        error.value(),
        absl::StrCat("cannot keep a crash in ", Shown(directory)));
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
    record.time = options_.time;
    record.output = output;
    ASSIGN_OR_RETURN(end_, RecordProgram(record, [](const RecordProgress&) {
                       return true;
                     }));
    result_.recorded.calls = static_cast<std::int64_t>(end_.calls);
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
    const std::string last = ReadWholeFile(output).value_or("");
    NotAnswered(LastLineOf(last));
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
    if (is_killed || end_.status > kSignals) {
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

  absl::Status JudgeAnswers() {
    for (std::size_t i = 0; i < answers_.replies.size() && !IsViolated(); ++i) {
      const Exchange& exchange = conversation_.exchanges[i];
      const Reply& reply = answers_.replies[i];
      if (exchange.state.has_value()) {
        JudgeState(exchange, reply);
      } else {
        JudgeAnswer(exchange, reply);
      }
    }
    return absl::OkStatus();
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
                          Differences(*exchange.state, *found)));
  }

  static std::string Differences(const State& expected, const State& found) {
    State compared = found;
    compared.cut = expected.cut;
    std::string text;
    for (const std::string& line : Difference(expected, compared, kShownRows)) {
      absl::StrAppend(&text, "\n  ", line);
    }
    return text;
  }

  // ---- what crashes leave ----

  absl::Status JudgeCrashes() {
    ASSIGN_OR_RETURN(answered_, AnsweredIn(recording_));
    ASSIGN_OR_RETURN(const RecordingDigest digest, ReadThrough(recording_));
    Judgement judgement;
    judgement.header = digest.frame.header;
    judgement.end = digest.frame.end;
    // Its lines are JSON, and may have any letters.
    ASSIGN_OR_RETURN(judgement.timeline,
                     TimelineOf(recording_, digest, {.has_questions = false},
                                judgement.states, GoesOn));
    result_.recorded.kill_images = judgement.timeline.kill_images;
    RETURN_IF_ERROR(JudgeRecoveries(digest, judgement.timeline));
    if (IsViolated()) return absl::OkStatus();
    if (options_.promises_power) {
      judgement.promise = PromiseLevel::kPower;
      ASSIGN_OR_RETURN(
          judgement.power,
          LosePowerEverywhere(recording_, digest, judgement.timeline,
                              judgement.states, {}, GoesOn));
      result_.recorded.power_images = judgement.power.images;
    }
    return JudgeWithoutModel(judgement);
  }

  // A crash in which SQLite finds another database than was promised is one
  // that the store may make good: it recovers it, too. Damage it cannot.
  absl::Status JudgeWithoutModel(const Judgement& judgement) {
    const std::vector<FindingView> views = NamedFindings(judgement);
    if (views.empty()) return absl::OkStatus();
    KeepOptions keep;
    keep.directory = absl::StrCat(directory_, "/findings");
    keep.again = [](const std::string&, std::uint64_t) { return ""; };
    RETURN_IF_ERROR(PrepareKeeping(keep.directory));
    ASSIGN_OR_RETURN(const std::string kept,
                     KeepFindings(recording_, judgement, keep));
    for (const FindingView& view : views) {
      RETURN_IF_ERROR(JudgeFinding(judgement, view, kept));
      if (IsViolated()) return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status JudgeFinding(const Judgement& judgement, const FindingView& view,
                            const std::string& kept) {
    const std::string files = absl::StrCat(kept, "/", view.name, "/files");
    const std::string copy = absl::StrCat(kept, "/", view.name, "/recovered");
    std::error_code error;
    fs::copy(files, copy, fs::copy_options::recursive, error);
    if (error) {
      return absl::ErrnoToStatus(error.value(),
                                 absl::StrCat("cannot copy ", Shown(files)));
    }
    ASSIGN_OR_RETURN(const std::vector<Recovery> recoveries,
                     RecoverAll(options_.driver, *plan_.dialect,
                                {absl::StrCat(copy, "/", kDatabase)},
                                directory_, options_.time));
    JudgeRecovery({.is_power = view.survival.has_value(),
                   .call = view.call,
                   .written = view.written},
                  recoveries.front());
    if (!IsViolated() && !IsDamage(view)) {
      ++result_.recorded.made_good;
      return absl::OkStatus();
    }
    crash_ = absl::StrCat(directory_, "/crash");
    fs::rename(files, crash_, error);
    const std::string why = result_.verdict.why;
    Violated(
        IsDamage(view) ? ViolationClass::kDamaged : *result_.verdict.violation,
        absl::StrCat(why, why.empty() ? "" : "\n", TextOfFindings(judgement)));
    return absl::OkStatus();
  }

  static bool IsDamage(const FindingView& view) {
    return view.name.starts_with("kill-damaged") ||
           view.name.starts_with("power-damaged");
  }

  absl::Status JudgeRecoveries(const RecordingDigest& digest,
                               const Timeline& timeline) {
    CheckImageLimits limits;
    limits.images = options_.recoveries;
    limits.has_losses = options_.promises_power;
    ASSIGN_OR_RETURN(
        const CheckImages images,
        ImagesToCheck(recording_, digest, timeline, limits, GoesOn));
    result_.recorded.not_recovered = images.left_out;
    std::vector<std::string> databases;
    for (std::size_t i = 0; i < images.images.size(); ++i) {
      const std::string directory = ImageDirectory(i);
      RETURN_IF_ERROR(
          WriteImage(images.images[i].image, *images.files, directory));
      databases.push_back(absl::StrCat(directory, "/", kDatabase));
    }
    if (databases.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<Recovery> recoveries,
                     RecoverAll(options_.driver, *plan_.dialect, databases,
                                directory_, options_.time));
    for (std::size_t i = 0; i < recoveries.size() && !IsViolated(); ++i) {
      const CheckImage& image = images.images[i];
      JudgeRecovery({image.is_power, image.call, image.written}, recoveries[i]);
      // What it was before it was recovered.
      if (!IsViolated()) continue;
      crash_ = absl::StrCat(directory_, "/crash");
      RETURN_IF_ERROR(WriteImage(image.image, *images.files, crash_));
    }
    return absl::OkStatus();
  }

  std::string ImageDirectory(std::size_t number) const {
    return absl::StrCat(directory_, "/image-", number);
  }

  struct Crash {
    bool is_power = false;
    std::uint64_t call = 0;     // it comes after it
    std::int64_t written = -1;  // in the middle of it: bytes that are there
  };

  // What may be the newest commit after a crash.
  struct Legal {
    std::int64_t lowest = 0;   // acknowledged
    std::int64_t highest = 0;  // or under way
    const Exchange* acknowledged = nullptr;
    const Exchange* under_way = nullptr;
  };

  Legal LegalAfter(const Crash& crash) const {
    const std::size_t lines = LinesUntil(crash);
    Legal legal;
    std::size_t replies = 0;
    while (replies < answers_.replies.size() &&
           answers_.replies[replies].line < lines) {
      ++replies;
    }
    for (const auto& [id, line] : answers_.acks) {
      const Exchange& exchange =
          conversation_.exchanges[static_cast<std::size_t>(id) - 1];
      if (line >= lines || exchange.cut_after <= legal.lowest) continue;
      legal.lowest = exchange.cut_after;
      legal.acknowledged = &exchange;
    }
    legal.highest = legal.lowest;
    for (std::size_t i = 0; i < conversation_.exchanges.size(); ++i) {
      if (i > replies) break;
      const Exchange& exchange = conversation_.exchanges[i];
      legal.highest = std::max(legal.highest, exchange.cut_after);
      if (i == replies) legal.under_way = &exchange;
    }
    return legal;
  }

  // Whole lines that were answered before the crash.
  std::size_t LinesUntil(const Crash& crash) const {
    std::size_t bytes = 0;
    for (const Answered& answered : answered_) {
      const bool was_before = crash.written < 0 ? answered.call <= crash.call
                                                : answered.call < crash.call;
      if (was_before) bytes = answered.bytes;
    }
    return static_cast<std::size_t>(std::upper_bound(answers_.line_ends.begin(),
                                                     answers_.line_ends.end(),
                                                     bytes) -
                                    answers_.line_ends.begin());
  }

  void JudgeRecovery(const Crash& crash, const Recovery& recovery) {
    const Legal legal = LegalAfter(crash);
    const std::string where = WhereOf(crash, legal);
    if (recovery.kind != Recovery::Kind::kRecovered) {
      Violated(
          recovery.kind == Recovery::Kind::kHung ? ViolationClass::kHung
                                                 : ViolationClass::kOpenFailed,
          absl::StrCat(
              where, "\nthe store cannot recover from it: ", recovery.message));
      return;
    }
    ++(crash.is_power ? result_.recorded.losses_recovered
                      : result_.recorded.kills_recovered);
    const auto& cuts = conversation_.cuts;
    const auto is_at = [&](std::int64_t cut) {
      return cuts[static_cast<std::size_t>(cut)].rows == recovery.state.rows;
    };
    for (std::int64_t cut = legal.lowest; cut <= legal.highest; ++cut) {
      if (!is_at(cut)) continue;
      result_.recorded.commits_in_doubt += cut > legal.lowest ? 1 : 0;
      return;
    }
    for (std::int64_t cut = legal.lowest - 1; cut >= 0; --cut) {
      if (!is_at(cut)) continue;
      Violated(ViolationClass::kLostCommit,
               absl::StrCat(where, "\n", legal.lowest - cut,
                            legal.lowest - cut == 1
                                ? " acknowledged commit is not there:"
                                : " acknowledged commits are not there:",
                            DifferencesFrom(legal.lowest, recovery)));
      return;
    }
    const auto last = static_cast<std::int64_t>(cuts.size()) - 1;
    for (std::int64_t cut = legal.highest + 1; cut <= last; ++cut) {
      if (!is_at(cut)) continue;
      Violated(ViolationClass::kPhantomCommit,
               absl::StrCat(where, "\nwhat comes later is there already:",
                            DifferencesFrom(legal.highest, recovery)));
      return;
    }
    Violated(
        ViolationClass::kNotACut,
        absl::StrCat(where,
                     "\nthe store gives what it never held after a commit; "
                     "from the newest that was acknowledged it differs in:",
                     DifferencesFrom(legal.lowest, recovery)));
  }

  std::string DifferencesFrom(std::int64_t cut,
                              const Recovery& recovery) const {
    return Differences(conversation_.cuts[static_cast<std::size_t>(cut)],
                       recovery.state);
  }

  std::string WhereOf(const Crash& crash, const Legal& legal) const {
    std::string text = absl::StrCat(
        crash.is_power ? "after a loss of power" : "after a SIGKILL",
        crash.written < 0 ? " after call " : " in the middle of call ",
        crash.call, " of the recording");
    if (legal.acknowledged != nullptr) {
      absl::StrAppend(&text,
                      "\nacknowledged: ", InWords(plan_, *legal.acknowledged));
    }
    if (legal.under_way != nullptr) {
      absl::StrAppend(&text,
                      "\nunder way:    ", InWords(plan_, *legal.under_way));
    }
    return text;
  }

  const DrivenOptions& options_;
  const Plan& plan_;
  const std::string directory_;
  const std::string data_;
  const std::string recording_;
  const Conversation conversation_;
  RecordingEnd end_;
  Answers answers_;
  std::vector<Answered> answered_;
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
    const std::string scratch = directory_.trial();
    RemoveDirectory(scratch);
    RETURN_IF_ERROR(MakeDirectory(scratch));
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
