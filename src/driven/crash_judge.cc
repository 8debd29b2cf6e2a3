#include "driven/crash_judge.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "driven/answer_judge.h"
#include "driven/legal_commits.h"
#include "judge/check_images.h"
#include "judge/finding_view.h"
#include "judge/image_files.h"
#include "judge/judgement.h"
#include "judge/kept_findings.h"
#include "judge/power.h"
#include "judge/timeline.h"
#include "output/shown.h"
#include "record/private_tree.h"
#include "record/rebuild.h"
#include "status/status.h"
#include "trial/trial_files.h"

namespace lastcommit::driven {
namespace {

namespace fs = std::filesystem;

bool GoesOn(std::uint64_t /*call*/) { return true; }

class CrashJudge {
 public:
  CrashJudge(const DrivenOptions& options, const RecordedRun& run,
             AnsweredRun answered, Recoverer& recoverer, TrialResult& result)
      : options_(options),
        run_(run),
        recoverer_(recoverer),
        answered_(std::move(answered)),
        result_(result) {}

  absl::Status Judge() {
    ASSIGN_OR_RETURN(const RecordingDigest digest, ReadThrough(run_.recording));
    Judgement judgement;
    judgement.header = digest.frame.header;
    judgement.end = digest.frame.end;
    ASSIGN_OR_RETURN(judgement.timeline, TimelineOf(run_.recording, digest, {},
                                                    judgement.states, GoesOn));
    result_.recorded.kill_images = judgement.timeline.kill_images;
    RETURN_IF_ERROR(JudgeRecoveries(digest, judgement.timeline));
    if (options_.promises_power) {
      judgement.promise = PromiseLevel::kPower;
      ASSIGN_OR_RETURN(
          judgement.power,
          LosePowerEverywhere(run_.recording, digest, judgement.timeline,
                              judgement.states, {}, GoesOn));
      result_.recorded.power_images = judgement.power.images;
    }
    if (!IsViolated()) return JudgeWithoutModel(judgement);
    // What SQLite finds in such crashes, with its cause.
    const std::string text = TextOfFindings(judgement);
    if (!text.empty()) absl::StrAppend(&result_.verdict.why, "\n", text);
    return absl::OkStatus();
  }

  const std::string& crash() const { return crash_; }

 private:
  bool IsViolated() const { return result_.verdict.violation.has_value(); }
  void Violated(ViolationClass violation, std::string why) {
    result_.verdict = Verdict::Violated(violation, std::move(why));
  }

