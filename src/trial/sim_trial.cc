#include "trial/sim_trial.h"

#include <malloc.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <new>
#include <set>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "disk/sim_vfs.h"
#include "disk/survival.h"
#include "model/reference_model.h"
#include "status/status.h"
#include "subject/registry.h"
#include "trial/child.h"
#include "trial/child_verdict.h"
#include "trial/crash_history.h"
#include "trial/examine.h"
#include "trial/lifetime.h"
#include "trial/round_judge.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/sim_guest.h"
#include "trial/sim_remains.h"
#include "trial/sim_round.h"
#include "trial/step_claims.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

// What the parent learns. Plain data: the child may die at any moment.
struct SimReport {
  static constexpr std::size_t kMaxDigests = 32768;

  bool is_done = false;
  char error[1024] = {};
  std::int32_t violation = -1;
  std::int32_t skipped = -1;
  char why[8192] = {};
  std::int64_t steps = 0;
  std::int64_t commits = 0;
  bool spilled = false;
  bool savepoint_rolled_back_after_spill = false;
  bool statement_failed_after_spill = false;
  ImageCounts images;
  std::int64_t errors = 0;
  std::int64_t went_on = 0;
  std::int64_t refusals = 0;
  std::int64_t refusals_not_judged = 0;
  std::int64_t mode_changes = 0;
  std::int64_t checkpoints = 0;
  std::int64_t vacuums = 0;
  std::int64_t commits_in_turn = 0;
  std::int64_t checkpoints_across_commits = 0;
  std::int64_t changes_of_client = 0;
  std::size_t switches = 0;  // more are not told
  TakenSwitch taken[kMaxSwitches];
  std::size_t rounds = 0;
  RoundFacts facts[PlanLimits::kMaxRounds];
  std::size_t digests = 0;
  std::uint64_t digest[kMaxDigests];
  // The image that is examined, or that was violated.
  bool has_image = false;
  std::size_t image_round = 0;
  CrashPlace image_place;
  SurvivalKind image_survival = SurvivalKind::kAll;
  std::uint64_t image_number = 0;
  bool image_is_after_death = false;
};
static_assert(std::is_trivially_copyable_v<RoundFacts>);

void SetImage(std::size_t round, const SimImage& image, SimReport& report) {
  report.image_round = round;
  report.image_place = image.place;
  report.image_survival = image.survival.kind;
  report.image_number = image.survival.number;
  report.image_is_after_death = image.is_after_death;
  report.has_image = true;
}

void Fill(const TrialResult& result, SimReport& report) {
  const Verdict& verdict = result.verdict;
  report.violation =
      verdict.violation ? static_cast<std::int32_t>(*verdict.violation) : -1;
  report.skipped =
      verdict.skipped ? static_cast<std::int32_t>(*verdict.skipped) : -1;
  std::snprintf(report.why, sizeof(report.why), "%s", verdict.why.c_str());
  report.steps = result.steps;
  report.commits = result.commits;
  report.spilled = result.spilled;
  report.savepoint_rolled_back_after_spill =
      result.savepoint_rolled_back_after_spill;
  report.statement_failed_after_spill = result.statement_failed_after_spill;
  report.images = result.images;
  report.errors = result.errors;
  report.went_on = result.went_on;
  report.refusals = result.refusals;
  report.refusals_not_judged = result.refusals_not_judged;
  report.mode_changes = result.mode_changes;
  report.checkpoints = result.checkpoints;
  report.vacuums = result.vacuums;
  report.commits_in_turn = result.commits_in_turn;
  report.checkpoints_across_commits = result.checkpoints_across_commits;
  report.changes_of_client = result.changes_of_client;
  report.switches = std::min(result.switches.size(), kMaxSwitches);
  std::copy_n(result.switches.begin(), report.switches, report.taken);
  report.rounds = result.rounds.size();
  std::copy(result.rounds.begin(), result.rounds.end(), report.facts);
  report.digests =
      std::min(result.image_digests.size(), SimReport::kMaxDigests);
  std::copy_n(result.image_digests.begin(), report.digests, report.digest);
}

