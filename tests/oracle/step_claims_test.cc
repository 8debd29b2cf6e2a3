#include "oracle/step_claims.h"

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "operations.h"
#include "oracle/durability_promises.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

Step Checkpoint(saver::CheckpointMode mode = saver::CheckpointMode::kPassive) {
  Step step = StepOf(StepKind::kWalCheckpoint);
  step.mode = mode;
  return step;
}
Step To(saver::JournalMode mode) {
  Step step = StepOf(StepKind::kJournalMode);
  step.journal_mode = mode;
  return step;
}
Step Log() { return Op(threads::Kind::kAppendLog); }

// A round whose steps all answered OK, in their order. Step 0 opens.
class StepClaimsTest : public testing::Test {
 protected:
  void Use(std::vector<Step> steps) {
    plan_.rounds = {{{StepOf(StepKind::kOpen)}}};
    for (Step& step : steps) {
      plan_.rounds[0].steps.push_back(std::move(step));
    }
    ClearRound(*trace_, plan_.rounds[0].steps.size());
    for (std::size_t i = 0; i < plan_.rounds[0].steps.size(); ++i) {
      StepRecord& record = trace_->records[i];
      record.has_saver = true;
      record.intended_at = ++trace_->now;
      record.returned_at = ++trace_->now;
      record.progress = Progress::kReturned;
      if (plan_.rounds[0].steps[i].kind == StepKind::kWalCheckpoint) {
        record.checkpoint = {true, false, 3, 3};
      }
    }
  }

  StepRecord& Record(std::size_t i) { return trace_->records[i]; }
  StepCalls& Calls(std::size_t i) { return trace_->records[i].calls; }

  Verdict Judge() {
    return JudgeClaims(plan_, plan_.rounds[0], *trace_, counts_);
  }
  bool IsUntrue() { return Judge().violation == ViolationClass::kWrongAnswer; }
  std::size_t Promises() {
    return PromisesOf(plan_, plan_.rounds[0], *trace_).size();
  }

  Plan plan_;
  std::unique_ptr<RoundTrace> trace_ = std::make_unique<RoundTrace>();
  RoundCounts counts_;
};

// ---- VACUUM ----

TEST_F(StepClaimsTest, AVacuumThatWritesNothingIsUntrue) {
  Use({StepOf(StepKind::kVacuum)});
  EXPECT_TRUE(IsUntrue());
}

TEST_F(StepClaimsTest, AVacuumThatWritesIsCounted) {
  Use({StepOf(StepKind::kVacuum)});
  Calls(1).writes = 12;
  EXPECT_TRUE(Judge().held());
  EXPECT_EQ(counts_.vacuums, 1);
}

// ---- Checkpoints ----

TEST_F(StepClaimsTest, AWholeCheckpointMustHaveWrittenTheDatabase) {
  Use({Log(), Checkpoint()});
  Calls(1).wal_written = 5;
  EXPECT_TRUE(IsUntrue());
  Calls(2).database_written = 6;
  Calls(2).writes = 1;
  EXPECT_TRUE(Judge().held());
  EXPECT_EQ(counts_.checkpoints, 1);
}

TEST_F(StepClaimsTest, WhatAnotherCheckpointHasCopiedIsNotCopiedAgain) {
  Use({Log(), Checkpoint()});
  Calls(1).wal_written = 5;
  Calls(2).database_written = 6;
  EXPECT_TRUE(Judge().held());
  EXPECT_EQ(counts_.checkpoints, 0);
}

TEST_F(StepClaimsTest, ABusyCheckpointClaimsNothing) {
  Use({Log(), Checkpoint()});
  Calls(1).wal_written = 5;
  Record(2).checkpoint.is_busy = true;
  EXPECT_TRUE(Judge().held());
}

TEST_F(StepClaimsTest, WhoDoesNotKnowOfTheWalHasNothingToCopy) {
  for (const StepKind kind : {StepKind::kJournalMode, StepKind::kRead}) {
    Use({StepOf(kind), Log(), Checkpoint()});
    plan_.rounds[0].steps[1].client = 1;
    plan_.rounds[0].steps[1].journal_mode = saver::JournalMode::kWal;
    Calls(2).wal_written = 5;
    EXPECT_EQ(Judge().held(), kind == StepKind::kJournalMode);
  }
}

