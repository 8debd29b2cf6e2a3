// Trials per second of ForkTrial against a loop by hand that makes the same
// SQLite calls (HandLoop), in one process, on a tmpfs and on a disk. The two
// take turns, and what is printed is the median over the pairs, so that other
// work on the machine hits both.
//
// Exit code 1 when the two did not do the same work (the ratio would mean
// nothing), 2 for bad arguments, 3 when a loop failed. The time is never judged
// here.

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "disk/shim_vfs.h"
#include "harness.h"
#include "plan/codec.h"
#include "replay.h"
#include "status/status.h"
#include "tape.h"
#include "transactions.h"
#include "trial/fork_trial.h"
#include "trial/trial_files.h"
#include "work_count.h"

namespace lastcommit {
namespace {

struct Case {
  std::string name;
  Plan plan;
};

struct Settings {
  std::string tmpfs = "/dev/shm";
  std::string disk = ".";
  std::string plan = TYPICAL_PLAN;
  int pairs = 40;            // turns of each loop
  int trials_per_turn = 20;  // long enough for the clock
};

// The last commit is killed at its I/O call `io`, which must be a write.
Plan TwentyTransactions(saver::JournalMode mode, std::int64_t io) {
  Plan plan;
  plan.profile.journal_mode = mode;
  plan.rounds = {Transactions(20, 0, {io, Moment::kBefore})};
  plan.rounds.front().steps.push_back(StepOf(StepKind::kClose));
  return plan;
}

constexpr std::string_view kDatabase = "/db/state.db";
constexpr std::string_view kCopy = "/copy/state.db";

using WriteCall = ssize_t (*)(int, const void*, std::size_t, off64_t);
WriteCall g_write = nullptr;
std::int64_t g_writes_left = 0;

ssize_t WriteOrDie(int file, const void* bytes, std::size_t size,
                   off64_t offset) {
  if (--g_writes_left == 0) kill(getpid(), SIGKILL);
  return g_write(file, bytes, size, offset);
}

void DieAtWrite(std::int64_t n) {
  sqlite3_vfs* vfs = sqlite3_vfs_find("unix");
  g_writes_left = n;
  g_write = reinterpret_cast<WriteCall>(vfs->xGetSystemCall(vfs, "pwrite64"));
  vfs->xSetSystemCall(vfs, "pwrite64",
                      reinterpret_cast<sqlite3_syscall_ptr>(WriteOrDie));
}

// Runs `function` in a child; its wait status.
template <typename Function>
absl::StatusOr<int> InChild(Function function) {
  const pid_t child = fork();
  if (child < 0) return absl::ErrnoToStatus(errno, "fork");
  if (child == 0) {
    const absl::Status status = function();
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
    _exit(status.ok() ? 0 : 2);
  }
  int wait_status = 0;
  if (waitpid(child, &wait_status, 0) != child) {
    return absl::ErrnoToStatus(errno, "waitpid");
  }
  return wait_status;
}

// HandLoop: the loop that somebody would write by hand to crash-test one
// program: a fork, a SIGKILL in the middle of a write, a second fork that
// recovers and checks. What it asks of SQLite is what ForkTrial asked for the
// same plan, replayed (replay.h), and without generator, model and judgement:
// what ForkTrial costs beyond it is the price of the tester.
//
// Not for finding anything: it only notices that it reads what ForkTrial read,
// all rows after the recovery among it.
class HandLoop {
 public:
  // `tape` is of two processes of one trial, and must outlive it. `directory`
  // must exist; files are made in it.
  static absl::StatusOr<HandLoop> Create(const Tape& tape,
                                         const std::string& directory) {
    const std::span<const Call> calls = tape.calls;
    const auto recovery =
        std::find_if(calls.begin(), calls.end(), [&](const Call& call) {
          return call.process != calls.front().process;
        });
    if (recovery == calls.end()) {
      return absl::InvalidArgumentError("not a plan with a crash");
    }
    std::string_view trial = FileOf(calls.front().text);
    if (!trial.ends_with(kDatabase)) {
      return absl::InternalError("not a trial's database: " +
                                 std::string(trial));
    }
    trial.remove_suffix(kDatabase.size());
    HandLoop loop;
    const auto killed = static_cast<std::size_t>(recovery - calls.begin());
    loop.killed_ = calls.first(killed);
    loop.recovery_ = calls.subspan(killed);
    loop.trial_ = trial;
    loop.directory_ = directory + "/hand";
    return loop;
  }

