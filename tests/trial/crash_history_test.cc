#include "trial/crash_history.h"

#include <cstdint>
#include <memory>

#include "gtest/gtest.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

// Commit n is attempted at 10 n, has written to the WAL until call n, and is
// acknowledged at 10 n + 5.
class CrashHistoryTest : public testing::Test {
 protected:
  CrashHistoryTest() {
    history_.BeginRound(0);
    for (int n = 1; n <= 3; ++n) {
      replayed_.commits.push_back({n, 10 * n, 10 * n + 5, true, n});
    }
  }

  std::int64_t SyncedAt(Mark now, CallMark calls_before_sync) const {
    return history_.FactsAt(now, {calls_before_sync, -1}, replayed_).wal_synced;
  }

  CrashHistory history_;
  Replayed replayed_;
};

TEST_F(CrashHistoryTest, WithoutASyncOfTheWalNothingIsSynced) {
  EXPECT_EQ(SyncedAt(100, -1), -1);
}

TEST_F(CrashHistoryTest, ACommitIsSyncedIfAllItsWritesCameBefore) {
  EXPECT_EQ(SyncedAt(100, 2), 2);
}

// As by the checkpoint that is made inside of the commit.
TEST_F(CrashHistoryTest, ASyncBeforeTheAcknowledgementCoversTheCommit) {
  EXPECT_EQ(SyncedAt(35, 3), 3);
  EXPECT_EQ(SyncedAt(34, 3), 2);  // but nobody has been told
}

TEST_F(CrashHistoryTest, ASyncOfTheDirectoryKeepsWhatWasAcknowledgedBefore) {
  const auto kept = [&](Mark sync_began) {
    SyncMarks synced;
    synced.directory = sync_began;
    return history_.FactsAt(100, synced, replayed_).directory_synced;
  };
  EXPECT_EQ(kept(-1), -1);
  EXPECT_EQ(kept(24), 1);
  EXPECT_EQ(kept(25), 2);
}

TEST_F(CrashHistoryTest, WhoDiesAcknowledgingSaidTheNumberOfTheCommit) {
  const Round round = {{StepOf(StepKind::kOpen), PutBlob(0, 10)}};
  const auto page = std::make_unique<SharedPage>();
  const auto finish = [&](std::int64_t said) {
    ReferenceModel model;
    model.Apply(round.steps[0]);
    replayed_.in_flight = 1;
    replayed_.in_flight_acknowledged = true;
    page->records[1].acknowledged = said;
    return history_.FinishModel(round, *page, model, replayed_);
  };
  EXPECT_TRUE(finish(1).held());
  EXPECT_EQ(finish(2).violation, ViolationClass::kWrongAnswer);
}

TEST_F(CrashHistoryTest, APromiseHoldsFromItsReturnForWhatCameBeforeItsCall) {
  replayed_.promises.push_back({/*called_at=*/26, /*returned_at=*/40});
  EXPECT_EQ(SyncedAt(39, -1), -1);
  EXPECT_EQ(SyncedAt(40, -1), 2);
}

TEST_F(CrashHistoryTest, APromiseOutlivesAKill) {
  replayed_.promises.push_back({26, 40});
  history_.EndRound(/*lost_power=*/false, 3, 50, {}, replayed_);
  history_.BeginRound(3);
  replayed_ = Replayed();
  EXPECT_EQ(SyncedAt(1, -1), 2);
}

}  // namespace
}  // namespace lastcommit
