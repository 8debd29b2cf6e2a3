#include "driven/crash_judge.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "driven/legal_commits.h"
#include "driven/recovery_judge.h"
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
    judge_ =
        run_.plan.dialect->has_model
            ? JudgeWithModel(run_, answered_, result_)
            : JudgeWithReferences(run_, answered_, judgement.header.directory,
                                  judgement.timeline, recoverer_, result_);
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
    ASSIGN_OR_RETURN(
        const Recovery recovery,
        recoverer_.RecoverAlone(*run_.plan.dialect,
                                absl::StrCat(run_.data, "/", kDatabase)));
    return judge_->Judge(crash, recovery, /*is_in_place=*/true);
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
    limits.has_beginning = true;
    limits.is_even = true;
    limits.known = [this](std::uint64_t call, std::int64_t written) {
      const LegalCommits& legal =
          answered_.After({.call = call, .written = written});
      return static_cast<std::uint64_t>(legal.lowest) << 32 ^
             static_cast<std::uint64_t>(legal.highest);
    };
    ASSIGN_OR_RETURN(
        CheckImages images,
        ImagesToCheck(run_.recording, digest, timeline, limits, GoesOn));
    // The first crash that is violated is the finding: a smaller plan has the
    // same one, however many images it has.
    std::stable_sort(images.images.begin(), images.images.end(), IsEarlier);
    result_.recorded.not_recovered = images.left_out;
    std::vector<std::string> databases;
    std::vector<Crash> crashes;
    for (std::size_t i = 0; i < images.images.size(); ++i) {
      const std::string directory = ImageDirectory(i);
      RETURN_IF_ERROR(
          WriteImage(images.images[i].image, *images.files, directory));
      databases.push_back(absl::StrCat(directory, "/", kDatabase));
      crashes.push_back(CrashOf(images.images[i]));
    }
    RETURN_IF_ERROR(judge_->Prepare(crashes));
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
    const Crash crash = CrashOf(image);
    ++(crash.is_power ? result_.recorded.losses_recovered
                      : result_.recorded.kills_recovered);
    RETURN_IF_ERROR(judge_->Judge(crash, recovery, /*is_in_place=*/false));
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

  // A crash within a call is before the one after it.
  static bool IsEarlier(const CheckImage& a, const CheckImage& b) {
    const auto when = [](const CheckImage& image) {
      return std::tuple(image.call, image.written < 0, image.is_power);
    };
    return when(a) < when(b);
  }

  static Crash CrashOf(const CheckImage& image) {
    return {image.is_power, image.call, image.written};
  }

  std::string ImageDirectory(std::size_t number) const {
    return absl::StrCat(run_.directory, "/image-", number);
  }

  const DrivenOptions& options_;
  const RecordedRun& run_;
  Recoverer& recoverer_;
  const AnsweredRun answered_;
  TrialResult& result_;
  std::unique_ptr<RecoveryJudge> judge_;
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
