// What is recorded of refused locks: of calls written by hand, as those of two
// clients with a file each, and of SQLite's own.

#include "trial/lock_trace.h"

#include <sqlite3.h>

#include <memory>

#include "gtest/gtest.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

constexpr int kPending = 3;

class LockTraceTest : public testing::Test {
 protected:
  LockTraceTest() {
    Step other = StepOf(StepKind::kRead);
    other.client = 1;
    plan_.rounds = {RoundOf({other})};
    plan_.rounds[0].steps[0].client = 1;
    ClearRound(*page_, plan_.rounds[0].steps.size());
    turns_ = std::make_unique<ClientTurns>(plan_, 0, state_);
    turns_->Begin();
    trace_ = std::make_unique<LockTrace>(*turns_, table_, *page_);
  }

  LockCall Call(int client, LockCallKind kind) {
    trace_->set_client(client);
    LockCall call;
    call.kind = kind;
    call.file = &files_[client];
    return call;
  }
  // `level`: which the file has then.
  void Lock(int client, int asked, int level, int result = SQLITE_OK) {
    LockCall call = Call(client, LockCallKind::kLock);
    call.asked_level = asked;
    call.level = level;
    trace_->OnLockCall(call, result);
  }
  void Lock(int client, int asked) { Lock(client, asked, asked); }
  void Index(int client, int slot, int flags, int result = SQLITE_OK) {
    LockCall call = Call(client, LockCallKind::kIndexLock);
    call.first_slot = slot;
    call.slots = 1;
    call.is_exclusive = flags == SQLITE_SHM_EXCLUSIVE;
    trace_->OnLockCall(call, result);
  }
  void Map(int client) {
    trace_->OnLockCall(Call(client, LockCallKind::kIndexMap), SQLITE_OK);
  }
  void Close(int client) {
    trace_->OnLockCall(Call(client, LockCallKind::kClose), SQLITE_OK);
  }

  const LockRefusals& refusals() const { return page_->lock_refusals; }
  LockKind Held() const { return refusals().list[refusals().count - 1].held; }
  LockKind Asked() const { return refusals().list[refusals().count - 1].asked; }
  int HolderOfLast() const {
    return refusals().list[refusals().count - 1].holder;
  }

  Plan plan_ = PlanOf({});
  TurnsState state_;
  LockTable table_;
  std::unique_ptr<SharedPage> page_ = std::make_unique<SharedPage>();
  std::unique_ptr<ClientTurns> turns_;
  std::unique_ptr<LockTrace> trace_;
  char files_[2] = {};
};

TEST_F(LockTraceTest, AReaderIsInTheWayOfExclusiveAndNotOfReserved) {
  Lock(1, SQLITE_LOCK_SHARED);
  Lock(0, SQLITE_LOCK_SHARED);
  Lock(0, SQLITE_LOCK_RESERVED);
  Lock(0, SQLITE_LOCK_EXCLUSIVE, kPending, SQLITE_BUSY);
  EXPECT_EQ(refusals().count, 1U);
  EXPECT_EQ(Asked(), LockKind::kExclusiveOfWriter);
  EXPECT_EQ(Held(), LockKind::kShared);
  EXPECT_EQ(HolderOfLast(), 1);
}

// Nor is who has a lock of another database.
TEST_F(LockTraceTest, AnAttachedDatabaseHasLocksOfItsOwn) {
  Lock(0, SQLITE_LOCK_SHARED);
  Lock(0, SQLITE_LOCK_RESERVED);
  LockCall call = Call(1, LockCallKind::kLock);
  call.database = 1;
  call.asked_level = SQLITE_LOCK_RESERVED;
  trace_->OnLockCall(call, SQLITE_BUSY);
  ASSERT_EQ(refusals().count, 1U);
  EXPECT_EQ(HolderOfLast(), LockRefusal::kNobody);
}

