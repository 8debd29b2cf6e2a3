#include "driven/driven_trial.h"

#include <signal.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "driven/answer_judge.h"
#include "driven/asker.h"
#include "driven/conversation.h"
#include "driven/crash_judge.h"
#include "driven/free_runner.h"
#include "driven/protocol.h"
#include "driven/recorded_driver.h"
#include "driven/recoveries.h"
#include "driven/turn_keeper.h"
#include "output/shown.h"
#include "record/private_tree.h"
#include "record/rebuild.h"
#include "status/status.h"
#include "trial/trial_directory.h"
#include "trial/trial_files.h"

namespace lastcommit::driven {
namespace {

namespace fs = std::filesystem;

// What a driver loses of memory and descriptors each time it loses no longer.
constexpr int kMostParts = 50;

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
           std::string directory, RecordedDriver& driver, Recoverer& recoverer)
      : options_(options),
        plan_(plan),
        driver_(driver),
        recoverer_(recoverer),
        directory_(std::move(directory)),
        data_(absl::StrCat(directory_, "/data")),
        recording_(absl::StrCat(directory_, "/recording")),
        database_(absl::StrCat(data_, "/", kDatabase)) {}

  absl::StatusOr<TrialResult> Run() {
    result_.rounds.resize(plan_.rounds.size());
    RETURN_IF_ERROR(MakeEmptyDirectory(data_));
    if (Clients(plan_) == 1) {
      RETURN_IF_ERROR(RunAlone());
    } else if (RunsFreely(plan_)) {
      RETURN_IF_ERROR(
          RunTogether(std::make_unique<FreeRunner>(plan_, database_)));
    } else {
      RETURN_IF_ERROR(RunInTurns());
    }
    if (IsViolated()) return result_;
    JudgeAnswers(plan_, conversation_, said_.answers, result_);
    if (several_ != nullptr) SayWhatOverlapped();
    if (IsViolated() || !result_.verdict.held()) return result_;
    RETURN_IF_ERROR(JudgeCrashes(
        options_,
        {plan_, conversation_, said_.answers, directory_, recording_, data_,
         several_ != nullptr ? &several_->linearization() : nullptr},
        recoverer_, result_, crash_));
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

  absl::Status RunAlone() {
    conversation_ = ConversationOf(plan_, database_);
    AllAtOnce asker(conversation_.requests, conversation_.exchanges.size());
    RETURN_IF_ERROR(Record(asker));
    const std::size_t answered = said_.answers.replies.size();
    if (!asker.is_over()) {
      NotAnswered(InWords(plan_, conversation_.exchanges[answered]),
                  said_.last);
    }
    return absl::OkStatus();
  }

  absl::Status RunInTurns() {
    auto keeper = std::make_unique<TurnKeeper>(plan_, database_);
    const TurnKeeper& turns = *keeper;
    RETURN_IF_ERROR(RunTogether(std::move(keeper)));
    result_.switches = turns.switches();
    for (std::size_t r = 0; r < plan_.rounds.size(); ++r) {
      const std::optional<CrashPlace>& death = turns.deaths()[r];
      result_.rounds[r].has_death = death.has_value();
      if (death.has_value()) result_.rounds[r].death = *death;
    }
    return absl::OkStatus();
  }

  absl::Status RunTogether(std::unique_ptr<AskerOfSeveral> asker) {
    several_ = std::move(asker);
    const absl::Status recorded = Record(*several_);
    if (absl::IsInvalidArgument(recorded) && RunsFreely(plan_)) {
      return absl::InvalidArgumentError(absl::StrCat(
          std::string(recorded.message()),
          " (of clients that run freely each writes an answer by one call)"));
    }
    RETURN_IF_ERROR(recorded);
    const Linearization& order = several_->linearization();
    conversation_ = order.Order();
    for (auto& round : result_.rounds) round.judged = true;
    result_.recorded.overlaps = order.overlaps();
    result_.recorded.overlaps_not_judged = order.not_judged();
    result_.commits_in_turn = CommitsInTurn();
    if (!several_->is_over()) NotAnswered(several_->UnderWay(), said_.last);
    return absl::OkStatus();
  }

  // Neighbours of different clients.
  std::int64_t CommitsInTurn() const {
    std::int64_t count = 0;
    const Exchange* before = nullptr;
    for (const Exchange& exchange : conversation_.exchanges) {
      if (exchange.cut_after == exchange.cut_before) continue;
      count += before != nullptr && before->client != exchange.client ? 1 : 0;
      before = &exchange;
    }
    return count;
  }

  // An answer that is wrong in the order of the answers may be right in another
  // order, of which there is none.
  void SayWhatOverlapped() {
    const Linearization& order = several_->linearization();
    if (order.has_lost_track()) {
      result_.verdict = Verdict::Skipped(
          SkipReason::kNoDemand,
          "so many requests overlapped that their orders were not all tried");
      return;
    }
    if (order.unexplained().empty()) return;
    if (!IsViolated()) Violated(ViolationClass::kWrongAnswer, "");
    if (!absl::StrContains(order.unexplained(), '\n')) return;  // one alone
    absl::StrAppend(&result_.verdict.why,
                    "\nin no order of what overlapped would a correct store "
                    "answer so:\n",
                    order.unexplained());
  }

  absl::Status Record(Asker& asker) {
    ASSIGN_OR_RETURN(said_, driver_.Ask({.asker = asker,
                                         .directory = data_,
                                         .recording = recording_,
                                         .time = options_.time}));
    result_.recorded.calls = static_cast<std::int64_t>(said_.end.calls);
    result_.recorded.outside = said_.end.outside;
    return CompareWithFiles(recording_, data_);
  }

  void NotAnswered(const std::string& asked, const std::string& last) {
    const std::string said = last.empty() ? "" : absl::StrCat(": ", last);
    switch (said_.end.how) {
      case RecordingEnd::How::kStopped:
        Violated(ViolationClass::kHung,
                 absl::StrCat("the driver did not answer within ",
                              absl::FormatDuration(options_.time), " (", asked,
                              ")", said));
        return;
      case RecordingEnd::How::kKilled:
      case RecordingEnd::How::kExited:
      case RecordingEnd::How::kGoesOn:
        break;
    }
    if (options_.clients > 1) {
      Violated(ViolationClass::kCrashed,
               absl::StrCat("a driver ended before it answered (", asked, ")",
                            said));
      return;
    }
    // The first process is a shell, which says so of the signal of another one.
    constexpr int kSignals = 128;
    const bool is_killed = said_.end.how == RecordingEnd::How::kKilled;
    if (is_killed || (said_.end.status > kSignals &&
                      said_.end.status <= kSignals + SIGRTMAX)) {
      Violated(ViolationClass::kCrashed,
               absl::StrCat(
                   "the driver died of signal ",
                   is_killed ? said_.end.status : said_.end.status - kSignals,
                   " (", asked, ")", said));
      return;
    }
    Violated(ViolationClass::kCrashed,
             absl::StrCat("the driver ended with exit code ", said_.end.status,
                          " before it answered (", asked, ")", said));
  }

  const DrivenOptions& options_;
  const Plan& plan_;
  RecordedDriver& driver_;
  Recoverer& recoverer_;
  const std::string directory_;
  const std::string data_;
  const std::string recording_;
  const std::string database_;
  Conversation conversation_;
  std::unique_ptr<AskerOfSeveral> several_;  // of several clients
  RecordedDriver::Said said_;
  std::string crash_;  // a copy of the image that was violated
  TrialResult result_;
};

}  // namespace