TrialResult ResultFrom(const SimReport& report) {
  TrialResult result;
  if (report.violation >= 0) {
    result.verdict = Verdict::Violated(
        static_cast<ViolationClass>(report.violation), report.why);
  } else if (report.skipped >= 0) {
    result.verdict =
        Verdict::Skipped(static_cast<SkipReason>(report.skipped), report.why);
  }
  result.steps = report.steps;
  result.commits = report.commits;
  result.spilled = report.spilled;
  result.savepoint_rolled_back_after_spill =
      report.savepoint_rolled_back_after_spill;
  result.statement_failed_after_spill = report.statement_failed_after_spill;
  result.images = report.images;
  result.errors = report.errors;
  result.went_on = report.went_on;
  result.refusals = report.refusals;
  result.refusals_not_judged = report.refusals_not_judged;
  result.mode_changes = report.mode_changes;
  result.checkpoints = report.checkpoints;
  result.vacuums = report.vacuums;
  result.commits_in_turn = report.commits_in_turn;
  result.checkpoints_across_commits = report.checkpoints_across_commits;
  result.changes_of_client = report.changes_of_client;
  result.switches.assign(report.taken, report.taken + report.switches);
  result.rounds.assign(report.facts, report.facts + report.rounds);
  result.image_digests.assign(report.digest, report.digest + report.digests);
  return result;
}

void AddViolatedImage(const SimReport& report, TrialResult& result) {
  if (!report.has_image || !result.verdict.violation) return;
  result.violated_image =
      ViolatedImage{report.image_round,
                    report.image_place,
                    {report.image_survival, report.image_number},
                    report.image_is_after_death};
}

std::uint64_t Combine(std::uint64_t seed, std::uint64_t number) {
  return XXH3_64bits_withSeed(&number, sizeof(number), seed);
}

absl::Status WriteFiles(const Storage& storage, const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  for (const std::string& path : storage.Paths()) {
    const InodeId inode = storage.Find(path);
    std::string bytes(static_cast<std::size_t>(storage.Size(inode)), '\0');
    storage.Read(inode, 0, bytes.data(), storage.Size(inode));
    const std::string name = absl::StrCat(
        directory, "/", std::filesystem::path(path).filename().string());
    std::ofstream file(name, std::ios::binary | std::ios::trunc);
    file << bytes;
    file.close();
    if (!file) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot write ", absl::CHexEscape(name)));
    }
  }
  return absl::OkStatus();
}

// What an image took the next one takes again: giving it back to the kernel
// between them costs more than the rest of the allocator.
void KeepFreedMemory() {
  constexpr int kBytes = 1 << 30;
  mallopt(M_TRIM_THRESHOLD, kBytes);
  mallopt(M_MMAP_THRESHOLD, kBytes);
  mallopt(M_TOP_PAD, 1 << 20);
}

// The disk that the entry says.
void Spoil(const SaverEntry& entry, SimDisk& disk) {
  const UnkeptSyncs& syncs = entry.unkept_syncs;
  if (syncs.of.has_value()) disk.DropSyncsOf(*syncs.of);
  if (syncs.of_directory) disk.DropDirectorySyncs();
  if (entry.unkept_locks.of_index) disk.ShareIndexLocks();
  if (entry.unkept_locks.after_close) disk.LoseLocksOnClose();
}

// Where real files are written; empty: they are not.
struct Kept {
  std::string rounds;
  std::string images;
};

// The trial itself, in the child.
class SimRun {
 public:
  SimRun(const Plan& plan, const SaverEntry& entry, SharedPage& page,
         SimReport& report, const Kept& keep, SimGuest* guest)
      : plan_(plan),
        entry_(entry),
        page_(page),
        report_(report),
        keep_(keep),
        guest_(guest),
        seed_(SeedOf(plan)),
        storage_({plan.profile.sector_size, plan.profile.powersafe_overwrite}) {
  }

  absl::Status Run() {
    for (std::size_t r = 0; r < plan_.rounds.size(); ++r) {
      RETURN_IF_ERROR(RunOneRound(r));
      if (!result_.verdict.held()) break;
    }
    return absl::OkStatus();
  }

  const TrialResult& result() const { return result_; }

