#include "trial/fork_trial.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "disk/shim_vfs.h"
#include "model/reference_model.h"
#include "status/status.h"
#include "subject/registry.h"
#include "trial/child.h"
#include "trial/child_verdict.h"
#include "trial/client_processes.h"
#include "trial/crash_history.h"
#include "trial/examine.h"
#include "trial/kill_timer.h"
#include "trial/lifetime.h"
#include "trial/memory_kills.h"
#include "trial/real_disk.h"
#include "trial/recorded_engine.h"
#include "trial/round_judge.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
#include "trial/step_claims.h"
#include "trial/trial_directory.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

absl::Status FullError(const std::string& directory) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the file system of ", directory, " is full"));
}

bool IsFull(const std::string& directory) {
  constexpr std::uint64_t kEnough = 256 << 10;
  struct statvfs info = {};
  if (statvfs(directory.c_str(), &info) != 0) return false;
  return info.f_bavail * info.f_frsize < kEnough;
}

// Nothing injects a full disk or a lack of memory or descriptors: they are the
// machine's. What was freed on the error may hide a full disk from IsFull;
// SQLite's own word for it does not (https://sqlite.org/rescode.html#full).
absl::Status OutOfResourcesError(const SharedPage& page, const Round& round,
                                 std::size_t step,
                                 const std::string& directory) {
  if (absl::StrContains(page.message, "SQLITE_FULL")) {
    return FullError(directory);
  }
  return absl::ResourceExhaustedError(absl::StrCat(
      "the machine ran out of something at step ", step, " (",
      std::string(Name(round.steps[step].kind)), "), and the saver said: ",
      page.message[0] == '\0' ? "nothing more"
                              : absl::CHexEscape(page.message)));
}

void Store(const absl::StatusOr<Examination>& examination, SharedPage& page) {
  if (!examination.ok()) {
    std::snprintf(page.why, sizeof(page.why), "%s",
                  examination.status().ToString().c_str());
    return;
  }
  const Verdict& verdict = examination->verdict;
  page.violation =
      verdict.violation ? static_cast<int>(*verdict.violation) : -1;
  page.skipped = verdict.skipped ? static_cast<int>(*verdict.skipped) : -1;
  page.cut = examination->cut;
  page.is_damaged = examination->is_damaged;
  page.wal_frames_recovered = examination->wal_frames_recovered;
  page.hot_journal = examination->hot_journal;
  page.alternative = examination->alternative;
  std::snprintf(page.why, sizeof(page.why), "%s", verdict.why.c_str());
  page.examined = true;
}

Verdict VerdictFrom(const SharedPage& page) {
  if (page.violation >= 0) {
    return Verdict::Violated(static_cast<ViolationClass>(page.violation),
                             page.why);
  }
  if (page.skipped >= 0) {
    return Verdict::Skipped(static_cast<SkipReason>(page.skipped), page.why);
  }
  return Verdict::Held();
}

bool HasEnded(const SharedPage& page, const Round& round) {
  return page.records[round.steps.size() - 1].progress.load(
             std::memory_order_acquire) == Progress::kReturned;
}

// Whether the timer of a timed kill has run out.
bool WasKillDue(const SharedPage& page) {
  return page.kill_due > 0 && MonotonicNanoseconds() >= page.kill_due;
}

// A round whose timed kill came too late is judged as one that was closed, and
// the next ones are run; but not all that the plan asked for has happened.
Verdict CameInTime(const TrialResult& result) {
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const RoundFacts& facts = result.rounds[r];
    if (!facts.timed || facts.crashed) continue;
    return Verdict::Skipped(
        SkipReason::kNotReached,
        absl::StrCat("round ", r + 1, " ended before its timed kill"));
  }
  return Verdict::Held();
}

// What real processes do to each other is not followed through these.
absl::Status CheckCanRunTogether(const Plan& plan) {
  if (HasDiskFaults(plan)) {
    return absl::InvalidArgumentError(
        "a loss of power, or an error, of several clients: only the engine "
        "'sim' has that");
  }
  if (HasTimedKill(plan)) {
    return absl::InvalidArgumentError(
        "a timed kill of several clients: the engine 'fork' has that for one "
        "only");
  }
  const JournalMode mode = plan.profile.journal_mode;
  if (RunsFreely(plan) && !IsKeptOnDisk(mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "journal_mode ", std::string(Name(mode)),
        " of clients that run freely: nothing can be demanded of it"));
  }
  return absl::OkStatus();
}