  // A crash in which SQLite finds another database than was promised is one
  // that the store may make good: it recovers it, too. Damage it cannot.
  absl::Status JudgeWithoutModel(const Judgement& judgement) {
    const std::vector<FindingView> views = NamedFindings(judgement);
    if (views.empty()) return absl::OkStatus();
    KeepOptions keep;
    keep.directory = absl::StrCat(run_.directory, "/findings");
    keep.again = [](const std::string&, std::uint64_t) { return ""; };
    RETURN_IF_ERROR(PrepareKeeping(keep.directory));
    ASSIGN_OR_RETURN(const std::string kept,
                     KeepFindings(run_.recording, judgement, keep));
    for (const FindingView& view : views) {
      RETURN_IF_ERROR(JudgeFinding(judgement, view, kept));
      if (IsViolated()) return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status JudgeFinding(const Judgement& judgement, const FindingView& view,
                            const std::string& kept) {
    const std::string files = absl::StrCat(kept, "/", view.name, "/files");
    const Crash crash = {view.survival.has_value(), view.call, view.written};
    RETURN_IF_ERROR(RecoverInPlace(crash, files));
    const bool is_damage = IsDamage(view);
    if (!IsViolated() && !is_damage) {
      ++result_.recorded.made_good;
      return absl::OkStatus();
    }
    crash_ = absl::StrCat(run_.directory, "/crash");
    RETURN_IF_ERROR(Rename(files, crash_));
    const std::string why = result_.verdict.why;
    Violated(
        is_damage ? ViolationClass::kDamaged : *result_.verdict.violation,
        absl::StrCat(why, why.empty() ? "" : "\n", TextOfFindings(judgement)));
    return absl::OkStatus();
  }

  // By a process of its own, where the database was when the driver ran: a
  // journal has the path of its super-journal, and a driver may keep one, too.
  absl::Status RecoverInPlace(const Crash& crash, const std::string& files) {
    RemoveDirectory(run_.data);
    RETURN_IF_ERROR(CopyTree(files, run_.data));
    recoverer_.End();
    ASSIGN_OR_RETURN(
        const std::vector<Recovery> recoveries,
        recoverer_.RecoverAll(*run_.plan.dialect,
                              {absl::StrCat(run_.data, "/", kDatabase)}));
    recoverer_.End();
    JudgeRecovery(crash, recoveries.front());
    return absl::OkStatus();
  }

  static absl::Status Rename(const std::string& from, const std::string& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (!error) return absl::OkStatus();
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot rename ", Shown(from)));
  }

  // What else the store keeps in SQLite it may throw away and make anew.
  static bool IsDamage(const FindingView& view) {
    return (view.name.starts_with("kill-damaged") ||
            view.name.starts_with("power-damaged")) &&
           view.json.value("database", "") == kDatabase;
  }

  absl::Status JudgeRecoveries(const RecordingDigest& digest,
                               const Timeline& timeline) {
    CheckImageLimits limits;
    limits.images = options_.recoveries;
    limits.has_losses = options_.promises_power;
    limits.is_even = true;
    limits.known = [this](std::uint64_t call, std::int64_t written) {
      const LegalCommits legal =
          answered_.After({.call = call, .written = written});
      return static_cast<std::uint64_t>(legal.lowest) << 32 ^
             static_cast<std::uint64_t>(legal.highest);
    };
    ASSIGN_OR_RETURN(
        const CheckImages images,
        ImagesToCheck(run_.recording, digest, timeline, limits, GoesOn));
    result_.recorded.not_recovered = images.left_out;
    std::vector<std::string> databases;
    for (std::size_t i = 0; i < images.images.size(); ++i) {
      const std::string directory = ImageDirectory(i);
      RETURN_IF_ERROR(
          WriteImage(images.images[i].image, *images.files, directory));
      databases.push_back(absl::StrCat(directory, "/", kDatabase));
    }
    for (std::size_t at = 0; at < databases.size() && !IsViolated();) {
      const auto rest = databases.begin() + static_cast<std::ptrdiff_t>(at);
      ASSIGN_OR_RETURN(
          const std::vector<Recovery> recoveries,
          recoverer_.RecoverAll(*run_.plan.dialect, {rest, databases.end()}));
      for (const Recovery& recovery : recoveries) {
        RETURN_IF_ERROR(JudgeImage(images, at++, recovery));
        if (IsViolated()) break;
      }
    }
    return absl::OkStatus();
  }

  // What is wrong where many images are recovered by one process, elsewhere, is
  // believed only if it is so in place, too.
  absl::Status JudgeImage(const CheckImages& images, std::size_t number,
                          const Recovery& recovery) {
    const CheckImage& image = images.images[number];
    const Crash crash = {image.is_power, image.call, image.written};
    ++(crash.is_power ? result_.recorded.losses_recovered
                      : result_.recorded.kills_recovered);
    JudgeRecovery(crash, recovery);
    if (!IsViolated()) return absl::OkStatus();
    result_.verdict = Verdict::Held();
    // What it was before it was recovered.
    const std::string files = absl::StrCat(run_.directory, "/crash");
    RemoveDirectory(files);
    RETURN_IF_ERROR(WriteImage(image.image, *images.files, files));
    RETURN_IF_ERROR(RecoverInPlace(crash, files));
    if (IsViolated()) {
      crash_ = files;
    } else {
      ++result_.recorded.only_elsewhere;
    }
    return absl::OkStatus();
  }

  std::string ImageDirectory(std::size_t number) const {
    return absl::StrCat(run_.directory, "/image-", number);
  }

  void JudgeRecovery(const Crash& crash, const Recovery& recovery) {
    const LegalCommits legal = answered_.After(crash);
    const std::string where = WhereOf(crash, legal);
    if (recovery.kind != Recovery::Kind::kRecovered) {
      Violated(
          recovery.kind == Recovery::Kind::kHung ? ViolationClass::kHung
                                                 : ViolationClass::kOpenFailed,
          absl::StrCat(
              where, "\nthe store cannot recover from it: ", recovery.message));
      return;
    }
    const auto& cuts = run_.conversation.cuts;
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
               absl::StrCat(where,
                            "\nwhat comes later is there already (or its "
                            "answers wait in a buffer: each has to be written "
                            "before the next request is done):",
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
    return RowDifferences(run_.conversation.cuts[static_cast<std::size_t>(cut)],
                          recovery.state);
  }

  std::string WhereOf(const Crash& crash, const LegalCommits& legal) const {
    std::string text = absl::StrCat(
        crash.is_power ? "after a loss of power" : "after a SIGKILL",
        crash.written < 0 ? " after call " : " in the middle of call ",
        crash.call, " of the recording");
    if (legal.acknowledged != nullptr) {
      absl::StrAppend(
          &text, "\nacknowledged: ", InWords(run_.plan, *legal.acknowledged));
    }
    if (legal.under_way != nullptr) {
      absl::StrAppend(&text,
                      "\nunder way:    ", InWords(run_.plan, *legal.under_way));
    }
    return text;
  }

  const DrivenOptions& options_;
  const RecordedRun& run_;
  Recoverer& recoverer_;
  const AnsweredRun answered_;
  TrialResult& result_;
  std::string crash_;
};

}  // namespace

absl::Status JudgeCrashes(const DrivenOptions& options, const RecordedRun& run,
                          Recoverer& recoverer, TrialResult& result,
                          std::string& crash) {
  ASSIGN_OR_RETURN(
      AnsweredRun answered,
      AnsweredRun::Read(run.recording, run.conversation, run.answers));
  CrashJudge judge(options, run, std::move(answered), recoverer, result);
  RETURN_IF_ERROR(judge.Judge());
  crash = judge.crash();
  return absl::OkStatus();
}

}  // namespace lastcommit::driven