 private:
  absl::Status RunOneRound(std::size_t r) {
    const Round& round = plan_.rounds[r];
    RoundFacts& facts = result_.rounds.emplace_back();
    ClearRound(page_, round.steps.size());
    // Never destroyed: the dead have files open on it.
    auto* disk = new SimDisk(storage_);  // NOLINT
    Spoil(entry_, *disk);
    SimRound run(*disk, page_, plan_, r, Sampling(r));
    history_.BeginRound(model_.state().cut);
    round_ = r;
    examinations_ = 0;
    BeginSimLifetime(LifetimeSeed(seed_, r, 0));
    UseSimDisk(disk);
    facts.crashed = !run.Run({&entry_, &plan_.profile, &round, kSimDatabase,
                              model_.state().cut < 0});
    UseSimDisk(nullptr);
    facts.crash = PlaceOfCrash(page_);
    facts.has_death = run.dead_client().has_value();
    if (facts.has_death) {
      facts.death = PlaceOf(*run.dead_client(), page_);
    }
    result_.spilled |= page_.spilled;
    result_.savepoint_rolled_back_after_spill |=
        page_.savepoint_rolled_back_after_spill;
    result_.statement_failed_after_spill |= page_.statement_failed_after_spill;
    result_.switches.insert(result_.switches.end(), run.switches().begin(),
                            run.switches().end());
    result_.changes_of_client += run.changes_of_client();
    BeforeRound before = history_.before_round();
    if (run.dead_client().has_value()) {
      before.death = DeathOfOne{*run.dead_client(), run.died_at()};
    }
    Replayed replayed =
        ReplayRound(plan_, round, page_, before, model_, result_);
    result_.verdict = replayed.verdict;
    if (!result_.verdict.held()) return absl::OkStatus();
    result_.verdict = JudgeClaims(plan_, round, page_, result_);
    if (!result_.verdict.held()) return absl::OkStatus();
    if (IsCrashMissing(round, facts)) {
      result_.verdict = Verdict::Skipped(
          SkipReason::kNotReached,
          absl::StrCat("round ", r + 1, " ended before its crash point"));
      return absl::OkStatus();
    }
    result_.verdict = history_.FinishModel(round, page_, model_, replayed);
    if (!result_.verdict.held()) return absl::OkStatus();
    if (WindowOf(r).has_value()) return ShowToGuest(run, replayed);
    for (const SimImage& image : run.images()) {
      RETURN_IF_ERROR(JudgeImage(r, image, replayed));
      if (!result_.verdict.held()) return absl::OkStatus();
    }
    return JudgeEnd(r, disk->storage(), run, replayed);
  }

  // Of the guest; of the last round.
  std::optional<CrashPointWindow> WindowOf(std::size_t r) const {
    if (guest_ == nullptr || r + 1 < plan_.rounds.size()) return std::nullopt;
    return guest_->Window();
  }

  ImageSampling Sampling(std::size_t r) const {
    const std::optional<CrashPointWindow> window = WindowOf(r);
    if (window.has_value()) return {0, 0, window};
    const auto rounds = static_cast<int>(plan_.rounds.size());
    return {(plan_.images + rounds - 1) / rounds, Combine(~seed_, r)};
  }

  absl::Status JudgeImage(std::size_t r, const SimImage& image,
                          const Replayed& replayed) {
    SetImage(r, image, report_);
    const CrashImage crash = ImageOf(image, image.survival, replayed);
    ASSIGN_OR_RETURN(const Examination examination,
                     ExamineImage(crash, &known_.cases));
    CountImage(crash.facts, crash.legal, crash.survived, examination.cut,
               examination.is_damaged, result_.images);
    if (examination.verdict.violation) {
      result_.verdict = examination.verdict;
    } else {
      report_.has_image = false;
    }
    return absl::OkStatus();
  }

  CrashImage ImageOf(const SimImage& image, const Survival& survival,
                     const Replayed& replayed) const {
    const bool is_kill = survival.kind == SurvivalKind::kAll;
    const std::size_t step = image.place.step;
    CrashFacts facts = history_.FactsAt(image.now, image.synced, replayed);
    facts.database_written_since_commit = image.database_written_since_commit;
    Survived survived = Resolve(image.storage, survival);
    facts.is_in_order_per_file = survived.is_in_order_per_file;
    if (is_kill) facts = WithoutPowerLoss(facts, Fault::kKill);
    const InDoubt& in_doubt = replayed.during[step].has_value()
                                  ? *replayed.during[step]
                                  : replayed.at_end;
    Storage left =
        is_kill ? image.storage : image.storage.AfterCrash(survived.fates);
    return {facts, ContractFor(plan_.profile, facts),
            AlternativesAt(
                image.now, is_kill,
                is_kill ? in_doubt.after_kill : in_doubt.after_power_loss,
                replayed, image.synced.wal_began),
            std::move(survived), std::move(left)};
  }

  // Through the saver, too; with `once` for each case there.
  absl::StatusOr<Examination> ExamineImage(const CrashImage& crash,
                                           std::set<SaverCase>* once) {
    ExamineTask task;
    task.legal = crash.legal;
    task.alternatives = &crash.alternatives;
    task.through_saver = true;
    task.once = once;
    return ExamineStorage(crash.storage, task);
  }

