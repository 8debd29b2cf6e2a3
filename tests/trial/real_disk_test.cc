// Losses of power and I/O errors beneath the real "unix" VFS.

#include "trial/real_disk.h"

#include <filesystem>
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
Plan WalPlan(saver::Synchronous synchronous) {
  Plan plan = PlanOf({RoundWithACommit()});
  plan.profile.synchronous = synchronous;
  return KilledAt(plan, 0, plan.rounds[0].steps.size() - 1,
                  {0, Moment::kBefore, kNothingUnsynced});
}

TEST_F(RealDiskTest, SyncedCommitsSurviveALossOfPower) {
  const TrialResult result = Run(WalPlan(saver::Synchronous::kFull));
  ASSERT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_TRUE(result.rounds[0].lost_power);
  EXPECT_EQ(result.rounds[0].cut, result.rounds[0].acknowledged);
  EXPECT_EQ(result.images.judged, 1);
}

// Without the promise frames are padded to whole sectors, so that the WAL is
// longer.
TEST_F(RealDiskTest, ADiskWithoutPowersafeOverwriteIsPaddedFor) {
  RecordAlways();
  Plan plan = WalPlan(saver::Synchronous::kFull);
  plan.profile.page_size = 512;
  const auto wal_bytes = [&] {
    const Directory kept;
    EXPECT_THAT(trial_->RunAndKeep(plan, kept.path()), IsOk());
    return std::filesystem::file_size(kept.Path("round-1/state.db-wal"));
  };
  const auto with_the_promise = wal_bytes();
  plan.profile.powersafe_overwrite = false;
  EXPECT_GT(wal_bytes(), with_the_promise);
  EXPECT_TRUE(Run(plan).verdict.held());
}

TEST_F(RealDiskTest, AtNormalAWalNeedsIt) {
  Plan plan = WalPlan(saver::Synchronous::kNormal);
  plan.profile.powersafe_overwrite = false;
  EXPECT_EQ(Run(plan).verdict.skipped, SkipReason::kNoDemand);
}

TEST_F(RealDiskTest, UnsyncedOnesAreLegallyLost) {
  const TrialResult result = Run(WalPlan(saver::Synchronous::kNormal));
  ASSERT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_LT(result.rounds[0].cut, result.rounds[0].acknowledged);
  EXPECT_EQ(result.images.with_lost_commits, 1);
}

TEST_F(RealDiskTest, UnsyncedChangesOutliveAKill) {
  Plan plan = PlanOf({RoundWithACommit(), RoundOf({PutBlob(7, 9)})});
  plan.profile.synchronous = saver::Synchronous::kNormal;
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
  EXPECT_EQ(Run(WalPlan(saver::Synchronous::kFull)).verdict.violation,
            ViolationClass::kLostCommit);
}

// At NORMAL nobody would miss the commits, if what SQLite asked for did not
// count.
TEST_F(RealDiskTest, ACheckpointOfAWalThatIsNotSyncedIsCaught) {
  Drop(DroppedSyncs::kOfWal);
  Round round = RoundWithACommit();
  round.steps.insert(round.steps.end() - 1, StepOf(StepKind::kWalCheckpoint));
  Plan plan = PlanOf({round});
  plan.profile.synchronous = saver::Synchronous::kNormal;
  // Between the sync and the writes that rely on it; which call that is depends
  // on what else the saver does for a checkpoint.
  bool is_caught = false;
  for (std::int64_t io = 1; io <= 8; ++io) {
    const Plan killed = KilledAt(plan, 0, plan.rounds[0].steps.size() - 2,
                                 {io, Moment::kBefore, kNothingUnsynced});
    is_caught = is_caught || Run(killed).verdict.violation.has_value();
  }
  EXPECT_TRUE(is_caught);
}