TEST_F(StepClaimsTest, HalfACheckpointClaimsNothing) {
  Use({Log(), Checkpoint()});
  Calls(1).wal_written = 5;
  Record(2).checkpoint.checkpointed_frames = 2;
  EXPECT_TRUE(Judge().held());
}

TEST_F(StepClaimsTest, WhatIsNotCommittedNeedNotBeCopied) {
  Use({StepOf(StepKind::kBegin), Log(), Checkpoint()});
  Record(1).is_in_transaction = Record(2).is_in_transaction = true;
  Calls(2).wal_written = 5;
  EXPECT_TRUE(Judge().held());
}

TEST_F(StepClaimsTest, ATruncatingCheckpointMustHaveTruncatedTheWal) {
  Use({Log(), Checkpoint(saver::CheckpointMode::kTruncate)});
  Calls(1).wal_written = 5;
  Calls(2).database_written = 6;
  EXPECT_TRUE(IsUntrue());
  Calls(2).wal_emptied = 7;
  EXPECT_TRUE(Judge().held());
}

// ---- Changes of the journal mode ----

TEST_F(StepClaimsTest, TheNextCommitShowsTheMode) {
  Use({To(saver::JournalMode::kTruncate), Log(), Log()});
  Calls(2).end = TransactionEnd::kJournalTruncated;
  Calls(3).end = TransactionEnd::kJournalTruncated;
  EXPECT_TRUE(Judge().held());
  EXPECT_EQ(counts_.mode_changes, 1);
}

TEST_F(StepClaimsTest, ACommitThatEndsInAnotherWayShowsThatNothingWasChanged) {
  Use({To(saver::JournalMode::kPersist), Log()});
  Calls(2).end = TransactionEnd::kWalWritten;
  EXPECT_TRUE(IsUntrue());
}

TEST_F(StepClaimsTest, TheModeThatItHadIsNoChange) {
  Use({To(saver::JournalMode::kWal), Log()});
  Calls(2).end = TransactionEnd::kWalWritten;
  EXPECT_TRUE(Judge().held());
  EXPECT_EQ(counts_.mode_changes, 0);
}

TEST_F(StepClaimsTest, AChangeThatNoCommitFollowsIsNotCounted) {
  Use({To(saver::JournalMode::kDelete), StepOf(StepKind::kRead)});
  EXPECT_TRUE(Judge().held());
  EXPECT_EQ(counts_.mode_changes, 0);
}

TEST_F(StepClaimsTest, AChangeThatFailedClaimsNothing) {
  Use({To(saver::JournalMode::kDelete), Log()});
  Record(1).code = static_cast<std::int32_t>(absl::StatusCode::kUnavailable);
  Calls(2).end = TransactionEnd::kWalWritten;
  EXPECT_TRUE(Judge().held());
}

TEST_F(StepClaimsTest, AnotherClientMayHaveChangedTheMode) {
  Step other = To(saver::JournalMode::kWal);
  other.client = 1;
  Use({To(saver::JournalMode::kDelete), other, Log()});
  Calls(3).end = TransactionEnd::kWalWritten;
  EXPECT_TRUE(Judge().held());
}

// ---- What is promised ----

TEST_F(StepClaimsTest, AWholeCheckpointPromises) {
  Use({Log(), Checkpoint()});
  EXPECT_EQ(Promises(), 1U);
  Record(2).checkpoint.is_busy = true;
  EXPECT_EQ(Promises(), 0U);
}

TEST_F(StepClaimsTest, ACloseThatDeletesTheWalPromisesIfItHadNoError) {
  Use({Log(), StepOf(StepKind::kClose)});
  EXPECT_EQ(Promises(), 0U);
  Calls(2).wal_deleted = true;
  EXPECT_EQ(Promises(), 1U);
  Record(2).errors = 1;
  EXPECT_EQ(Promises(), 0U);
}

TEST_F(StepClaimsTest, NothingIsPromisedWhereTheModeChanges) {
  Use({To(saver::JournalMode::kWal), Log(), Checkpoint()});
  EXPECT_EQ(Promises(), 0U);
}

}  // namespace
}  // namespace lastcommit