class DrivenTrial::Impl {
 public:
  Impl(DrivenOptions options, TrialDirectory directory)
      : options_(std::move(options)), directory_(std::move(directory)) {}

  absl::StatusOr<TrialResult> Run(const Plan& plan,
                                  const std::string& directory, DrivenBy by) {
    if (by == DrivenBy::kNew) End();
    RETURN_IF_ERROR(Prepare());
    recoverer_->TakeTheUsedOne(by == DrivenBy::kUsedAlone);
    const bool is_new = driver_->parts() == 0;
    absl::StatusOr<TrialResult> result =
        RunOnce(plan, directory, /*keeps_held=*/true);
    // What runs freely need not come to the same again.
    const bool is_enough =
        result.ok() && (result->verdict.held() || RunsFreely(plan) ||
                        by == DrivenBy::kUsedAlone);
    if (is_new || is_enough) return result;
    // A driver that has answered other plans before may go wrong because of
    // them. A new one is to tell, as it will when the plan is replayed.
    End();
    RETURN_IF_ERROR(Prepare());
    absl::StatusOr<TrialResult> again =
        RunOnce(plan, directory, /*keeps_held=*/false);
    if (!again.ok() || !again->verdict.held()) return again;
    if (!result.ok()) {
      return absl::Status(
          result.status().code(),
          absl::StrCat(std::string(result.status().message()),
                       " (after other plans; a new driver does not)"));
    }
    result->recorded.only_after_others = 1;
    absl::StrAppend(&result->verdict.why,
                    "\nseen in a driver that had answered other plans before; "
                    "one that has not, held this one");
    return result;
  }

 private:
  // What a driver has of its own lies beside the plans'.
  absl::Status Prepare() {
    if (scratch_.empty()) {
      RETURN_IF_ERROR(MakeEmptyDirectory(directory_.trial()));
      ASSIGN_OR_RETURN(scratch_, RealPath(directory_.trial()));
      const std::string recovers = absl::StrCat(scratch_, "/recovers");
      RETURN_IF_ERROR(MakeEmptyDirectory(recovers));
      recoverer_.emplace(options_.driver, recovers, options_.time);
    }
    if (driver_ != nullptr &&
        (driver_->is_over() || driver_->parts() == kMostParts)) {
      driver_.reset();
    }
    if (driver_ != nullptr) return absl::OkStatus();
    const std::string recorded = absl::StrCat(scratch_, "/recorded");
    RETURN_IF_ERROR(MakeEmptyDirectory(recorded));
    ASSIGN_OR_RETURN(driver_, RecordedDriver::Make(options_.driver,
                                                   options_.clients, recorded));
    return absl::OkStatus();
  }

  void End() {
    driver_.reset();
    if (recoverer_.has_value()) recoverer_->End();
  }

  // Each plan has a directory of its own, whose name no other one has had.
  absl::StatusOr<TrialResult> RunOnce(const Plan& plan,
                                      const std::string& directory,
                                      bool keeps_held) {
    const std::string own = absl::StrCat(scratch_, "/plan-", ++plans_);
    RETURN_IF_ERROR(MakeEmptyDirectory(own));
    const auto remove = absl::MakeCleanup([&] { RemoveDirectory(own); });
    OneTrial trial(options_, plan, own, *driver_, *recoverer_);
    absl::StatusOr<TrialResult> result = trial.Run();
    if (!result.ok()) End();
    if (result.ok() && !directory.empty() &&
        (keeps_held || !result->verdict.held())) {
      RETURN_IF_ERROR(trial.Keep(directory));
    }
    return result;
  }

  const DrivenOptions options_;
  TrialDirectory directory_;
  std::string scratch_;  // real
  std::optional<Recoverer> recoverer_;
  std::unique_ptr<RecordedDriver> driver_;
  std::int64_t plans_ = 0;
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
                                             const std::string& directory,
                                             DrivenBy by) {
  return impl_->Run(plan, directory, by);
}

}  // namespace lastcommit::driven
