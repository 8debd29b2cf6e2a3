#include "trial/fork_trial.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "disk/shared_memory.h"
#include "disk/shim_vfs.h"
#include "status/status.h"
#include "subject/registry.h"
#include "trial/child.h"
#include "trial/child_verdict.h"
#include "trial/client_processes.h"
#include "trial/examine.h"
#include "trial/kill_timer.h"
#include "trial/large_pages.h"
#include "trial/lifetime.h"
#include "trial/memory_kills.h"
#include "trial/real_disk.h"
#include "trial/recorded_engine.h"
#include "trial/round_loop.h"
#include "trial/round_runner.h"
#include "trial/shared_page.h"
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
      std::string(NameOf(round.steps[step])), "), and the saver said: ",
      page.message[0] == '\0' ? "nothing more"
                              : absl::CHexEscape(page.message)));
}

void Store(const absl::StatusOr<Examination>& examination, SharedPage& page) {
  if (!examination.ok()) {
    std::snprintf(page.error, sizeof(page.error), "%s",
                  examination.status().ToString().c_str());
    return;
  }
  Tell(examination->verdict, page.verdict);
  page.was_read = examination->was_read;
  page.cut = examination->cut;
  page.lowest = examination->lowest;
  page.highest = examination->highest;
  page.is_damaged = examination->is_damaged;
  page.wal_frames_recovered = examination->wal_frames_recovered;
  page.hot_journal = examination->hot_journal;
  page.alternative = examination->alternative;
  page.is_mixed = examination->is_mixed;
  page.attached = examination->attached;
  page.examined = true;
}

Examination ExaminationFrom(const SharedPage& page) {
  Examination examination;
  examination.verdict = VerdictOf(page.verdict);
  examination.was_read = page.was_read;
  examination.cut = page.cut;
  examination.lowest = page.lowest;
  examination.highest = page.highest;
  examination.is_damaged = page.is_damaged;
  examination.wal_frames_recovered = page.wal_frames_recovered;
  examination.hot_journal = page.hot_journal;
  examination.alternative = page.alternative;
  examination.is_mixed = page.is_mixed;
  examination.attached = page.attached;
  return examination;
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
  const saver::JournalMode mode = plan.profile.journal_mode;
  if (RunsFreely(plan) && !IsKeptOnDisk(mode)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "journal_mode ", std::string(Name(mode)),
        " of clients that run freely: nothing can be demanded of it"));
  }
  return absl::OkStatus();
}

// A plan of which this engine would leave something out must not count as run.
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

// What the trials of a process have in common: made once.
struct ForkResources {
  TrialDirectory directory;
  ChildRunner children;
  SharedMemory<SharedPage> page;
  TrialOptions options;
  std::unique_ptr<RealDisk> disk = nullptr;            // once it is needed
  std::unique_ptr<ClientProcesses> clients = nullptr;  // the same
  // When last looked at.
  std::optional<std::int64_t> memory_kills = CountOutOfMemoryKills();
};

// Real processes and files, of one trial.
class ForkWorld : public World {
 public:
  ForkWorld(const Plan& plan, const SaverEntry& entry, const std::string& keep,
            ForkResources& own)
      : plan_(plan),
        entry_(entry),
        keep_(keep),
        own_(own),
        trial_(own.directory.trial()),
        database_(absl::StrCat(trial_, "/db")),
        seed_(SeedOf(plan)),
        // The calls of one process are recorded, and of no more.
        is_recorded_(Clients(plan) == 1 &&
                     (own.options.records_always || HasDiskFaults(plan))) {}

  ~ForkWorld() override { RemoveDirectory(trial_); }

  absl::Status Prepare() {
    RemoveDirectory(trial_);
    if (mkdir(trial_.c_str(), S_IRWXU) != 0 ||
        mkdir(database_.c_str(), S_IRWXU) != 0) {
      return absl::ErrnoToStatus(errno,
                                 absl::StrCat("cannot make ", database_));
    }
    return is_recorded_ ? FormatDisk() : absl::OkStatus();
  }

