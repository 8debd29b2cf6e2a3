// Trials per second of ForkTrial against a loop by hand that makes the same
// SQLite calls (hand_loop.h), in one process, on a tmpfs and on a disk. The two
// take turns, and what is printed is the median over the pairs, so that other
// work on the machine hits both.
//
// Exit code 1 when the two did not do the same work (the ratio would mean
// nothing), 2 for bad arguments, 3 when a loop failed. The time is never judged
// here.

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "disk/shim_vfs.h"
#include "hand_loop.h"
#include "measure.h"
#include "plan/codec.h"
#include "status/status.h"
#include "tape.h"
#include "tests/operations.h"
#include "trial/fork_trial.h"
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

Step StepOf(StepKind kind) {
  Step step;
  step.kind = kind;
  return step;
}

// 20 transactions of a checkpoint and a log entry; the last commit is killed
// at its I/O call `io`, which must be a write.
Plan TwentyTransactions(JournalMode mode, std::int64_t io) {
  constexpr int kTransactions = 20;
  Plan plan;
  plan.profile.journal_mode = mode;
  std::vector<Step>& steps = plan.rounds.emplace_back().steps;
  steps.push_back(StepOf(StepKind::kOpen));
  for (int i = 0; i < kTransactions; ++i) {
    steps.push_back(StepOf(StepKind::kBegin));
    const auto seed = static_cast<std::uint64_t>(i);
    steps.push_back(Op(threads::Kind::kPutCheckpoint,
                       {.id = i, .parent = i - 1, .content = {1000, seed}}));
    steps.push_back(Op(threads::Kind::kAppendLog, {.content = {200, seed}}));
    steps.push_back(StepOf(StepKind::kCommit));
  }
  steps.back().crash = CrashPoint{io, Moment::kBefore};
  steps.push_back(StepOf(StepKind::kClose));
  return plan;
}

struct Spent {
  double wall = 0;
  double cpu = 0;
};

template <typename RunOnce>
absl::StatusOr<Spent> Time(int times, RunOnce run_once) {
  const Spent begin = {WallSeconds(), CpuSeconds()};
  for (int i = 0; i < times; ++i) RETURN_IF_ERROR(run_once());
  return Spent{WallSeconds() - begin.wall, CpuSeconds() - begin.cpu};
}

// The two loops on one plan in one directory.
class Contest {
 public:
  static absl::StatusOr<Contest> Create(const Plan& plan,
                                        const std::string& directory) {
    Contest contest(plan);
    TrialOptions options;
    options.directory = directory;
    ASSIGN_OR_RETURN(contest.trial_, ForkTrial::Create(options));
    contest.directory_ = directory + "/hand-loop-XXXXXX";
    if (mkdtemp(contest.directory_.data()) == nullptr) {
      return absl::ErrnoToStatus(errno, "no directory in " + directory);
    }
    ASSIGN_OR_RETURN(contest.tape_, Tape::Create());
    return contest;
  }
  Contest(Contest&&) = default;
  ~Contest() {
    if (tape_ != nullptr) rmdir(directory_.c_str());
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
    ASSIGN_OR_RETURN(hand_, HandLoop::Create(*tape_, directory_));
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

  explicit Contest(const Plan& plan) : plan_(plan) {}

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
  std::string directory_;
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
    ASSIGN_OR_RETURN(const Spent trial,
                     Time(times, [&] { return contest.RunTrial(); }));
    ASSIGN_OR_RETURN(const Spent hand,
                     Time(times, [&] { return contest.RunHand(); }));
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
      {"20 transactions, WAL", TwentyTransactions(JournalMode::kWal, 4)},
      {"20 transactions, DELETE", TwentyTransactions(JournalMode::kDelete, 9)},
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
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const absl::StatusOr<bool> is_same_work = lastcommit::RunAll(settings);
  if (!is_same_work.ok()) {
    std::fprintf(stderr, "%s\n", is_same_work.status().ToString().c_str());
    return 3;
  }
  return *is_same_work ? 0 : 1;
}
