// Who may keep whom waiting: records of rounds written by hand, with the lock
// calls that were refused.

#include "oracle/lock_entitlement.h"

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "oracle/commit_order_fixture.h"
#include "oracle/lock_rows.h"

namespace lastcommit {
namespace {

using testing::HasSubstr;
using testing::Optional;

enum class When { kIn, kAfter };

class LockEntitlementTest : public CommitOrderTest {
 protected:
  void Use(std::vector<Step> steps) {
    CommitOrderTest::Use(std::move(steps));
    trace_->lock_refusals.are_recorded = true;
  }

  // The step was refused `asked` because of `held`, which the client of that
  // other step had then.
  void Refuse(std::size_t step, LockKind asked, LockKind held, When when,
              std::size_t holder_step, std::uint32_t times = 1) {
    LockRefusal refusal;
    refusal.step = static_cast<std::uint32_t>(step);
    refusal.asked = asked;
    refusal.held = held;
    refusal.holder = static_cast<std::int8_t>(round_.steps[holder_step].client);
    refusal.is_between = when == When::kAfter;
    refusal.holder_step = static_cast<std::uint32_t>(holder_step);
    refusal.times = times;
    trace_->lock_refusals.list[trace_->lock_refusals.count++] = refusal;
  }

  std::optional<bool> MayBeBusy(std::size_t step) const {
    return LockEntitlement(round_, *trace_, /*has_schema=*/true)
        .MayBeBusy(step);
  }
  Verdict Waits() const {
    return LockEntitlement(round_, *trace_, /*has_schema=*/true).CheckWaits();
  }
};

TEST_F(LockEntitlementTest, EachLockHasARowWithItsSource) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < LockRows().size(); ++i) {
    EXPECT_EQ(LockRows()[i].lock, static_cast<LockKind>(i));
    EXPECT_THAT(LockRows()[i].source, HasSubstr("("));
    names.insert(Name(LockRows()[i].lock));
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kLockKinds));
}

TEST_F(LockEntitlementTest, WhereNothingIsRecordedNothingIsKnown) {
  Use({By(0, PutBlob(0, 10))});
  Run(2, {kBusy, 0});
  trace_->lock_refusals.are_recorded = false;
  EXPECT_EQ(MayBeBusy(2), std::nullopt);
  trace_->lock_refusals.are_recorded = true;
  trace_->lock_refusals.are_complete = false;
  EXPECT_EQ(MayBeBusy(2), std::nullopt);
}

TEST_F(LockEntitlementTest, AWriterMayBeRefusedBecauseOfAWriter) {
  Use({By(1, StepKind::kBegin), By(0, PutBlob(0, 10))});
  Run(2);
  Refuse(3, LockKind::kWrite, LockKind::kWrite, When::kAfter, 2);
  Run(3, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(3), Optional(true));
  EXPECT_TRUE(Waits().held());
}

TEST_F(LockEntitlementTest, AReaderMayNotHaveTheWriteLock) {
  Use({By(1, StepKind::kRead), By(0, PutBlob(0, 10))});
  Begin(2);
  Refuse(3, LockKind::kWrite, LockKind::kWrite, When::kIn, 2);
  Run(3);
  Return(2);
  EXPECT_THAT(MayBeBusy(3), Optional(false));
  EXPECT_EQ(Waits().violation, ViolationClass::kWrongAnswer);
  EXPECT_THAT(Waits().why, HasSubstr("step 3"));
}

TEST_F(LockEntitlementTest, AReaderMayHaveTheWriteLockToReadTheHeader) {
  Use({By(1, StepKind::kRead), By(0, PutBlob(0, 10))});
  Begin(2);
  Refuse(3, LockKind::kWrite, LockKind::kWriteToLook, When::kIn, 2);
  Run(3, {kBusy, 0});
  Return(2);
  EXPECT_THAT(MayBeBusy(3), Optional(true));
}

TEST_F(LockEntitlementTest, AReaderIsNotRefusedBecauseOfAWriterOfAWal) {
  Use({By(1, StepKind::kBegin), By(0, StepKind::kRead)});
  Run(2);
  Refuse(3, LockKind::kWrite, LockKind::kWrite, When::kAfter, 2);
  Run(3, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(3), Optional(false));
}

TEST_F(LockEntitlementTest, ATransactionThatHasEndedHasNoLocks) {
  for (const StepKind end : {StepKind::kCommit, StepKind::kRollback}) {
    Use({By(1, StepKind::kBegin), By(1, end), By(0, PutBlob(0, 10))});
    Run(2);
    Run(3);
    Refuse(4, LockKind::kWrite, LockKind::kWrite, When::kAfter, 3);
    Run(4, {kBusy, 0});
    EXPECT_THAT(MayBeBusy(4), Optional(false));
  }
}

TEST_F(LockEntitlementTest, NorIfTheSaverSaysThatItIsOpenStill) {
  Use({By(1, StepKind::kBegin), By(1, StepKind::kRollback),
       By(0, PutBlob(0, 10))});
  Run(2);
  Run(3);
  trace_->records[3].is_in_transaction = true;
  Refuse(4, LockKind::kReserved, LockKind::kReserved, When::kAfter, 3);
  Run(4, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(4), Optional(false));
}