// What would be left out must not count as run.
absl::Status CheckCanRun(const Plan& plan) {
  if (plan.engine != Engine::kFork) {
    return absl::InvalidArgumentError(
        absl::StrCat("the plan is for the engine '",
                     std::string(Name(plan.engine)), "', not for 'fork'"));
  }
  // SQLITE_DEFAULT_SECTOR_SIZE in os_unix.c, whatever the disk's is.
  constexpr int kSectorSize = 4096;
  if (plan.profile.sector_size != kSectorSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the plan's profile.sector_size is ", plan.profile.sector_size,
        "; SQLite's \"unix\" VFS, which the engine 'fork' runs on, has ",
        kSectorSize, " and no way to change it"));
  }
  return Clients(plan) > 1 ? CheckCanRunTogether(plan) : absl::OkStatus();
}

void BeginLifetime(std::uint32_t seed, const Profile& profile,
                   const std::string& trial) {
  SeedSqliteRandomness(seed);
  PromisePowersafeOverwrite(profile.powersafe_overwrite);
  SetSqliteTemporaryDirectory(trial);
}

}  // namespace

class ForkTrial::Impl {
 public:
  Impl(TrialDirectory directory, ChildRunner children, SharedPage* page,
       const TrialOptions& options)
      : directory_(std::move(directory)),
        children_(std::move(children)),
        page_(page),
        hang_timeout_(options.hang_timeout),
        records_always_(options.records_always),
        dropped_syncs_(options.dropped_syncs) {}

  ~Impl() { munmap(page_, sizeof(SharedPage)); }

