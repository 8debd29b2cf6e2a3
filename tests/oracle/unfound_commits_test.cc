// What may be there after all of commits that a crash has interrupted, and
// until when, as CrashHistory says it.

#include "oracle/unfound_commits.h"

#include <cstdint>
#include <memory>

#include "gtest/gtest.h"
#include "oracle/crash_history.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

// Commit 4 was interrupted, and 3 is there.
class UnfoundCommitsTest : public testing::Test {
 protected:
  UnfoundCommitsTest() {
    with_.Apply(StepOf(StepKind::kOpen));
    for (int i = 0; i < 4; ++i) with_.Apply(PutBlob(i, 10));
  }

  void Interrupt(Interruption how, std::int64_t found = 3) {
    EndRound(how == Interruption::kLostPower, found);
    history_.NoteUnfound(plan_, with_, found, how);
  }
  void EndRound(bool lost_power, std::int64_t found) {
    history_.EndRound(lost_power, found, kEnd, synced_, replayed_);
    history_.BeginRound(found);
    replayed_ = Replayed();
    synced_ = SyncMarks();
  }
  void WriteFrames() { replayed_.wal_written_from = kWritten; }
  // Commit 4 of another client, in one write.
  void Commit() {
    WriteFrames();
    replayed_.commits.push_back({4, kWritten, kWritten + 1, true, 1});
  }
  void SyncWal() { synced_.wal = 1; }

  bool MayBeThere(Fault fault, Mark now = kEnd) const {
    CrashFacts facts = history_.FactsAt(now, synced_, replayed_);
    if (fault != Fault::kPowerLoss) facts = WithoutPowerLoss(facts, fault);
    Alternatives alternatives;
    history_.AddUnfound(plan_, facts, now, replayed_, alternatives);
    EXPECT_LE(alternatives.size(), 1U);
    return !alternatives.empty() && alternatives[0]->state().cut == 4;
  }

  static constexpr Mark kWritten = 10;
  static constexpr Mark kEnd = 50;

  Plan plan_ = PlanOf(saver::JournalMode::kWal, {});
  ReferenceModel with_;
  CrashHistory history_;
  Replayed replayed_;
  SyncMarks synced_;
};

TEST_F(UnfoundCommitsTest, AWalWithWhatOneDiedInComesBackWithALossOfPower) {
  Interrupt(Interruption::kOneDied);
  EXPECT_TRUE(MayBeThere(Fault::kPowerLoss));
  EXPECT_FALSE(MayBeThere(Fault::kKill));
  EXPECT_FALSE(MayBeThere(Fault::kNone));
}

TEST_F(UnfoundCommitsTest, WhatAllDiedInIsNotThereByItself) {
  Interrupt(Interruption::kAllDied);
  EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
}

TEST_F(UnfoundCommitsTest, WhatALossOfPowerHasTornIsNotThereByItself) {
  Interrupt(Interruption::kOneDied);
  EndRound(/*lost_power=*/true, 3);
  EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
  EXPECT_FALSE(MayBeThere(Fault::kKill));
}

TEST_F(UnfoundCommitsTest, AFrameIsCompletedByTheNextTransaction) {
  for (const Interruption how :
       {Interruption::kAllDied, Interruption::kLostPower}) {
    history_ = CrashHistory();
    Interrupt(how);
    WriteFrames();
    EXPECT_FALSE(MayBeThere(Fault::kPowerLoss, kWritten - 1));
    EXPECT_TRUE(MayBeThere(Fault::kPowerLoss, kWritten));
  }
}

TEST_F(UnfoundCommitsTest, AlsoByTheOneOfARoundBefore) {
  Interrupt(Interruption::kAllDied);
  WriteFrames();
  EndRound(/*lost_power=*/false, 3);
  EXPECT_TRUE(MayBeThere(Fault::kPowerLoss));
}

TEST_F(UnfoundCommitsTest, WithoutALossOfPowerNoFrameIsCompleted) {
  Interrupt(Interruption::kAllDied);
  WriteFrames();
  EXPECT_FALSE(MayBeThere(Fault::kKill));
  EXPECT_FALSE(MayBeThere(Fault::kNone));
}

TEST_F(UnfoundCommitsTest, AFrameThatWasLostIsWrittenAgainByWhoDiesThen) {
  Interrupt(Interruption::kLostPower);
  EXPECT_FALSE(MayBeThere(Fault::kKill));
  WriteFrames();
  EXPECT_TRUE(MayBeThere(Fault::kKill));
  EXPECT_FALSE(MayBeThere(Fault::kNone));
  EndRound(/*lost_power=*/false, 3);
  EXPECT_FALSE(MayBeThere(Fault::kKill));
}

TEST_F(UnfoundCommitsTest, ALaterLossOfPowerHasTornItToo) {
  Interrupt(Interruption::kAllDied);
  EndRound(/*lost_power=*/true, 3);
  WriteFrames();
  EXPECT_TRUE(MayBeThere(Fault::kKill));
}

TEST_F(UnfoundCommitsTest, NotOnceTheCommitWithItsNumberMustBeThere) {
  Interrupt(Interruption::kLostPower);
  Commit();
  EXPECT_TRUE(MayBeThere(Fault::kPowerLoss, kWritten));
  EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
  EXPECT_TRUE(MayBeThere(Fault::kKill, kWritten));
  EXPECT_FALSE(MayBeThere(Fault::kKill));
}

TEST_F(UnfoundCommitsTest, AtNormalThatIsSoOnceItIsSynced) {
  plan_.profile.synchronous = saver::Synchronous::kNormal;
  Interrupt(Interruption::kLostPower);
  Commit();
  EXPECT_TRUE(MayBeThere(Fault::kPowerLoss));
  EXPECT_FALSE(MayBeThere(Fault::kKill));
  SyncWal();
  EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
}

TEST_F(UnfoundCommitsTest, OfARollbackJournalNothingIsLeft) {
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
        saver::JournalMode::kPersist}) {
    plan_.profile.journal_mode = mode;
    Interrupt(Interruption::kOneDied);
    EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
  }
}

TEST_F(UnfoundCommitsTest, NorOfAWalThatAnotherProgramHasRemoved) {
  Interrupt(Interruption::kOneDied);
  replayed_.removals.of[static_cast<std::size_t>(DatabaseFile::kWal)] = true;
  EndRound(/*lost_power=*/false, 3);
  EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
}

TEST_F(UnfoundCommitsTest, WhatIsThereIsNotUnfound) {
  Interrupt(Interruption::kOneDied, /*found=*/4);
  EXPECT_FALSE(MayBeThere(Fault::kPowerLoss));
}

}  // namespace
}  // namespace lastcommit