  absl::Status ShowToGuest(SimRound& run, const Replayed& replayed) {
    class Judge : public ImageJudge {
     public:
      Judge(SimRun& trial, const Replayed& replayed)
          : trial_(trial), replayed_(replayed) {}
      CrashImage Crash(const SimImage& image,
                       const Survival& survival) const override {
        return trial_.ImageOf(image, survival, replayed_);
      }
      // Each as the only one of its round, as in a plan that stops there.
      absl::StatusOr<Examination> Examine(const CrashImage& image) override {
        trial_.examinations_ = 0;
        trial_.result_.image_digests.clear();
        return trial_.ExamineImage(image, /*once=*/nullptr);
      }

     private:
      SimRun& trial_;
      const Replayed& replayed_;
    };
    Judge judge(*this, replayed);
    return guest_->Judge(run.images(), run.crash_points(), judge);
  }

  // What the round left, which the next one begins with.
  absl::Status JudgeEnd(std::size_t r, const Storage& left, const SimRound& run,
                        const Replayed& replayed) {
    const Round& round = plan_.rounds[r];
    RoundFacts& facts = result_.rounds.back();
    CrashFacts crash = history_.FactsAt(page_.now, run.synced(), replayed);
    crash.database_written_since_commit = page_.database_written_since_commit;
    if (replayed.in_flight_acknowledged) ++result_.commits;
    Survived survived;
    storage_ = left;
    if (facts.crashed) {
      const Survival& survival = round.steps[*CrashStep(round)].crash->survival;
      facts.lost_power = survival.kind != SurvivalKind::kAll;
      survived = Resolve(left, survival);
      if (facts.lost_power && guest_ != nullptr) {
        guest_->SeePowerLoss(r, left, survived);
      }
    }
    if (facts.lost_power) {
      storage_ = left.AfterCrash(survived.fates);
      crash.is_in_order_per_file = survived.is_in_order_per_file;
      facts.unsynced_changes = survived.changes + survived.directory_changes;
      facts.lost_changes = survived.lost + survived.directory_lost;
    } else {
      crash = WithoutPowerLoss(crash, facts.crashed || facts.has_death
                                          ? Fault::kKill
                                          : Fault::kNone);
    }
    ExamineTask task;
    task.legal = ContractFor(plan_.profile, crash);
    task.alternatives = facts.lost_power ? &replayed.at_end.after_power_loss
                                         : &replayed.at_end.after_kill;
    task.closed =
        !facts.crashed && !facts.has_death && replayed.closes_cleanly();
    task.may_leave_journal = replayed.may_leave_journal;
    task.through_saver = r + 1 == plan_.rounds.size();
    if (!keep_.rounds.empty()) {
      RETURN_IF_ERROR(
          WriteFiles(storage_, absl::StrCat(keep_.rounds, "/round-", r + 1)));
    }
    ASSIGN_OR_RETURN(const Examination examination,
                     ExamineStorage(storage_, task));
    if (facts.lost_power) {
      CountImage(crash, task.legal, survived, examination.cut,
                 examination.is_damaged, result_.images);
    }
    facts.judged = true;
    facts.had_candidate = crash.candidates > 0;
    facts.acknowledged = crash.acknowledged;
    facts.cut = examination.cut;
    facts.wal_frames_recovered = examination.wal_frames_recovered;
    facts.hot_journal = examination.hot_journal;
    facts.candidate_landed =
        crash.candidates > 0 && examination.cut == replayed.highest_cut;
    result_.verdict = examination.verdict;
    if (result_.verdict.held()) Continue(run, replayed, task, examination);
    return absl::OkStatus();
  }

  void Continue(const SimRound& run, const Replayed& replayed,
                const ExamineTask& task, const Examination& examination) {
    if (examination.alternative >= 0) {
      const auto index = static_cast<std::size_t>(examination.alternative);
      model_ = ReferenceModel(*(*task.alternatives)[index]);
    }
    // After a crash of all everybody recovers, and reads those frames.
    const RoundFacts& facts = result_.rounds.back();
    if (facts.has_death && !facts.crashed &&
        examination.cut < model_.state().cut) {
      history_.MayComeBack(model_);
    }
    model_.RevertTo(examination.cut);
    history_.EndRound(facts.lost_power, examination.cut, page_.now,
                      run.synced(), replayed);
  }

