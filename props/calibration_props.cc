// The two engines against each other and against the kernel: what the recorded
// system calls say is in the real files, and the simulated disk leaves the same
// bytes at the same crash point. A crash image depends on the order of all
// writes and syncs before it; that it is the same, whatever survives of them,
// says that the order is.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "disk/real_files.h"
#include "generate/arbitrary_plan.h"
#include "plan/codec.h"
#include "props/environment.h"
#include "trial/fork_trial.h"
#include "trial/sim_trial.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

class KeptRounds {
 public:
  KeptRounds() { EXPECT_NE(mkdtemp(path_.data()), nullptr); }
  ~KeptRounds() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

  void Clear() const {
    fs::remove_all(path_);
    fs::create_directory(path_);
  }
  // Rounds that were not judged are not kept by both engines.
  void Forget(std::size_t round) const {
    fs::remove_all(absl::StrCat(path_, "/round-", round + 1));
  }
  // -shm apart, which has no file in the simulation.
  std::map<std::string, std::string> Files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(path_)) {
      const std::string name = fs::relative(entry.path(), path_).string();
      if (!entry.is_regular_file() || name.ends_with("-shm")) continue;
      files[name] = *ReadRealFile(entry.path().string());
    }
    return files;
  }

 private:
  std::string path_ =
      (access("/dev/shm", W_OK) == 0 ? std::string("/dev/shm")
                                     : fs::temp_directory_path().string()) +
      "/lastcommit-kept-XXXXXX";
};

// Each crash keeps its place and loses power, in all kinds of ways; but not
// where another program removes files.
void LosePower(std::uint64_t index, Plan& plan) {
  if (RemovesFiles(plan)) return;
  for (Round& round : plan.rounds) {
    for (Step& step : round.steps) {
      if (!step.crash.has_value()) continue;
      step.crash->survival.kind =
          static_cast<SurvivalKind>(index++ % (kSurvivalKinds - 1));
      if (HasNumber(step.crash->survival.kind)) {
        step.crash->survival.number = index * 7;
      }
    }
  }
}

Plan PlanFor(std::uint64_t index) {
  GenerateOptions options;
  options.fault = FaultChoice::kKill;
  return PlanAt({PropertySeed(), index}, options);
}

std::unique_ptr<ForkTrial> Recording(DroppedSyncs dropped) {
  TrialOptions options;
  options.records_always = true;
  options.dropped_syncs = dropped;
  auto trial = ForkTrial::Create(options);
  EXPECT_TRUE(trial.ok()) << trial.status();
  return *std::move(trial);
}

// Between the two halves of a sync, of a file and then of its directory, only a
// simulated process can be stopped: a real one dies before the first.
bool HasCrashInsideASync(const Plan& plan, const TrialResult& result) {
  for (std::size_t r = 0; r < result.rounds.size(); ++r) {
    const auto step = CrashStep(plan.rounds[r]);
    if (step.has_value() &&
        plan.rounds[r].steps[*step].crash->moment == Moment::kDuring &&
        result.rounds[r].crash.call.kind == IoKind::kSync) {
      return true;
    }
  }
  return false;
}

// Where files are real the saver itself makes an empty one, before SQLite opens
// it (src/saver/new_file.h): a crash in between leaves a file that no call of
// SQLite's explains, and that the simulation does not have. The first open is
// one that looks, the second makes the file.
bool HasCrashBeforeSqlite(const TrialResult& result) {
  return std::any_of(
      result.rounds.begin(), result.rounds.end(), [](const RoundFacts& facts) {
        const IoPoint& at = facts.crash.point;
        const bool is_before_second =
            at.io < 2 || (at.io == 2 && at.moment == Moment::kBefore);
        return facts.crashed && facts.crash.step == 0 && is_before_second;
      });
}

std::string Differences(const std::map<std::string, std::string>& real,
                        const std::map<std::string, std::string>& simulated) {
  std::string text;
  for (const auto& [name, bytes] : real) {
    const auto other = simulated.find(name);
    if (other == simulated.end()) {
      absl::StrAppend(&text, name, ": not in the simulation\n");
    } else if (other->second != bytes) {
      const auto at = std::mismatch(bytes.begin(), bytes.end(),
                                    other->second.begin(), other->second.end())
                          .first -
                      bytes.begin();
      absl::StrAppend(&text, name, ": ", bytes.size(), " bytes, simulated ",
                      other->second.size(), ", the first difference at ", at,
                      "\n");
    }
  }
  for (const auto& [name, bytes] : simulated) {
    if (real.count(name) == 0) {
      absl::StrAppend(&text, name, ": only in the simulation\n");
    }
  }
  return text;
}