  // The process dies instead of its n-th write (1, 2, ...).
  void KillAtWrite(std::int64_t n) { kill_at_write_ = n; }

  // One kill and one recovery. Internal if either went otherwise.
  absl::Status RunOnce() {
    mkdir(directory_.c_str(), S_IRWXU);
    mkdir((directory_ + "/db").c_str(), S_IRWXU);
    ASSIGN_OR_RETURN(const int killed, InChild([&] {
                       DieAtWrite(kill_at_write_);
                       return Replay(trial_, directory_).Run(killed_);
                     }));
    ASSIGN_OR_RETURN(const int recovered, InChild([&] { return Recover(); }));
    RemoveDirectory(directory_);
    if (!WIFSIGNALED(killed) || WTERMSIG(killed) != SIGKILL) {
      return absl::InternalError(
          "the hand loop was not killed: does this SQLite call pwrite64?");
    }
    if (!WIFEXITED(recovered) || WEXITSTATUS(recovered) != 0) {
      return absl::InternalError("the hand loop did not recover");
    }
    return absl::OkStatus();
  }

 private:
  HandLoop() = default;

  // The examination reads a copy, and the saver then the database itself.
  absl::Status Recover() const {
    Replay replay(trial_, directory_);
    for (const Call& call : recovery_) {
      if (call.made != 0 && call.text.ends_with(kCopy)) {
        RETURN_IF_ERROR(CopyDirectory(directory_ + "/db", directory_ + "/copy",
                                      CopyWhat::kAll));
      }
      RETURN_IF_ERROR(replay.Run({&call, 1}));
    }
    return absl::OkStatus();
  }

  std::span<const Call> killed_;
  std::span<const Call> recovery_;
  std::string trial_;  // where the tape was recorded
  std::string directory_;
  std::int64_t kill_at_write_ = 0;
};

// The two loops on one plan in one directory.
class Contest {
 public:
  static absl::StatusOr<Contest> Create(const Plan& plan,
                                        const std::string& directory) {
    ASSIGN_OR_RETURN(TemporaryDirectory own,
                     TemporaryDirectory::Make(directory));
    Contest contest(plan, std::move(own));
    TrialOptions options;
    options.directory = contest.directory_.path();
    ASSIGN_OR_RETURN(contest.trial_, ForkTrial::Create(options));
    ASSIGN_OR_RETURN(contest.tape_, Tape::Create());
    return contest;
  }

  absl::Status RunTrial() {
    ASSIGN_OR_RETURN(const TrialResult result, trial_->Run(plan_));
    if (!result.verdict.held()) {
      return absl::InternalError(Name(result.verdict) + ": " +
                                 result.verdict.why);
    }
    const CrashPlace& crash = result.rounds.front().crash;
    if (crash.call.kind == IoKind::kWrite &&
        crash.point.moment == Moment::kBefore) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        "the plan must die before a write, as the hand loop does");
  }

  absl::Status RunHand() { return hand_->RunOnce(); }

  // Records a trial, lets the hand loop die at the same write, and compares.
  absl::StatusOr<bool> CheckSameWork() {
    RecordOn(tape_.get());
    const absl::StatusOr<WorkCounts> counts = Count(&Contest::RunTrial);
    RecordOn(nullptr);
    ASSIGN_OR_RETURN(const WorkCounts trial, counts);
    ASSIGN_OR_RETURN(hand_, HandLoop::Create(*tape_, directory_.path()));
    hand_->KillAtWrite(trial.front().writes + 1);
    ASSIGN_OR_RETURN(const WorkCounts hand, Count(&Contest::RunHand));
    return Print("killed", trial[0], hand[0]) &
           Print("recovery", trial[1], hand[1]);
  }

 private:
  struct Column {
    const char* name;
    std::int64_t WorkCount::*value;
  };

  Contest(const Plan& plan, TemporaryDirectory directory)
      : plan_(plan), directory_(std::move(directory)) {}

  absl::StatusOr<WorkCounts> Count(absl::Status (Contest::*run)()) {
    return CountWork([&] {
      const absl::Status status = (this->*run)();
      if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
      return status.ok();
    });
  }

