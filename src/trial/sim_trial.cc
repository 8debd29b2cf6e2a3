#include "trial/sim_trial.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "disk/freed_memory.h"
#include "disk/shared_memory.h"
#include "disk/sim_vfs.h"
#include "disk/survival.h"
#include "oracle/crash_history.h"
#include "oracle/round_judge.h"
#include "status/status.h"
#include "subject/registry.h"
#include "trial/child.h"
#include "trial/child_verdict.h"
#include "trial/examine.h"
#include "trial/lifetime.h"
#include "trial/round_loop.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/sim_guest.h"
#include "trial/sim_remains.h"
#include "trial/sim_round.h"
#include "trial/trial_files.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

// What the parent learns. Plain data: the child may die at any moment.
struct SimReport {
  static constexpr std::size_t kMaxDigests = 32768;

  bool is_done = false;
  char error[1024] = {};
  ToldVerdict verdict = {};
  TrialCounts counts;
  std::size_t switches = 0;  // more are not told
  TakenSwitch taken[kMaxSwitches];
  std::size_t acknowledgements = 0;
  Acknowledgement acknowledged[kMaxAcknowledgements];
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
static_assert(std::is_trivially_copyable_v<TrialCounts>);

void SetImage(std::size_t round, const SimImage& image, SimReport& report) {
  report.image_round = round;
  report.image_place = image.place;
  report.image_survival = image.survival.kind;
  report.image_number = image.survival.number;
  report.image_is_after_death = image.is_after_death;
  report.has_image = true;
}

void Fill(const TrialResult& result, SimReport& report) {
  Tell(result.verdict, report.verdict);
  report.counts = result;
  report.switches = result.switches.size();
  std::copy_n(result.switches.begin(), report.switches, report.taken);
  report.acknowledgements = result.acknowledgements.size();
  std::copy(result.acknowledgements.begin(), result.acknowledgements.end(),
            report.acknowledged);
  report.rounds = result.rounds.size();
  std::copy(result.rounds.begin(), result.rounds.end(), report.facts);
  report.digests =
      std::min(result.image_digests.size(), SimReport::kMaxDigests);
  std::copy_n(result.image_digests.begin(), report.digests, report.digest);
}

TrialResult ResultFrom(const SimReport& report) {
  TrialResult result;
  static_cast<TrialCounts&>(result) = report.counts;
  result.verdict = VerdictOf(report.verdict);
  result.switches.assign(report.taken, report.taken + report.switches);
  result.acknowledgements.assign(
      report.acknowledged,
      report.acknowledged +
          std::min(report.acknowledgements, kMaxAcknowledgements));
  result.rounds.assign(report.facts, report.facts + report.rounds);
  result.image_digests.assign(report.digest, report.digest + report.digests);
  return result;
}

void AddViolatedImage(const SimReport& report, TrialResult& result) {
  // One that dies while it looks at an image has not said what the round was.
  if (!report.has_image || !result.verdict.violation ||
      report.image_round >= result.rounds.size()) {
    return;
  }
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
  // What was kept before the power was lost.
  RemoveDirectory(directory);
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

// The disk that the entry says.
void Spoil(const SaverEntry& entry, SimDisk& disk) {
  const UnkeptSyncs& syncs = entry.unkept_syncs;
  if (syncs.of.has_value()) disk.DropSyncsOf(*syncs.of);
  if (syncs.of_directory) disk.DropDirectorySyncs();
  if (entry.unkept_locks.of_index) disk.ShareIndexLocks();
  if (entry.unkept_locks.after_close) disk.LoseLocksOnClose();
}

// The directory that real files are written to; empty: none are written.
struct Kept {
  std::string rounds;
  std::string images;
};

// The simulated disk, in the child.
class SimWorld : public World {
 public:
  SimWorld(const Plan& plan, const SaverEntry& entry, SharedPage& page,
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

  absl::StatusOr<RoundEnd> RunClients(std::size_t r, bool creates) override {
    // Never destroyed: the dead have files open on it.
    auto* disk = new SimDisk(storage_);  // NOLINT
    Spoil(entry_, *disk);
    run_.emplace(*disk, page_, plan_, r, Sampling(r));
    examinations_ = 0;
    BeginSimLifetime(LifetimeSeed(seed_, r, 0));
    UseSimDisk(disk);
    RoundEnd end;
    end.crashed = !run_->Run(
        {&entry_, &plan_.profile, &plan_.rounds[r], kSimDatabase, creates});
    UseSimDisk(nullptr);
    storage_ = disk->storage();
    if (run_->dead_client().has_value()) {
      end.death = DeathOfOne{*run_->dead_client(), run_->died_at()};
    }
    end.synced = run_->synced();
    end.changes_of_client = run_->changes_of_client();
    end.switches = run_->switches();
    return end;
  }

  absl::Status KeepFiles(std::size_t r) override {
    if (keep_.rounds.empty()) return absl::OkStatus();
    return WriteFiles(storage_, absl::StrCat(keep_.rounds, "/round-", r + 1));
  }

  absl::StatusOr<bool> JudgeAlongTheWay(std::size_t r, const Replayed& replayed,
                                        RoundLoop& loop) override {
    if (WindowOf(r).has_value()) {
      RETURN_IF_ERROR(ShowToGuest(r, replayed, loop));
      return false;
    }
    for (const SimImage& image : run_->images()) {
      RETURN_IF_ERROR(JudgeImage(r, image, replayed, loop));
      if (!loop.result().verdict.held()) break;
    }
    return true;
  }

  absl::StatusOr<Survived> LosePower(std::size_t r,
                                     const Survival& survival) override {
    Survived survived = Resolve(storage_, survival);
    if (guest_ != nullptr) guest_->SeePowerLoss(r, storage_, survived);
    storage_ = storage_.AfterCrash(survived.fates);
    return survived;
  }

  absl::StatusOr<Examination> Examine(std::size_t r,
                                      ExamineTask task) override {
    return ExamineStorage(r, storage_, task);
  }

  // Of all that was examined, in order.
  const std::vector<std::uint64_t>& image_digests() const { return digests_; }

 private:
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
                          const Replayed& replayed, RoundLoop& loop) {
    SetImage(r, image, report_);
    const CrashImage crash = ImageOf(image, image.survival, replayed, loop);
    ASSIGN_OR_RETURN(const Examination examination,
                     ExamineImage(r, crash, &known_.cases, loop));
    CountImage(crash.facts, crash.legal, crash.survived, examination.cut,
               examination.is_damaged, loop.result().images);
    if (examination.is_mixed) ++loop.result().images.at_different_cuts;
    if (examination.verdict.violation) {
      loop.result().verdict = examination.verdict;
    } else {
      report_.has_image = false;
    }
    return absl::OkStatus();
  }

  CrashImage ImageOf(const SimImage& image, const Survival& survival,
                     const Replayed& replayed, const RoundLoop& loop) const {
    const bool is_kill = survival.kind == SurvivalKind::kAll;
    const std::size_t step = image.place.step;
    CrashFacts facts =
        loop.history().FactsAt(image.now, image.synced, replayed);
    facts.database_written_since_commit = image.database_written_since_commit;
    Survived survived = Resolve(image.storage, survival);
    facts.is_in_order_per_file = survived.is_in_order_per_file;
    if (is_kill) facts = WithoutPowerLoss(facts, Fault::kKill);
    const InDoubt& in_doubt = replayed.during[step].has_value()
                                  ? *replayed.during[step]
                                  : replayed.at_end;
    Storage left =
        is_kill ? image.storage : image.storage.AfterCrash(survived.fates);
    Alternatives alternatives = AlternativesAt(
        image.now, is_kill,
        is_kill ? in_doubt.after_kill : in_doubt.after_power_loss, replayed,
        image.synced.wal_began);
    loop.history().AddUnfound(plan_, facts, image.now, replayed, alternatives);
    return {facts,
            ContractFor(plan_.profile, facts),
            AttachedContractFor(plan_.profile, facts),
            std::move(alternatives),
            std::move(survived),
            std::move(left)};
  }

  // Through the saver, too; with `once` for each case there.
  absl::StatusOr<Examination> ExamineImage(std::size_t r,
                                           const CrashImage& crash,
                                           std::set<SaverCase>* once,
                                           const RoundLoop& loop) {
    ExamineTask task;
    loop.Complete(task);
    task.legal = crash.legal;
    task.attached_legal = crash.attached_legal;
    task.alternatives = &crash.alternatives;
    task.through_saver = true;
    task.once = once;
    return ExamineStorage(r, crash.storage, task);
  }

  absl::Status ShowToGuest(std::size_t r, const Replayed& replayed,
                           RoundLoop& loop) {
    class Judge : public ImageJudge {
     public:
      Judge(SimWorld& world, std::size_t r, const Replayed& replayed,
            RoundLoop& loop)
          : world_(world), r_(r), replayed_(replayed), loop_(loop) {}
      CrashImage Crash(const SimImage& image,
                       const Survival& survival) const override {
        return world_.ImageOf(image, survival, replayed_, loop_);
      }
      // Each as the only one of its round, as in a plan that stops there.
      absl::StatusOr<Examination> Examine(const CrashImage& image) override {
        world_.examinations_ = 0;
        world_.digests_.clear();
        return world_.ExamineImage(r_, image, /*once=*/nullptr, loop_);
      }

     private:
      SimWorld& world_;
      const std::size_t r_;
      const Replayed& replayed_;
      RoundLoop& loop_;
    };
    Judge judge(*this, r, replayed, loop);
    return guest_->Judge(run_->images(), run_->crash_points(), judge);
  }

  absl::StatusOr<Examination> ExamineStorage(std::size_t r, Storage storage,
                                             ExamineTask task) {
    if (!keep_.images.empty()) {
      RETURN_IF_ERROR(WriteFiles(
          storage, absl::StrCat(keep_.images, "/image-", digests_.size())));
    }
    const std::uint64_t digest = storage.Digest();
    digests_.push_back(digest);
    task.through_saver = task.through_saver && !known_.held.contains(digest);
    SimRemains remains(std::move(storage), digest, known_);
    task.remains = &remains;
    BeginSimLifetime(LifetimeSeed(seed_, r, ++examinations_));
    ASSIGN_OR_RETURN(const Examination examination, lastcommit::Examine(task));
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
  std::uint64_t examinations_ = 0;  // in the round
  std::optional<SimRound> run_;     // the round's
  Storage storage_;                 // as the last round left it
  KnownImages known_;
  std::vector<std::uint64_t> digests_;
};

struct Shared {
  SharedPage page;
  SimReport report;
};

}  // namespace

class SimTrial::Impl {
 public:
  Impl(ChildRunner children, SharedMemory<Shared> shared,
       absl::Duration hang_timeout)
      : children_(std::move(children)),
        shared_(std::move(shared)),
        hang_timeout_(hang_timeout) {}

  absl::StatusOr<TrialResult> Run(const Plan& plan, const Kept& keep,
                                  SimGuest* guest) {
    ASSIGN_OR_RETURN(const SaverEntry* const entry, SaverOf(plan));
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
    SimWorld world(plan, entry, shared_->page, report, keep, guest);
    RoundLoop loop(plan, entry, shared_->page, world);
    const absl::Status status = loop.Run();
    if (!status.ok()) {
      std::snprintf(report.error, sizeof(report.error), "%s",
                    status.ToString().c_str());
      return;
    }
    loop.result().image_digests = world.image_digests();
    Fill(loop.result(), report);
    report.is_done = true;
  }

  ChildRunner children_;
  SharedMemory<Shared> shared_;
  const absl::Duration hang_timeout_;
};

absl::StatusOr<std::unique_ptr<SimTrial>> SimTrial::Create(
    absl::Duration hang_timeout) {
  ASSIGN_OR_RETURN(ChildRunner children, ChildRunner::Create());
  ASSIGN_OR_RETURN(SharedMemory<Shared> shared, MakeSharedMemory<Shared>());
  return std::unique_ptr<SimTrial>(new SimTrial(std::make_unique<Impl>(
      std::move(children), std::move(shared), hang_timeout)));
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
