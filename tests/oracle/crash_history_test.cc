#include "oracle/crash_history.h"

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

// The third commit wrote nothing to the attached database.
TEST_F(CrashHistoryTest, AnAttachedDatabaseHasSyncsOfItsOwn) {
  history_ = CrashHistory(1);
  history_.BeginRound(0);
  for (CommitTimes& commit : replayed_.commits) {
    commit.attached_wal_written = {std::min<CallMark>(commit.cut, 2) * 10};
  }
  const auto synced_at = [&](CallMark main, CallMark attached) {
    SyncMarks synced;
    NoteWalSync(0, main, 1, synced);
    NoteWalSync(1, attached, 1, synced);
    const CrashFacts facts = history_.FactsAt(100, synced, replayed_);
    EXPECT_EQ(facts.attached, 1);
    return std::pair(facts.wal_synced, facts.attached_wal_synced[0]);
  };
  EXPECT_EQ(synced_at(-1, -1), std::pair(-1L, -1L));
  EXPECT_EQ(synced_at(3, 10), std::pair(3L, 1L));
  EXPECT_EQ(synced_at(1, 20), std::pair(1L, 3L));
  EXPECT_EQ(synced_at(1, 19), std::pair(1L, 1L));
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
  const auto page = std::make_unique<RoundTrace>();
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

// ---- Another program has removed a file ----

class KeptAfterRemovalTest : public CrashHistoryTest {
 protected:
  // Commit 2 is acknowledged at 25, commit 3 at 35.
  void Remove(DatabaseFile file, Mark at) {
    replayed_.removals.of[static_cast<std::size_t>(file)] = true;
    replayed_.removals.at = at;
  }
  void Checkpoint(Mark at) { replayed_.promises.push_back({at, at + 1}); }
  std::optional<std::int64_t> Kept() const {
    return history_.FactsAt(100, {}, replayed_).kept;
  }
};

TEST_F(KeptAfterRemovalTest, OfNoneAllIsKept) {
  EXPECT_EQ(Kept(), std::nullopt);
}

TEST_F(KeptAfterRemovalTest, TheWalIndexTakesNothingAway) {
  Remove(DatabaseFile::kIndex, 0);
  EXPECT_EQ(Kept(), std::nullopt);
}

TEST_F(KeptAfterRemovalTest, OfAWalNothingIsKeptThatWasOnlyThere) {
  Remove(DatabaseFile::kWal, 40);
  EXPECT_EQ(Kept(), -1);
}

TEST_F(KeptAfterRemovalTest, WhatACheckpointHasPromisedIsInTheDatabase) {
  Checkpoint(26);
  Remove(DatabaseFile::kWal, 40);
  EXPECT_EQ(Kept(), 2);
  Remove(DatabaseFile::kDatabase, 40);
  EXPECT_EQ(Kept(), -1);
}

TEST_F(KeptAfterRemovalTest, WhatIsAcknowledgedAfterwardsIsKept) {
  for (const DatabaseFile file :
       {DatabaseFile::kWal, DatabaseFile::kDatabase}) {
    replayed_.removals = {};
    Remove(file, 34);
    EXPECT_EQ(Kept(), 3);
    Remove(file, 35);
    EXPECT_EQ(Kept(), -1);
  }
}

TEST_F(KeptAfterRemovalTest, WhatWasFoundAfterwardsIsAllThatTheNextRoundHas) {
  for (const bool is_removed : {false, true}) {
    CrashHistory history;
    history.BeginRound(0);
    Checkpoint(26);
    replayed_.removals = {};
    if (is_removed) Remove(DatabaseFile::kWal, 40);
    history.EndRound(/*lost_power=*/false, 2, 50, {}, replayed_);
    history.BeginRound(2);
    EXPECT_EQ(history.FactsAt(1, {}, {}).acknowledged, is_removed ? 2 : 3);
    Replayed next;
    next.removals.of[static_cast<std::size_t>(DatabaseFile::kWal)] = true;
    EXPECT_EQ(history.FactsAt(1, {}, next).kept, 2);
  }
}

TEST_F(KeptAfterRemovalTest, OnlyWithoutItsWalADatabaseIsHalfCopied) {
  replayed_.was_writing_database = true;
  const auto is_half_copied = [&] {
    return history_.FactsAt(100, {}, replayed_).is_half_copied;
  };
  EXPECT_FALSE(is_half_copied());
  Remove(DatabaseFile::kIndex, 0);
  EXPECT_FALSE(is_half_copied());
  Remove(DatabaseFile::kWal, 40);
  EXPECT_TRUE(is_half_copied());
  replayed_.was_writing_database = false;
  EXPECT_FALSE(is_half_copied());
}

}  // namespace
}  // namespace lastcommit