  absl::StatusOr<Examination> ExamineStorage(Storage storage,
                                             ExamineTask& task) {
    if (!keep_.images.empty()) {
      RETURN_IF_ERROR(WriteFiles(
          storage,
          absl::StrCat(keep_.images, "/image-", result_.image_digests.size())));
    }
    const std::uint64_t digest = storage.Digest();
    result_.image_digests.push_back(digest);
    task.through_saver = task.through_saver && !known_.held.contains(digest);
    SimRemains remains(std::move(storage), digest, known_);
    task.entry = &entry_;
    task.profile = &plan_.profile;
    task.remains = &remains;
    task.model = &model_;
    BeginSimLifetime(LifetimeSeed(seed_, round_, ++examinations_));
    ASSIGN_OR_RETURN(const Examination examination, Examine(task));
    if (task.through_saver && examination.verdict.held()) {
      known_.held.insert(digest);
    }
    return examination;
  }

  const Plan& plan_;
  const SaverEntry& entry_;
  SharedPage& page_;
  SimReport& report_;
  const Kept& keep_;
  SimGuest* const guest_;  // or nullptr
  const std::uint64_t seed_;
  std::size_t round_ = 0;
  std::uint64_t examinations_ = 0;  // in the round
  Storage storage_;
  CrashHistory history_;
  KnownImages known_;
  ReferenceModel model_;
  TrialResult result_;
};

struct Shared {
  SharedPage page;
  SimReport report;
};

}  // namespace

class SimTrial::Impl {
 public:
  Impl(ChildRunner children, Shared* shared, absl::Duration hang_timeout)
      : children_(std::move(children)),
        shared_(shared),
        hang_timeout_(hang_timeout) {}
  ~Impl() { munmap(shared_, sizeof(Shared)); }

  absl::StatusOr<TrialResult> Run(const Plan& plan, const Kept& keep,
                                  SimGuest* guest) {
    const SaverEntry* entry = FindSaver(plan.saver);
    if (entry == nullptr) {
      return absl::NotFoundError(absl::StrCat(
          "there is no saver named \"", absl::CHexEscape(plan.saver), "\""));
    }
    SimReport& report = shared_->report;
    report.is_done = false;
    report.has_image = false;
    report.error[0] = '\0';
    ASSIGN_OR_RETURN(
        ChildReport child,
        children_.Run([&] { RunInChild(plan, *entry, keep, guest); },
                      hang_timeout_));
    if (child.end == ChildEnd::kKilled) {
      return absl::InternalError(
          "a child was killed, but not by its plan (out of memory?)");
    }
    if (report.error[0] != '\0') return absl::InternalError(report.error);
    CallEarlyLeaveACrash(report.is_done, child);
    TrialResult result;
    if (child.end == ChildEnd::kReturned) {
      result = ResultFrom(report);
    } else {
      result.verdict = CrashedVerdict(
          child, report.has_image ? "while recovering" : "in the simulation");
    }
    AddViolatedImage(report, result);
    return result;
  }

 private:
  void RunInChild(const Plan& plan, const SaverEntry& entry, const Kept& keep,
                  SimGuest* guest) {
    KeepFreedMemory();
    SimReport& report = shared_->report;
    SimRun run(plan, entry, shared_->page, report, keep, guest);
    const absl::Status status = run.Run();
    if (!status.ok()) {
      std::snprintf(report.error, sizeof(report.error), "%s",
                    status.ToString().c_str());
      return;
    }
    Fill(run.result(), report);
    report.is_done = true;
  }

  ChildRunner children_;
  Shared* shared_;
  const absl::Duration hang_timeout_;
};

absl::StatusOr<std::unique_ptr<SimTrial>> SimTrial::Create(
    absl::Duration hang_timeout) {
  ASSIGN_OR_RETURN(ChildRunner children, ChildRunner::Create());
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  return std::unique_ptr<SimTrial>(new SimTrial(std::make_unique<Impl>(
      std::move(children), new (memory) Shared(), hang_timeout)));
}

SimTrial::SimTrial(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SimTrial::~SimTrial() = default;

absl::StatusOr<TrialResult> SimTrial::Run(const Plan& plan) {
  return impl_->Run(plan, {}, nullptr);
}

absl::StatusOr<TrialResult> SimTrial::RunAndKeep(const Plan& plan,
                                                 const std::string& directory) {
  return impl_->Run(plan, {.rounds = directory, .images = ""}, nullptr);
}

absl::StatusOr<TrialResult> SimTrial::RunAndKeepImages(
    const Plan& plan, const std::string& directory) {
  return impl_->Run(plan, {.rounds = "", .images = directory}, nullptr);
}

absl::StatusOr<TrialResult> SimTrial::RunWith(const Plan& plan,
                                              SimGuest& guest) {
  return impl_->Run(plan, {}, &guest);
}

}  // namespace lastcommit