  absl::StatusOr<RoundEnd> RunClients(std::size_t r, bool creates) override {
    const Round& round = plan_.rounds[r];
    const RoundTask task = {&entry_, &plan_.profile, &round,
                            absl::StrCat(database_, "/", kDatabaseName),
                            creates};
    if (is_recorded_) own_.disk->BeginProcess();
    page().error[0] = '\0';
    ASSIGN_OR_RETURN(ClientsEnd end, Clients(round) > 1 ? RunSeveral(r, task)
                                                        : RunChild(r, task));
    if (page().error[0] != '\0') return absl::InternalError(page().error);
    RETURN_IF_ERROR(EndProcess());
    ChildReport& child = end.report;
    const bool has_ended = HasEnded(page(), round);
    // A timed kill that finds the program at its end is one too late.
    const bool is_due = WasKillDue(page());
    if (child.end == ChildEnd::kKilled && is_due && has_ended) {
      child.end = ChildEnd::kReturned;
    }
    RoundEnd ended;
    ended.timed = TimedKillStep(round).has_value();
    ended.crashed =
        child.end == ChildEnd::kKilled && (end.is_planned || is_due);
    ended.death = end.death;
    ended.synced = page().synced;
    ended.changes_of_client = end.changes_of_client;
    ended.switches = std::move(end.switches);
    if (child.end == ChildEnd::kKilled && !ended.crashed) {
      RETURN_IF_ERROR(CallAStrangeKillACrash(child));
    }
    RETURN_IF_ERROR(CheckResources(round));
    if (child.end == ChildEnd::kHung || child.end == ChildEnd::kCrashed) {
      ended.broke_down = CrashedVerdict(child, "while it ran the plan");
    }
    return ended;
  }

  absl::Status KeepFiles(std::size_t r) override {
    if (keep_.empty()) return absl::OkStatus();
    return CopyDirectory(database_, absl::StrCat(keep_, "/round-", r + 1),
                         CopyWhat::kAll);
  }

  absl::StatusOr<Survived> LosePower(std::size_t /*r*/,
                                     const Survival& survival) override {
    return own_.disk->LosePower(survival);
  }

  absl::StatusOr<Examination> Examine(std::size_t r,
                                      ExamineTask task) override {
    RealRemains remains(database_, absl::StrCat(trial_, "/copy"));
    task.remains = &remains;
    page().examined = false;
    page().error[0] = '\0';
    ASSIGN_OR_RETURN(ChildReport child,
                     own_.children.Run(
                         [&] {
                           BeginLifetime(LifetimeSeed(seed_, r, 1),
                                         plan_.profile, trial_);
                           Store(lastcommit::Examine(task), page());
                         },
                         own_.options.hang_timeout));
    if (child.end == ChildEnd::kKilled) {
      RETURN_IF_ERROR(CallAStrangeKillACrash(child));
    }
    CallEarlyLeaveACrash(page().examined || page().error[0] != '\0', child);
    if (child.end == ChildEnd::kHung || child.end == ChildEnd::kCrashed) {
      Examination examination;
      examination.verdict = CrashedVerdict(child, "while recovering");
      examination.broke_down = true;
      return examination;
    }
    if (IsFull(own_.directory.path())) return FullError(own_.directory.path());
    if (!page().examined) {
      return absl::InternalError(
          absl::StrCat("the examination failed: ", page().error));
    }
    return ExaminationFrom(page());
  }

  // A line for each change that did not go through SQLite's VFS.
  const std::vector<std::string>& past_sqlite() const { return past_sqlite_; }

 private:
  SharedPage& page() { return *own_.page; }

  absl::Status FormatDisk() {
    if (own_.disk == nullptr) {
      ASSIGN_OR_RETURN(own_.disk, RealDisk::Create());
    }
    return own_.disk->Format(database_, {plan_.profile.sector_size,
                                         plan_.profile.powersafe_overwrite});
  }

  absl::StatusOr<ClientsEnd> RunChild(std::size_t r, const RoundTask& task) {
    ClientsEnd end;
    ASSIGN_OR_RETURN(end.report, own_.children.Run(
                                     [&] {
                                       BeginLifetime(LifetimeSeed(seed_, r, 0),
                                                     plan_.profile, trial_);
                                       if (is_recorded_) {
                                         RunRecorded(task);
                                       } else {
                                         ForkEngine engine;
                                         RunProgram(task, engine, page());
                                       }
                                     },
                                     own_.options.hang_timeout));
    end.is_planned = page().crash_reached;
    CallEarlyLeaveACrash(page().finished || page().error[0] != '\0',
                         end.report);
    return end;
  }