  absl::StatusOr<TrialResult> Run(const Plan& plan, const std::string& keep) {
    RETURN_IF_ERROR(CheckCanRun(plan));
    const SaverEntry* entry = FindSaver(plan.saver);
    if (entry == nullptr) {
      return absl::NotFoundError(absl::StrCat(
          "there is no saver named \"", absl::CHexEscape(plan.saver), "\""));
    }
    const std::string trial = directory_.trial();
    RemoveDirectory(trial);
    const absl::Cleanup remove = [&] { RemoveDirectory(trial); };
    const std::string database = absl::StrCat(trial, "/db");
    if (mkdir(trial.c_str(), S_IRWXU) != 0 ||
        mkdir(database.c_str(), S_IRWXU) != 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot make ", database));
    }
    seed_ = SeedOf(plan);
    history_ = CrashHistory();
    // The calls of one process are recorded, and of no more.
    is_recorded_ =
        Clients(plan) == 1 && (records_always_ || HasDiskFaults(plan));
    if (is_recorded_) RETURN_IF_ERROR(FormatDisk(plan.profile, database));
    ReferenceModel model;
    TrialResult result;
    for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
      RETURN_IF_ERROR(RunOneRound(plan, *entry, r, trial, model, result, keep));
      if (!result.verdict.held()) break;
    }
    if (result.verdict.held()) result.verdict = CameInTime(result);
    return result;
  }

 private:
  absl::Status FormatDisk(const Profile& profile,
                          const std::string& directory) {
    if (disk_ == nullptr) {
      ASSIGN_OR_RETURN(disk_, RealDisk::Create());
    }
    return disk_->Format(directory,
                         {profile.sector_size, profile.powersafe_overwrite});
  }

  absl::Status RunOneRound(const Plan& plan, const SaverEntry& entry,
                           std::size_t r, const std::string& trial,
                           ReferenceModel& model, TrialResult& result,
                           const std::string& keep) {
    const Round& round = plan.rounds[r];
    const std::string database = absl::StrCat(trial, "/db");
    RoundFacts& facts = result.rounds.emplace_back();
    ClearRound(*page_, round.steps.size());
    history_.BeginRound(model.state().cut);
    if (is_recorded_) disk_->BeginProcess();
    page_->why[0] = '\0';
    ASSIGN_OR_RETURN(ClientsEnd end,
                     Clients(round) > 1
                         ? RunClients(plan, entry, r, trial, model)
                         : RunChild(plan, entry, r, trial, model));
    ChildReport& child = end.report;
    result.changes_of_client += end.changes_of_client;
    result.switches.insert(result.switches.end(), end.switches.begin(),
                           end.switches.end());
    // As of a simulated trial.
    if (result.switches.size() > kMaxSwitches) {
      result.switches.resize(kMaxSwitches);
    }
    if (page_->why[0] != '\0') return absl::InternalError(page_->why);
    RETURN_IF_ERROR(EndProcess(result));
    const bool has_ended = HasEnded(*page_, round);
    facts.timed = TimedKillStep(round).has_value();
    // A timed kill that finds the program at its end is one too late.
    const bool is_due = WasKillDue(*page_);
    if (child.end == ChildEnd::kKilled && is_due && has_ended) {
      child.end = ChildEnd::kReturned;
    }
    facts.crashed =
        child.end == ChildEnd::kKilled && (end.is_planned || is_due);
    facts.crash = PlaceOfCrash(*page_);
    facts.has_death = end.death.has_value();
    if (facts.has_death) facts.death = PlaceOf(end.death->client, *page_);
    result.spilled |= page_->spilled;
    result.savepoint_rolled_back_after_spill |=
        page_->savepoint_rolled_back_after_spill;
    result.statement_failed_after_spill |= page_->statement_failed_after_spill;
    if (!keep.empty()) {
      RETURN_IF_ERROR(CopyDirectory(
          database, absl::StrCat(keep, "/round-", r + 1), CopyWhat::kAll));
    }
    if (child.end == ChildEnd::kKilled && !facts.crashed) {
      RETURN_IF_ERROR(CallAStrangeKillACrash(child));
    }
    if (IsFull(directory_.path())) return FullError(directory_.path());
    // An error that was injected is none of the machine's.
    if (page_->starved_step > 0 && !ErrorStep(round).has_value()) {
      return OutOfResourcesError(*page_, round, page_->starved_step - 1,
                                 directory_.path());
    }
    BeforeRound before = history_.before_round();
    before.death = end.death;
    Replayed replayed = ReplayRound(plan, round, *page_, before, model, result);
    if (child.end == ChildEnd::kHung || child.end == ChildEnd::kCrashed) {
      result.verdict = CrashedVerdict(child, "while it ran the plan");
      return absl::OkStatus();
    }
    result.verdict = replayed.verdict;
    if (!result.verdict.held()) return absl::OkStatus();
    result.verdict = JudgeClaims(plan, round, *page_, result);
    if (!result.verdict.held()) return absl::OkStatus();
    if (IsCrashMissing(round, facts)) {
      result.verdict = Verdict::Skipped(
          SkipReason::kNotReached,
          absl::StrCat("round ", r + 1, " ended before its crash point"));
      return absl::OkStatus();
    }
    result.verdict = history_.FinishModel(round, *page_, model, replayed);
    if (!result.verdict.held()) return absl::OkStatus();
    return ExamineRound(plan, entry, r, trial, replayed, model, result, keep);
  }

  static RoundTask TaskOf(const Plan& plan, const SaverEntry& entry,
                          std::size_t r, const std::string& trial,
                          const ReferenceModel& model) {
    return {&entry, &plan.profile, &plan.rounds[r],
            absl::StrCat(trial, "/db/", kDatabaseName), model.state().cut < 0};
  }

  absl::StatusOr<ClientsEnd> RunChild(const Plan& plan, const SaverEntry& entry,
                                      std::size_t r, const std::string& trial,
                                      const ReferenceModel& model) {
    const RoundTask task = TaskOf(plan, entry, r, trial, model);
    ClientsEnd end;
    ASSIGN_OR_RETURN(end.report, children_.Run(
                                     [&] {
                                       BeginLifetime(LifetimeSeed(seed_, r, 0),
                                                     plan.profile, trial);
                                       if (is_recorded_) {
                                         RunRecorded(task);
                                       } else {
                                         ForkEngine engine;
                                         RunProgram(task, engine, *page_);
                                       }
                                     },
                                     hang_timeout_));
    end.is_planned = page_->crash_reached;
    CallEarlyLeaveACrash(page_->finished || page_->why[0] != '\0', end.report);
    return end;
  }

  absl::StatusOr<ClientsEnd> RunClients(const Plan& plan,
                                        const SaverEntry& entry, std::size_t r,
                                        const std::string& trial,
                                        const ReferenceModel& model) {
    if (clients_ == nullptr) {
      ASSIGN_OR_RETURN(clients_, ClientProcesses::Create());
    }
    return clients_->Run(
        plan, r, TaskOf(plan, entry, r, trial, model), children_, hang_timeout_,
        [&](int client) {
          BeginLifetime(ClientSeed(seed_, r, client), plan.profile, trial);
        },
        *page_);
  }

  // What the dead process did to the disk.
  absl::Status EndProcess(TrialResult& result) {
    if (!is_recorded_) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> differences,
                     disk_->EndProcess());
    result.past_sqlite.insert(result.past_sqlite.end(), differences.begin(),
                              differences.end());
    return absl::OkStatus();
  }

  void RunRecorded(const RoundTask& task) {
    RecordedEngine engine(*task.round, dropped_syncs_, *disk_, *page_);
    if (const absl::Status status = engine.Install(); !status.ok()) {
      std::snprintf(page_->why, sizeof(page_->why), "%s",
                    status.ToString().c_str());
      return;
    }
    RunProgram(task, engine, *page_);
  }

  // A SIGKILL that no plan asked for. The saver may have sent it to itself; the
  // kernel, short of memory, sends the same one, and counts it before it does.
  absl::Status CallAStrangeKillACrash(ChildReport& child) {
    const std::optional<std::int64_t> before =
        std::exchange(memory_kills_, CountOutOfMemoryKills());
    if (!before.has_value() || memory_kills_ != before) {
      return absl::InternalError(
          "a child was killed, but not by its plan (out of memory?)");
    }
    child.end = ChildEnd::kCrashed;
    child.how =
        "SIGKILL, which no plan asked for: by itself or from outside; the "
        "kernel counts no kill for lack of memory";
    return absl::OkStatus();
  }

  // What the crash, if there was one, did to the disk and to what must be
  // there.
  absl::StatusOr<Survived> Crash(const Round& round, RoundFacts& facts,
                                 CrashFacts& crash) {
    const auto step = CrashStep(round);
    if (facts.crashed && step.has_value()) {
      const Survival& survival = round.steps[*step].crash->survival;
      facts.lost_power = survival.kind != SurvivalKind::kAll;
      if (facts.lost_power) {
        ASSIGN_OR_RETURN(Survived survived, disk_->LosePower(survival));
        crash.is_in_order_per_file = survived.is_in_order_per_file;
        facts.unsynced_changes = survived.changes + survived.directory_changes;
        facts.lost_changes = survived.lost + survived.directory_lost;
        return survived;
      }
    }
    crash = WithoutPowerLoss(
        crash, facts.crashed || facts.has_death ? Fault::kKill : Fault::kNone);
    return Survived();
  }

  absl::Status ExamineRound(const Plan& plan, const SaverEntry& entry,
                            std::size_t r, const std::string& trial,
                            const Replayed& replayed, ReferenceModel& model,
                            TrialResult& result, const std::string& keep) {
    const Round& round = plan.rounds[r];
    RoundFacts& facts = result.rounds.back();
    const Mark now = page_->now;
    CrashFacts crash = history_.FactsAt(now, page_->synced, replayed);
    crash.database_written_since_commit = page_->database_written_since_commit;
    if (replayed.in_flight_acknowledged) ++result.commits;
    ASSIGN_OR_RETURN(const Survived survived, Crash(round, facts, crash));
    if (facts.lost_power && !keep.empty()) {
      RETURN_IF_ERROR(CopyDirectory(absl::StrCat(trial, "/db"),
                                    absl::StrCat(keep, "/round-", r + 1),
                                    CopyWhat::kAll));
    }
    facts.had_candidate = crash.candidates > 0;
    facts.acknowledged = crash.acknowledged;
    ExamineTask task;
    task.entry = &entry;
    task.profile = &plan.profile;
    RealRemains remains(absl::StrCat(trial, "/db"),
                        absl::StrCat(trial, "/copy"));
    task.remains = &remains;
    task.legal = ContractFor(plan.profile, crash);
    task.closed =
        !facts.crashed && !facts.has_death && replayed.closes_cleanly();
    task.may_leave_journal = replayed.may_leave_journal;
    task.through_saver = r + 1 == plan.rounds.size();
    task.model = &model;
    const Alternatives& alternatives = facts.lost_power
                                           ? replayed.at_end.after_power_loss
                                           : replayed.at_end.after_kill;
    task.alternatives = &alternatives;
    page_->examined = false;
    page_->why[0] = '\0';
    ASSIGN_OR_RETURN(ChildReport child, children_.Run(
                                            [&] {
                                              BeginLifetime(
                                                  LifetimeSeed(seed_, r, 1),
                                                  plan.profile, trial);
                                              Store(Examine(task), *page_);
                                            },
                                            hang_timeout_));
    if (child.end == ChildEnd::kKilled) {
      RETURN_IF_ERROR(CallAStrangeKillACrash(child));
    }
    CallEarlyLeaveACrash(page_->examined || page_->why[0] != '\0', child);
    if (child.end == ChildEnd::kHung || child.end == ChildEnd::kCrashed) {
      result.verdict = CrashedVerdict(child, "while recovering");
      return absl::OkStatus();
    }
    if (IsFull(directory_.path())) return FullError(directory_.path());
    if (!page_->examined) {
      return absl::InternalError(
          absl::StrCat("the examination failed: ", page_->why));
    }
    facts.judged = true;
    facts.cut = page_->cut;
    facts.wal_frames_recovered = page_->wal_frames_recovered;
    facts.hot_journal = page_->hot_journal;
    facts.candidate_landed =
        crash.candidates > 0 && page_->cut == replayed.highest_cut;
    if (facts.lost_power) {
      CountImage(crash, task.legal, survived, page_->cut, page_->is_damaged,
                 result.images);
    }
    result.verdict = VerdictFrom(*page_);
    if (!result.verdict.held()) return absl::OkStatus();
    if (page_->alternative >= 0) {
      const auto index = static_cast<std::size_t>(page_->alternative);
      model = ReferenceModel(*alternatives[index]);
    }
    model.RevertTo(facts.cut);
    history_.EndRound(facts.lost_power, facts.cut, now, page_->synced,
                      replayed);
    return absl::OkStatus();
  }

  const TrialDirectory directory_;
  ChildRunner children_;
  SharedPage* page_;
  const absl::Duration hang_timeout_;
  const bool records_always_;
  const DroppedSyncs dropped_syncs_;
  std::unique_ptr<RealDisk> disk_;            // once it is needed
  std::unique_ptr<ClientProcesses> clients_;  // the same
  // Of the trial that runs:
  std::uint64_t seed_ = 0;
  bool is_recorded_ = false;
  CrashHistory history_;
  // When last looked at.
  std::optional<std::int64_t> memory_kills_ = CountOutOfMemoryKills();
};

absl::StatusOr<std::unique_ptr<ForkTrial>> ForkTrial::Create(
    const TrialOptions& options) {
  ASSIGN_OR_RETURN(TrialDirectory directory,
                   TrialDirectory::Make(options.directory));
  ASSIGN_OR_RETURN(ChildRunner children, ChildRunner::Create());
  void* memory = mmap(nullptr, sizeof(SharedPage), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return absl::ErrnoToStatus(errno, "mmap");
  return std::unique_ptr<ForkTrial>(new ForkTrial(
      std::make_unique<Impl>(std::move(directory), std::move(children),
                             new (memory) SharedPage(), options)));
}

ForkTrial::ForkTrial(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ForkTrial::~ForkTrial() = default;

absl::StatusOr<TrialResult> ForkTrial::Run(const Plan& plan) {
  return impl_->Run(plan, "");
}

absl::StatusOr<TrialResult> ForkTrial::RunAndKeep(
    const Plan& plan, const std::string& directory) {
  return impl_->Run(plan, directory);
}

}  // namespace lastcommit
