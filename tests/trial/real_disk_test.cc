// Losses of power and I/O errors beneath the real "unix" VFS.

#include "trial/real_disk.h"

#include <memory>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "trial/plans.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

using ::testing::IsEmpty;
using ::testing::Values;

constexpr Survival kNothingUnsynced = {SurvivalKind::kNone};

class RealDiskTest : public TrialTest {
 protected:
  void Drop(DroppedSyncs dropped) {
    TrialOptions options;
    options.directory = directory_.path();
    options.dropped_syncs = dropped;
    trial_ = *ForkTrial::Create(options);
  }
  void RecordAlways() {
    TrialOptions options;
    options.directory = directory_.path();
    options.records_always = true;
    trial_ = *ForkTrial::Create(options);
  }
};

// Several commits in the WAL, at their end a loss of power.
Plan WalPlan(Synchronous synchronous) {
  Plan plan = PlanOf({RoundWithACommit()});
  plan.profile.synchronous = synchronous;
  return KilledAt(plan, 0, plan.rounds[0].steps.size() - 1,
                  {0, Moment::kBefore, kNothingUnsynced});
}

TEST_F(RealDiskTest, SyncedCommitsSurviveALossOfPower) {
  const TrialResult result = Run(WalPlan(Synchronous::kFull));
  ASSERT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_TRUE(result.rounds[0].lost_power);
  EXPECT_EQ(result.rounds[0].cut, result.rounds[0].acknowledged);
  EXPECT_EQ(result.images.judged, 1);
}

TEST_F(RealDiskTest, UnsyncedOnesAreLegallyLost) {
  const TrialResult result = Run(WalPlan(Synchronous::kNormal));
  ASSERT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_LT(result.rounds[0].cut, result.rounds[0].acknowledged);
  EXPECT_EQ(result.images.with_lost_commits, 1);
}

TEST_F(RealDiskTest, UnsyncedChangesOutliveAKill) {
  Plan plan = PlanOf({RoundWithACommit(), RoundOf({PutBlob(7, 9)})});
  plan.profile.synchronous = Synchronous::kNormal;
  plan = KilledAt(plan, 0, plan.rounds[0].steps.size() - 1, {});
  plan = KilledAt(plan, 1, 0, {1, Moment::kBefore, kNothingUnsynced});
  const TrialResult result = Run(plan);
  ASSERT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_FALSE(result.rounds[0].lost_power);
  EXPECT_TRUE(result.rounds[1].lost_power);
  EXPECT_GT(result.rounds[1].lost_changes, 0);
  EXPECT_LT(result.rounds[1].cut, result.rounds[0].cut);
}

TEST_F(RealDiskTest, AWalThatIsNeverReallySyncedIsCaught) {
  Drop(DroppedSyncs::kOfWal);
  EXPECT_EQ(Run(WalPlan(Synchronous::kFull)).verdict.violation,
            ViolationClass::kLostCommit);
}

// At NORMAL nobody would miss the commits, if what SQLite asked for did not
// count.
TEST_F(RealDiskTest, ACheckpointOfAWalThatIsNotSyncedIsCaught) {
  Drop(DroppedSyncs::kOfWal);
  Round round = RoundWithACommit();
  round.steps.insert(round.steps.end() - 1, StepOf(StepKind::kWalCheckpoint));
  Plan plan = PlanOf({round});
  plan.profile.synchronous = Synchronous::kNormal;
  plan = KilledAt(plan, 0, plan.rounds[0].steps.size() - 2,
                  {2, Moment::kBefore, kNothingUnsynced});
  EXPECT_TRUE(Run(plan).verdict.violation.has_value());
}

TEST_F(RealDiskTest, ADirectoryThatIsNeverSyncedIsCaught) {
  Drop(DroppedSyncs::kOfDirectory);
  Plan plan = PlanOf(JournalMode::kDelete, {RoundWithACommit()});
  plan.profile.synchronous = Synchronous::kExtra;
  plan = KilledAt(plan, 0, plan.rounds[0].steps.size() - 1,
                  {0, Moment::kBefore, kNothingUnsynced});
  EXPECT_TRUE(Run(plan).verdict.violation.has_value());
}

TEST_F(RealDiskTest, NothingHappensPastSqlite) {
  RecordAlways();
  const Plan plan = PlanOf({RoundWithACommit(), RoundWithACommit()});
  EXPECT_THAT(
      Run(KilledAt(plan, 1, kCommitStep, {2, Moment::kDuring})).past_sqlite,
      IsEmpty());
}

TEST_F(RealDiskTest, WhatASaverDoesPastSqliteIsSeen) {
  RecordAlways();
  Plan plan = PlanOf({RoundWithACommit(), RoundWithACommit()});
  plan.saver = "planted-blob-in-file";
  EXPECT_FALSE(Run(plan).past_sqlite.empty());
}

struct Injected {
  const char* name;
  ErrorKind kind;
};

class RealErrorTest : public RealDiskTest,
                      public testing::WithParamInterface<Injected> {};

// Somewhere in the round each kind of error happens, and is survived.
TEST_P(RealErrorTest, IsInjectedAndSurvived) {
  Round round = RoundWithACommit();
  round.steps.insert(round.steps.end() - 1, StepOf(StepKind::kWalCheckpoint));
  std::int64_t errors = 0;
  for (std::int64_t at = 1; at <= 8; ++at) {
    Plan plan = PlanOf(JournalMode::kDelete, {round, RoundWithACommit()});
    plan.profile.cache_size = 1;
    plan.rounds[0].steps[1].error = IoError{GetParam().kind, at, 1};
    const TrialResult result = Run(plan);
    EXPECT_FALSE(result.verdict.violation.has_value()) << result.verdict.why;
    errors += result.errors;
  }
  EXPECT_GT(errors, 0);
}

INSTANTIATE_TEST_SUITE_P(All, RealErrorTest,
                         Values(Injected{"Read", ErrorKind::kRead},
                                Injected{"Write", ErrorKind::kWrite},
                                Injected{"Full", ErrorKind::kFull},
                                Injected{"Sync", ErrorKind::kSync},
                                Injected{"Open", ErrorKind::kOpen},
                                Injected{"Delete", ErrorKind::kDelete},
                                Injected{"Busy", ErrorKind::kBusy},
                                Injected{"NoMemory", ErrorKind::kNoMemory},
                                Injected{"Interrupt", ErrorKind::kInterrupt}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lastcommit