TEST_F(LockTraceTest, ARefusedExclusiveLockIsPending) {
  Lock(0, SQLITE_LOCK_SHARED);
  Lock(0, SQLITE_LOCK_RESERVED);
  Lock(0, SQLITE_LOCK_EXCLUSIVE, kPending, SQLITE_BUSY);
  Lock(1, SQLITE_LOCK_SHARED, SQLITE_LOCK_NONE, SQLITE_BUSY);
  EXPECT_EQ(Held(), LockKind::kExclusiveOfWriter);
}

TEST_F(LockTraceTest, WhatExclusiveIsForIsToldByTheWayToIt) {
  Lock(0, SQLITE_LOCK_SHARED);
  Lock(0, SQLITE_LOCK_EXCLUSIVE);
  Lock(1, SQLITE_LOCK_SHARED, SQLITE_LOCK_NONE, SQLITE_BUSY);
  EXPECT_EQ(Held(), LockKind::kExclusiveOfRecovery);
  Close(0);
  Lock(0, SQLITE_LOCK_SHARED);
  Map(0);
  Lock(0, SQLITE_LOCK_EXCLUSIVE);
  Lock(1, SQLITE_LOCK_SHARED, SQLITE_LOCK_NONE, SQLITE_BUSY);
  EXPECT_EQ(Held(), LockKind::kExclusiveOfWal);
}

TEST_F(LockTraceTest, WhatTheWriteLockIsForIsToldByWhatIsHeldBeside) {
  const auto held_beside = [&](int slot, int flags) {
    Map(0);
    if (slot > 0) Index(0, slot, flags);
    Index(0, 0, SQLITE_SHM_EXCLUSIVE);
    Index(1, 0, SQLITE_SHM_EXCLUSIVE, SQLITE_BUSY);
    Close(0);
    return Held();
  };
  EXPECT_EQ(held_beside(4, SQLITE_SHM_SHARED), LockKind::kWrite);
  EXPECT_EQ(held_beside(1, SQLITE_SHM_EXCLUSIVE), LockKind::kWriteAndCopy);
  EXPECT_EQ(held_beside(0, 0), LockKind::kWriteToLook);
}

TEST_F(LockTraceTest, SharedSlotsAreInTheWayOfExclusiveOnes) {
  Index(0, 5, SQLITE_SHM_SHARED);
  Index(1, 5, SQLITE_SHM_EXCLUSIVE, SQLITE_BUSY);
  EXPECT_EQ(Asked(), LockKind::kReadMarkChange);
  EXPECT_EQ(Held(), LockKind::kReadMark);
}

TEST_F(LockTraceTest, WhoAsksAgainIsCounted) {
  Lock(0, SQLITE_LOCK_RESERVED);
  for (int i = 0; i < 3; ++i) {
    Lock(1, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED, SQLITE_BUSY);
  }
  ASSERT_EQ(refusals().count, 1U);
  EXPECT_EQ(refusals().list[0].times, 3U);
}

TEST_F(LockTraceTest, TheDeadAreInNobodysWay) {
  Lock(0, SQLITE_LOCK_RESERVED);
  ForgetLocks(0, table_);
  Lock(1, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED, SQLITE_BUSY);
  EXPECT_EQ(HolderOfLast(), LockRefusal::kNobody);
}

TEST_F(LockTraceTest, WhereAHolderIsBetweenItsStepsTheFormerIsNamed) {
  const std::vector<std::size_t>& program = turns_->program(1);
  ASSERT_EQ(program.size(), 2U);
  Lock(1, SQLITE_LOCK_RESERVED);
  page_->records[program[0]].progress = Progress::kReturned;
  turns_->EnterStep(1, program[1], false);  // and has not begun it
  Lock(0, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED, SQLITE_BUSY);
  EXPECT_TRUE(refusals().list[0].is_between);
  EXPECT_EQ(refusals().list[0].holder_step, program[0]);
  page_->records[program[1]].progress = Progress::kIntended;
  Lock(0, SQLITE_LOCK_RESERVED, SQLITE_LOCK_SHARED, SQLITE_BUSY);
  EXPECT_FALSE(refusals().list[1].is_between);
  EXPECT_EQ(refusals().list[1].holder_step, program[1]);
}

}  // namespace
}  // namespace lastcommit