TEST_F(RealDiskTest, ADirectoryThatIsNeverSyncedIsCaught) {
  Drop(DroppedSyncs::kOfDirectory);
  Plan plan = PlanOf(saver::JournalMode::kDelete, {RoundWithACommit()});
  plan.profile.synchronous = saver::Synchronous::kExtra;
  plan = KilledAt(plan, 0, plan.rounds[0].steps.size() - 1,
                  {0, Moment::kBefore, kNothingUnsynced});
  EXPECT_TRUE(Run(plan).verdict.violation.has_value());
}

// Before it the schema may be gone.
TEST_F(RealDiskTest, ASyncOfTheDirectoryPromisesTheSchema) {
  Drop(DroppedSyncs::kOfDirectory);
  Plan plan = PlanOf(saver::JournalMode::kDelete, {RoundWithACommit()});
  plan.profile.synchronous = saver::Synchronous::kFull;
  bool is_caught = false;
  for (std::int64_t io = 1; io <= 60; ++io) {
    const TrialResult result =
        Run(KilledAt(plan, 0, 1, {io, Moment::kBefore, kNothingUnsynced}));
    if (result.rounds[0].crash.step > 1) break;
    is_caught = is_caught || result.verdict.violation.has_value();
  }
  EXPECT_TRUE(is_caught);
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

// A read that fails is SQLITE_CORRUPT in a statement, and spoils its
// transaction.
class FailedReadTest : public RealDiskTest,
                       public testing::WithParamInterface<saver::JournalMode> {
 protected:
  // The transaction of the second round, in which the `at`-th read fails.
  Plan PlanOf(std::int64_t at) {
    Plan plan = lastcommit::PlanOf(
        GetParam(),
        {RoundOf({PutBlob(0, 20000), PutBlob(1, 3000)}),
         RoundOf({StepOf(StepKind::kBegin), PutBlob(2, 8000), PutBlob(0, 9000),
                  StepOf(StepKind::kRead), PutBlob(1, 100),
                  StepOf(StepKind::kCommit), PutBlob(3, 100)})});
    plan.profile.page_size = 512;
    plan.profile.cache_size = 1;
    plan.rounds[1].steps[2].error = IoError{ErrorKind::kRead, at, 1};
    return plan;
  }
};

TEST_P(FailedReadTest, IsNoDamage) {
  for (std::int64_t at = 1; at <= 30; ++at) {
    const TrialResult result = Run(PlanOf(at));
    EXPECT_TRUE(result.verdict.held()) << at << ": " << result.verdict.why;
    EXPECT_EQ(result.errors, 1);
  }
}

// A saver that writes without a journal, and is killed at that.
TEST_P(FailedReadTest, HidesNoDamage) {
  int damaged = 0;
  for (std::int64_t io = 1; io <= 30; ++io) {
    Plan plan = lastcommit::PlanOf(
        GetParam(), {RoundOf({PutBlob(0, 20000)}),
                     RoundOf({StepOf(StepKind::kRead), PutBlob(1, 8000)})});
    plan.saver = "planted-journal-off";
    plan.profile.page_size = 512;
    plan.profile.cache_size = 1;
    plan.rounds[1].steps[1].error = IoError{ErrorKind::kRead, 1, 1};
    const TrialResult result = Run(KilledAt(plan, 1, 2, {io, Moment::kAfter}));
    EXPECT_EQ(result.errors, 1);
    if (result.verdict.violation == ViolationClass::kDamaged) ++damaged;
  }
  EXPECT_GT(damaged, 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, FailedReadTest,
    Values(saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
           saver::JournalMode::kPersist, saver::JournalMode::kWal),
    [](const auto& test) { return std::string(Name(test.param)); });

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
    Plan plan =
        PlanOf(saver::JournalMode::kDelete, {round, RoundWithACommit()});
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
                                Injected{"NoProcessMemory",
                                         ErrorKind::kNoProcessMemory},
                                Injected{"Interrupt", ErrorKind::kInterrupt}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lastcommit