// A line for each round: what was lost, and where the crash was.
std::string Print(const TrialResult& result) {
  std::string text = Name(result.verdict);
  for (const RoundFacts& facts : result.rounds) {
    absl::StrAppend(&text, "\n", facts.crash.step, " ", facts.crash.point.io,
                    " pending ", facts.unsynced_changes, " lost ",
                    facts.lost_changes, " acknowledged ", facts.acknowledged,
                    " cut ", facts.cut);
  }
  return text;
}

}  // namespace

TEST(Calibration, RealFilesAreWhatTheSystemCallsSay) {
  const auto trial = Recording(DroppedSyncs::kNone);
  const std::uint64_t plans = PropertyTrials(200);
  std::int64_t crashes = 0;
  for (std::uint64_t index = 0; index < plans; ++index) {
    const Plan plan = PlanFor(index);
    const auto result = trial->Run(plan);
    ASSERT_TRUE(result.ok()) << result.status();
    if (HasCrashBeforeSqlite(*result)) continue;
    ASSERT_EQ(absl::StrJoin(result->past_sqlite, "\n"), "") << PrintPlan(plan);
    crashes +=
        std::count_if(result->rounds.begin(), result->rounds.end(),
                      [](const RoundFacts& facts) { return facts.crashed; });
  }
  EXPECT_GE(crashes, static_cast<std::int64_t>(plans / 2));
  std::printf("%lld crashes\n", static_cast<long long>(crashes));
}

TEST(Calibration, TheSimulatedDiskLeavesTheFilesOfTheRealOne) {
  const auto fork = Recording(DroppedSyncs::kNone);
  const auto sim = SimTrial::Create(absl::Minutes(1));
  ASSERT_TRUE(sim.ok()) << sim.status();
  const KeptRounds real;
  const KeptRounds simulated;
  std::int64_t lost = 0;
  std::uint64_t compared = 0;
  const std::uint64_t plans = PropertyTrials(150);
  for (std::uint64_t index = 0; index < plans; ++index) {
    Plan plan = PlanFor(index);
    if (index % 3 != 0) LosePower(index, plan);
    plan.profile.powersafe_overwrite = index % 5 != 0;
    real.Clear();
    simulated.Clear();
    const auto on_real = fork->RunAndKeep(plan, real.path());
    ASSERT_TRUE(on_real.ok()) << on_real.status();
    if (HasCrashInsideASync(plan, *on_real) || HasCrashBeforeSqlite(*on_real)) {
      continue;
    }
    ++compared;
    plan.engine = Engine::kSim;
    const auto on_sim = (*sim)->RunAndKeep(plan, simulated.path());
    ASSERT_TRUE(on_sim.ok()) << on_sim.status();
    ASSERT_EQ(Print(*on_real), Print(*on_sim)) << PrintPlan(plan);
    for (std::size_t r = 0; r < on_real->rounds.size(); ++r) {
      if (on_real->rounds[r].judged) continue;
      real.Forget(r);
      simulated.Forget(r);
    }
    ASSERT_EQ(Differences(real.Files(), simulated.Files()), "")
        << PrintPlan(plan);
    for (const RoundFacts& facts : on_real->rounds) lost += facts.lost_changes;
  }
  EXPECT_GT(lost, 0);
  EXPECT_GE(compared, plans / 2);
  std::printf("%llu plans compared, %lld changes lost\n",
              static_cast<unsigned long long>(compared),
              static_cast<long long>(lost));
}

class SwallowedSyncTest : public testing::TestWithParam<DroppedSyncs> {};

// The same plans find nothing where every sync arrives.
TEST_P(SwallowedSyncTest, IsCaught) {
  const auto trial = Recording(GetParam());
  const auto honest = Recording(DroppedSyncs::kNone);
  const std::uint64_t plans = PropertyTrials(2000);
  for (std::uint64_t index = 0; index < plans; ++index) {
    Plan plan = PlanFor(index);
    LosePower(index, plan);
    const auto result = trial->Run(plan);
    ASSERT_TRUE(result.ok()) << result.status();
    if (!result->verdict.violation) continue;
    const auto without = honest->Run(plan);
    ASSERT_TRUE(without.ok()) << without.status();
    EXPECT_FALSE(without->verdict.violation) << without->verdict.why;
    std::printf("caught after %llu plans: %s\n",
                static_cast<unsigned long long>(index + 1),
                Name(result->verdict).c_str());
    return;
  }
  ADD_FAILURE() << "not caught in " << plans << " plans";
}

std::string TestName(const testing::TestParamInfo<DroppedSyncs>& info) {
  constexpr const char* kNames[] = {"None", "Database", "Journal", "Wal",
                                    "Directory"};
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(All, SwallowedSyncTest,
                         testing::Values(DroppedSyncs::kOfDatabase,
                                         DroppedSyncs::kOfJournal,
                                         DroppedSyncs::kOfWal,
                                         DroppedSyncs::kOfDirectory),
                         TestName);

}  // namespace lastcommit