  static bool Print(const char* process, const WorkCount& trial,
                    const WorkCount& hand) {
    constexpr Column kColumns[] = {{"connections", &WorkCount::connections},
                                   {"statements", &WorkCount::statements},
                                   {"opens", &WorkCount::opens},
                                   {"reads", &WorkCount::reads},
                                   {"writes", &WorkCount::writes},
                                   {"truncates", &WorkCount::truncates},
                                   {"syncs", &WorkCount::syncs},
                                   {"locks", &WorkCount::locks},
                                   {"unlinks", &WorkCount::unlinks}};
    bool is_same = true;
    std::printf("  %-8s", process);
    for (const Column& column : kColumns) {
      const auto a = trial.*column.value;
      const auto b = hand.*column.value;
      std::printf(" %s %lld/%lld", column.name, static_cast<long long>(a),
                  static_cast<long long>(b));
      // 2 in 100, and the odd one of a short column.
      if (std::abs(a - b) > 2 + std::max(a, b) / 50) is_same = false;
    }
    std::printf("%s\n", is_same ? "" : "  NOT THE SAME WORK");
    return is_same;
  }

  Plan plan_;
  TemporaryDirectory directory_;
  std::unique_ptr<ForkTrial> trial_;
  std::unique_ptr<Tape, Tape::Unmap> tape_;
  std::optional<HandLoop> hand_;
};

// False if the loops differ in what they do.
absl::StatusOr<bool> RunCase(const Case& one, const std::string& directory,
                             const Settings& settings) {
  ASSIGN_OR_RETURN(Contest contest, Contest::Create(one.plan, directory));
  std::printf("%s in %s\n", one.name.c_str(), directory.c_str());
  ASSIGN_OR_RETURN(const bool is_same_work, contest.CheckSameWork());
  std::vector<double> trial_rates, hand_rates, ratios;
  std::vector<double> trial_cpu, hand_cpu, cpu_ratios;
  const int times = settings.trials_per_turn;
  for (int i = 0; i < settings.pairs; ++i) {
    Spent trial;
    Spent hand;
    for (int j = 0; j < times; ++j) {
      RETURN_IF_ERROR(trial.Time([&] { return contest.RunTrial(); }));
    }
    for (int j = 0; j < times; ++j) {
      RETURN_IF_ERROR(hand.Time([&] { return contest.RunHand(); }));
    }
    trial_rates.push_back(times / trial.wall);
    hand_rates.push_back(times / hand.wall);
    ratios.push_back(hand.wall / trial.wall);
    trial_cpu.push_back(1000 * trial.cpu / times);
    hand_cpu.push_back(1000 * hand.cpu / times);
    cpu_ratios.push_back(hand.cpu / trial.cpu);
  }
  std::printf(
      "  trials per second: ForkTrial %.0f, hand loop %.0f, ratio %.2f\n"
      "  CPU ms per trial: ForkTrial %.2f, hand loop %.2f, ratio %.2f\n",
      Median(trial_rates), Median(hand_rates), Median(ratios),
      Median(trial_cpu), Median(hand_cpu), Median(cpu_ratios));
  std::fflush(stdout);
  return is_same_work;
}

absl::StatusOr<bool> RunAll(const Settings& settings) {
  RETURN_IF_ERROR(RegisterShimVfs());
  ASSIGN_OR_RETURN(Plan typical, ReadPlanFile(settings.plan));
  const Case cases[] = {
      {"20 transactions, WAL", TwentyTransactions(saver::JournalMode::kWal, 4)},
      {"20 transactions, DELETE",
       TwentyTransactions(saver::JournalMode::kDelete, 9)},
      {"a generated plan", std::move(typical)}};
  bool is_same_work = true;
  for (const std::string& directory : {settings.tmpfs, settings.disk}) {
    if (directory == "none") continue;
    for (const Case& one : cases) {
      ASSIGN_OR_RETURN(const bool is_same, RunCase(one, directory, settings));
      is_same_work &= is_same;
    }
  }
  return is_same_work;
}

}  // namespace
}  // namespace lastcommit

int main(int argc, char** argv) {
  lastcommit::Settings settings;
  CLI::App app("Trials per second of ForkTrial against a loop by hand");
  app.add_option("--tmpfs", settings.tmpfs, "A directory in memory, or none")
      ->capture_default_str();
  app.add_option("--dir", settings.disk, "A directory on a disk, or none")
      ->capture_default_str();
  app.add_option("--plan", settings.plan, "The generated plan to run")
      ->capture_default_str();
  app.add_option("--pairs", settings.pairs, "Turns of each loop")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--trials", settings.trials_per_turn, "Trials in a turn")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  return lastcommit::RunBenchmark(app, argc, argv,
                                  [&] { return lastcommit::RunAll(settings); });
}