  absl::StatusOr<ClientsEnd> RunSeveral(std::size_t r, const RoundTask& task) {
    if (own_.clients == nullptr) {
      ASSIGN_OR_RETURN(own_.clients, ClientProcesses::Create());
    }
    return own_.clients->Run(
        plan_, r, task, own_.children, own_.options.hang_timeout,
        [&](int client) {
          BeginLifetime(ClientSeed(seed_, r, client), plan_.profile, trial_);
        },
        page());
  }

  // What the dead process did to the disk.
  absl::Status EndProcess() {
    if (!is_recorded_) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::vector<std::string> differences,
                     own_.disk->EndProcess());
    past_sqlite_.insert(past_sqlite_.end(), differences.begin(),
                        differences.end());
    return absl::OkStatus();
  }

  void RunRecorded(const RoundTask& task) {
    RecordedEngine engine(*task.round, own_.options.dropped_syncs, *own_.disk,
                          page());
    if (const absl::Status status = engine.Install(); !status.ok()) {
      std::snprintf(page().error, sizeof(page().error), "%s",
                    status.ToString().c_str());
      return;
    }
    RunProgram(task, engine, page());
  }

  absl::Status CheckResources(const Round& round) {
    const std::string& directory = own_.directory.path();
    if (IsFull(directory)) return FullError(directory);
    // An error that was injected is none of the machine's.
    if (page().starved_step == 0 || ErrorStep(round).has_value()) {
      return absl::OkStatus();
    }
    return OutOfResourcesError(page(), round, page().starved_step - 1,
                               directory);
  }

  // A SIGKILL that no plan asked for. The saver may have sent it to itself; the
  // kernel, short of memory, sends the same one, and counts it before it does.
  absl::Status CallAStrangeKillACrash(ChildReport& child) {
    const std::optional<std::int64_t> before =
        std::exchange(own_.memory_kills, CountOutOfMemoryKills());
    if (!before.has_value() || own_.memory_kills != before) {
      return absl::InternalError(
          "a child was killed, but not by its plan (out of memory?)");
    }
    child.end = ChildEnd::kCrashed;
    child.how =
        "SIGKILL, which no plan asked for: by itself or from outside; the "
        "kernel counts no kill for lack of memory";
    return absl::OkStatus();
  }

  const Plan& plan_;
  const SaverEntry& entry_;
  const std::string& keep_;  // where; empty: nowhere
  ForkResources& own_;
  const std::string trial_;
  const std::string database_;
  const std::uint64_t seed_;
  const bool is_recorded_;
  std::vector<std::string> past_sqlite_;
};

}  // namespace

class ForkTrial::Impl {
 public:
  explicit Impl(ForkResources own) : own_(std::move(own)) {}

  absl::StatusOr<TrialResult> Run(const Plan& plan, const std::string& keep) {
    RETURN_IF_ERROR(CheckCanRun(plan));
    ASSIGN_OR_RETURN(const SaverEntry* const entry, SaverOf(plan));
    ForkWorld world(plan, *entry, keep, own_);
    RETURN_IF_ERROR(world.Prepare());
    RoundLoop loop(plan, *entry, *own_.page, world);
    RETURN_IF_ERROR(loop.Run());
    TrialResult result = std::move(loop.result());
    result.past_sqlite = world.past_sqlite();
    if (result.verdict.held()) result.verdict = CameInTime(result);
    return result;
  }

 private:
  ForkResources own_;
};

absl::StatusOr<std::unique_ptr<ForkTrial>> ForkTrial::Create(
    const TrialOptions& options) {
  UseLargePages();
  ASSIGN_OR_RETURN(TrialDirectory directory,
                   TrialDirectory::Make(options.directory));
  ASSIGN_OR_RETURN(ChildRunner children, ChildRunner::Create());
  ASSIGN_OR_RETURN(SharedMemory<SharedPage> page,
                   MakeSharedMemory<SharedPage>());
  return std::unique_ptr<ForkTrial>(new ForkTrial(std::make_unique<Impl>(
      ForkResources{std::move(directory), std::move(children), std::move(page),
                    options})));
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