TEST_F(LockEntitlementTest, WhatAnErrorHasLeftTheNextStepSettlesIfItCan) {
  Use({By(1, StepKind::kRead), By(1, StepKind::kRead), By(1, StepKind::kRead),
       By(0, PutBlob(0, 10)), By(1, StepKind::kRead)});
  Run(2, {absl::StatusCode::kUnknown, 0});
  Run(3, {absl::StatusCode::kResourceExhausted, 0});
  Run(4);
  Run(5, {kBusy, 0});
  Run(6);
  for (const std::size_t i : {2, 3, 4, 6}) trace_->records[i].errors = 1;
  const auto busy_because_of = [&](When when, std::size_t step) {
    trace_->lock_refusals.count = 0;
    Refuse(5, LockKind::kWrite, LockKind::kWrite, when, step);
    return MayBeBusy(5);
  };
  EXPECT_THAT(busy_because_of(When::kAfter, 2), Optional(true));
  EXPECT_THAT(busy_because_of(When::kIn, 3), Optional(true));
  EXPECT_THAT(busy_because_of(When::kAfter, 3), Optional(true));
  EXPECT_THAT(busy_because_of(When::kIn, 4), Optional(true));
  EXPECT_THAT(busy_because_of(When::kAfter, 4), Optional(false));
  EXPECT_THAT(busy_because_of(When::kIn, 6), Optional(false));
}

TEST_F(LockEntitlementTest, AnIdleReaderOfARollbackJournalHasNoLock) {
  Use({By(1, StepKind::kRead), By(0, PutBlob(0, 10))});
  Run(2);
  Refuse(3, LockKind::kExclusiveOfWriter, LockKind::kShared, When::kAfter, 2);
  Run(3, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(3), Optional(false));
}

TEST_F(LockEntitlementTest, WhoIsConnectedInWalModeKeepsOthersFromLeavingIt) {
  Use({By(1, StepKind::kRead), By(0, StepKind::kJournalMode)});
  Run(2);
  Refuse(3, LockKind::kExclusiveOfWal, LockKind::kSharedWithIndex, When::kAfter,
         2);
  Run(3, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(3), Optional(true));
}

TEST_F(LockEntitlementTest, OneBadHolderIsNotExcusedByAGoodOne) {
  Use({By(1, StepKind::kBegin), By(1, StepKind::kRollback),
       By(0, PutBlob(0, 10))});
  Run(2);
  Run(3);
  Refuse(4, LockKind::kWrite, LockKind::kWrite, When::kAfter, 2);
  Refuse(4, LockKind::kWrite, LockKind::kWrite, When::kAfter, 3);
  Run(4, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(4), Optional(false));
}

TEST_F(LockEntitlementTest, WithoutALockNobodyIsBusy) {
  Use({By(0, PutBlob(0, 10)), By(1, StepKind::kRead)});
  Begin(3);
  Run(2, {kBusy, 0});
  Return(3);
  EXPECT_THAT(MayBeBusy(2), Optional(false));
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

TEST_F(LockEntitlementTest, NorBecauseOfALockThatSqliteDoesWithout) {
  Use({By(1, StepKind::kRead), By(0, StepKind::kRead)});
  Begin(2);
  Refuse(3, LockKind::kReadMarkChange, LockKind::kReadMark, When::kIn, 2);
  Run(3, {kBusy, 0});
  Return(2);
  EXPECT_THAT(MayBeBusy(3), Optional(false));
  Refuse(3, LockKind::kReadMark, LockKind::kReadMarkChange, When::kIn, 2, 100);
  EXPECT_THAT(MayBeBusy(3), Optional(true));  // SQLITE_PROTOCOL
}

TEST_F(LockEntitlementTest, AWriterWhoseSnapshotIsOldIsBusyWithoutALock) {
  Use({By(0, StepKind::kBegin), By(1, PutBlob(0, 10)), By(0, PutBlob(1, 10))});
  Run(2);
  RunAsCommit(3, 1);
  Run(4, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(4), Optional(false));
  trace_->lock_refusals.uses_index = true;
  EXPECT_THAT(MayBeBusy(4), Optional(true));
}

TEST_F(LockEntitlementTest, AModeThatAnotherOneSetMeanwhileIsABusyOne) {
  Use({By(0, StepKind::kJournalMode), By(1, StepKind::kJournalMode)});
  Run(3);
  Run(2, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(2), Optional(false));
  Begin(2);
  Run(3);
  Return(2, {kBusy, 0});
  EXPECT_THAT(MayBeBusy(2), Optional(true));
}

TEST_F(LockEntitlementTest, OnlyALiveReadIsInTheWayOfItself) {
  Use({By(0, StepKind::kBegin), By(0, StepKind::kLiveRead),
       By(0, StepKind::kVacuum)});
  Run(2);
  for (const std::size_t i : {3, 4}) {
    Refuse(i, LockKind::kShared, LockKind::kExclusiveOfWriter, When::kIn, i);
    Run(i, {kBusy, 0});
  }
  EXPECT_THAT(MayBeBusy(3), Optional(true));
  EXPECT_THAT(MayBeBusy(4), Optional(false));
}

}  // namespace
}  // namespace lastcommit
