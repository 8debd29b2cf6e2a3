#include "oracle/commit_order.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "operations.h"
#include "oracle/commit_order_fixture.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;

// ---- Commits ----

TEST_F(CommitOrderTest, OverlappingCommitsComeInTheOrderOfTheirNumbers) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20))});
  Begin(2);
  Begin(3);
  Lock(3, 1);
  Lock(2, 2);
  Return(2);
  Return(3);
  EXPECT_TRUE(Order().verdict.held());
  EXPECT_THAT(Sorted(), ElementsAre(3, 2));
  EXPECT_EQ(Order().commits_in_turn, 1);
}

TEST_F(CommitOrderTest, TheStepsOfATransactionComeTogether) {
  Use({By(0, StepKind::kBegin), By(1, PutBlob(1, 20)), By(0, PutBlob(0, 10)),
       By(0, StepKind::kCommit)});
  Begin(3);
  Begin(2);
  Lock(2, 1);
  Return(2);
  Run(4);
  Run(5, {absl::StatusCode::kOk, base() + 1});
  Lock(3, 2);
  Return(3);
  EXPECT_TRUE(Order().verdict.held());
  EXPECT_THAT(Sorted(), ElementsAre(2, 4, 5, 3));
}

TEST_F(CommitOrderTest, TwoAcknowledgedAsOneCommitAreALostCommit) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(1, 20))});
  RunAsCommit(2, 1);
  RunAsCommit(3, 1);
  EXPECT_EQ(Order().verdict.violation, ViolationClass::kLostCommit);
}

TEST_F(CommitOrderTest, AGapIsFilledByWhatWasInFlight) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(1, 20))});
  Begin(2);
  Lock(2, 1);
  RunAsCommit(3, 2);
  EXPECT_EQ(KindOf(2), Kind::kPresumed);
  EXPECT_EQ(KindOf(3), Kind::kReturned);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3));
  EXPECT_EQ(Order().in_flight, std::nullopt);
}

// Nothing that is known could have been commit 1, and the step after the gap is
// left for the judgement, which finds that it answered otherwise.
TEST_F(CommitOrderTest, AGapThatNothingFillsLeavesNoCommitOutOfTheOrder) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(1, 20))});
  Begin(2);
  Lock(2, 3);
  RunAsCommit(3, 2);
  EXPECT_EQ(KindOf(3), Kind::kReturned);
  EXPECT_NE(KindOf(2), Kind::kPresumed);
}

TEST_F(CommitOrderTest, WhatMayBeTheNextCommitIsInFlightAtTheEnd) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(1, 20))});
  Begin(2);
  Lock(2, 2);
  RunAsCommit(3, 1);
  EXPECT_EQ(Order().in_flight, 2u);
  EXPECT_THAT(Sorted(), ElementsAre(3));
}

TEST_F(CommitOrderTest, ATransactionOfADeadClientIsGone) {
  Use({By(1, StepKind::kBegin), By(1, PutBlob(1, 20)), By(0, PutBlob(0, 10))});
  Begin(2);
  Lock(2, 1);
  Return(2);
  Begin(3);
  const DeathOfOne death = {1, trace_->now};
  RunAsCommit(4, 1);
  EXPECT_EQ(KindOf(4, death), Kind::kReturned);
  const std::vector<OrderedStep> steps = Order(death).steps;
  EXPECT_EQ(std::count_if(steps.begin(), steps.end(),
                          [](const OrderedStep& ordered) {
                            return ordered.kind == Kind::kGone;
                          }),
            1);
  EXPECT_EQ(Order(death).in_flight, std::nullopt);
}

// ---- Reads ----

TEST_F(CommitOrderTest, AReadThatOverlapsACommitIsBeforeOrBehindItAsItSays) {
  for (const bool sees_it : {false, true}) {
    Use({By(0, PutBlob(0, 10)), By(1, StepKind::kRead)});
    Begin(3);
    RunAsCommit(2, 1);
    Return(3, sees_it ? After({2}, 3) : After({}, 3));
    if (sees_it) {
      EXPECT_THAT(Sorted(), ElementsAre(2, 3));
    } else {
      EXPECT_THAT(Sorted(), ElementsAre(3, 2));
    }
  }
}

TEST_F(CommitOrderTest,
       AReadThatGoesBackBehindAnAcknowledgedCommitStaysBehind) {
  Use({By(0, PutBlob(0, 10)), By(1, StepKind::kRead)});
  RunAsCommit(2, 1);
  Run(3, After({}, 3));
  EXPECT_THAT(Sorted(), ElementsAre(2, 3));
  EXPECT_EQ(KindOf(3), Kind::kReturned);
}

TEST_F(CommitOrderTest, AClientDoesNotGoBackBehindWhatItHasRead) {
  Use({By(0, PutBlob(0, 10)), By(1, StepKind::kRead), By(1, StepKind::kRead)});
  Begin(2);
  Lock(2, 1);
  Run(3, After({2}, 3));
  Run(4, After({}, 4));
  Return(2);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4));
}

TEST_F(CommitOrderTest, ARefusalBelongsWhereItIsRight) {
  const Step create = By(1, Op(threads::Kind::kCreateTask, {.task = 1}));
  const Step again = By(0, Op(threads::Kind::kCreateTask, {.task = 1}));
  Use({again, create});
  Begin(2);
  RunAsCommit(3, 1);
  Return(2, {absl::StatusCode::kAlreadyExists, 0});
  EXPECT_THAT(Sorted(), ElementsAre(3, 2));
}

// ---- What others may be the cause of ----

TEST_F(CommitOrderTest, BusyInCompanyIsARefusal) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(1, 20))});
  Begin(3);
  Run(2, {kBusy, 0});
  Lock(3, 1);
  Return(3);
  EXPECT_EQ(KindOf(2), Kind::kRefused);
  EXPECT_EQ(Order().refusals, 1);
}

TEST_F(CommitOrderTest, BusyWithAnOpenTransactionOfAnotherIsARefusal) {
  Use({By(1, StepKind::kBegin), By(0, PutBlob(0, 10)),
       By(1, StepKind::kRollback)});
  Begin(2);
  Lock(2, 1);
  Return(2);
  Run(3, {kBusy, 0});
  Run(4);
  EXPECT_EQ(KindOf(3), Kind::kRefused);
}

TEST_F(CommitOrderTest, BusyAloneIsForTheJudgementToFind) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(1, 20))});
  Run(2, {kBusy, 0});
  RunAsCommit(3, 1);
  EXPECT_EQ(KindOf(2), Kind::kReturned);
  EXPECT_EQ(Order().refusals, 0);
}

TEST_F(CommitOrderTest, AnIdleClientIsInTheWayOfWhoLeavesWal) {
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kWal}) {
    Step change = By(0, StepKind::kJournalMode);
    change.journal_mode = mode;
    Use({change});
    Run(2, {kBusy, 0});
    EXPECT_EQ(KindOf(2), mode == saver::JournalMode::kDelete ? Kind::kRefused
                                                             : Kind::kReturned);
  }
}

TEST_F(CommitOrderTest, AnUpdateMayLoseARaceToOneOfTheSameTask) {
  Use({By(0, Op(threads::Kind::kUpdateTask)),
       By(1, Op(threads::Kind::kUpdateTask))});
  Begin(2);
  Begin(3);
  Lock(3, 1);
  Return(3, {absl::StatusCode::kOk, 2});
  Return(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kRefused);
}

TEST_F(CommitOrderTest, InItsTransactionAnUpdateLosesNoRace) {
  Use({By(0, StepKind::kBegin), By(0, Op(threads::Kind::kUpdateTask)),
       By(0, StepKind::kCommit), By(1, Op(threads::Kind::kUpdateTask))});
  Begin(2);
  Lock(2, 1);
  Return(2);
  Begin(5);  // waits for the write lock
  Run(3, {kRefused, 0});
  Run(4, {absl::StatusCode::kOk, base() + 1});
  Lock(5, 2);
  Return(5, {absl::StatusCode::kOk, 2});
  EXPECT_EQ(KindOf(3), Kind::kReturned);
}

TEST_F(CommitOrderTest, AnUpdateLosesNoRaceToWhoHadTheWriteLockAfterIt) {
  Use({By(0, Op(threads::Kind::kUpdateTask)),
       By(1, Op(threads::Kind::kUpdateTask))});
  Begin(2);
  Begin(3);
  Lock(2, 1);
  Lock(3, 1);  // which the former did not take
  Return(3, {absl::StatusCode::kOk, 2});
  Return(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

TEST_F(CommitOrderTest, AnUpdateLosesNoRaceToOneThatWasRefused) {
  Use({By(0, Op(threads::Kind::kUpdateTask)), By(1, StepKind::kBegin),
       By(1, Op(threads::Kind::kUpdateTask)), By(1, StepKind::kCommit)});
  Begin(2);
  Begin(3);
  Lock(3, 1);
  Return(3);
  Run(4, {kRefused, 0});
  Run(5, {absl::StatusCode::kOk, base() + 1});
  Return(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

// It keeps nobody waiting for a commit that was attempted meanwhile.
TEST_F(CommitOrderTest, WhatFollowsALostRaceMayBeBeforeALaterCommit) {
  Use({By(0, Op(threads::Kind::kUpdateTask)),
       By(1, Op(threads::Kind::kUpdateTask)), By(1, PutBlob(0, 20)),
       By(0, StepKind::kRead)});
  Begin(2);
  Begin(3);
  Lock(3, 1);
  Return(3, {absl::StatusCode::kOk, 2});
  Begin(4);
  Return(2, {kRefused, 0});
  Run(5, After({3}, 5));
  Lock(4, 2);
  Return(4);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 5, 4));
}

TEST_F(CommitOrderTest, AnUpdateLosesNoRaceToOneOfAnotherTask) {
  for (const threads::Kind kind :
       {threads::Kind::kCreateTask, threads::Kind::kUpdateTask}) {
    Use({By(0, Op(threads::Kind::kUpdateTask)), By(1, Op(kind, {.task = 1}))});
    Begin(2);
    RunAsCommit(3, 1);
    Return(2, {kRefused, 0});
    EXPECT_EQ(KindOf(2), Kind::kReturned);
  }
}

TEST_F(CommitOrderTest, AnUpdateLosesNoRaceToWhatWasOverWhenItBegan) {
  Use({By(0, Op(threads::Kind::kUpdateTask)),
       By(1, Op(threads::Kind::kUpdateTask))});
  Begin(3);
  Lock(3, 1);
  Return(3, {absl::StatusCode::kOk, 2});
  Run(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

TEST_F(CommitOrderTest, AGapIsFilledForATransactionThatNeverEnded) {
  Use({By(1, PutBlob(0, 10)), By(0, StepKind::kBegin), By(0, PutBlob(0, 20)),
       By(0, StepKind::kRead)});
  Begin(2);
  Lock(2, 1);
  Begin(3);
  Lock(3, 2);
  Return(3);
  Run(4);
  Begin(5);
  EXPECT_EQ(KindOf(2), Kind::kPresumed);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4, 5));  // gone with its last step
}

// ---- The last close ----

TEST_F(CommitOrderTest, TheLastOfTwoClosesIsAloneIfTheOtherIsOver) {
  Use({By(0, StepKind::kClose), By(1, StepKind::kClose)});
  Run(2);
  Begin(3);
  Return(3);
  EXPECT_TRUE(Order().closed_alone);
  Begin(2);
  Return(3);
  Return(2);
  EXPECT_FALSE(Order().closed_alone);
}

// That one may not know of the WAL.
TEST_F(CommitOrderTest, AfterAnotherChangedTheModeTheLastCloseMayLeaveAWal) {
  for (const absl::StatusCode code : {absl::StatusCode::kOk, kBusy}) {
    Use({By(0, StepKind::kJournalMode), By(0, StepKind::kClose),
         By(1, StepKind::kClose)});
    Begin(4);  // it is there
    Begin(2);
    Return(2, {code, 0});
    Run(3);
    Run(4);
    EXPECT_EQ(Order().closed_alone, code != absl::StatusCode::kOk);
  }
  Use({By(0, StepKind::kJournalMode), By(1, StepKind::kClose),
       By(0, StepKind::kClose)});
  Run(2);
  Run(3);
  Run(4);
  EXPECT_TRUE(Order().closed_alone);
}

// Its own close is none.
TEST_F(CommitOrderTest, WhoNeverOpenedIsInTheWayOfACloseUntilItGaveUp) {
  Use({By(0, StepKind::kClose), By(1, StepKind::kClose)});
  Begin(1);
  Run(2);
  Return(1, {kBusy, 0});
  trace_->records[1].has_saver = false;
  Run(3);
  EXPECT_FALSE(Order().closed_alone);
  Run(1, {kBusy, 0});
  trace_->records[1].has_saver = false;
  Run(2);
  Run(3);
  EXPECT_TRUE(Order().closed_alone);
}

TEST_F(CommitOrderTest, WhereNobodyCouldOpenNobodyHasClosed) {
  Use({By(0, StepKind::kClose), By(1, StepKind::kClose)});
  for (const std::size_t open : {0, 1}) {
    Run(open, {kBusy, 0});
    trace_->records[open].has_saver = false;
  }
  Run(2);
  Run(3);
  EXPECT_FALSE(Order().closed_alone);
}

// ---- Two that may be the next commit ----

TEST_F(CommitOrderTest, OfADeadOneAndOneInFlightTheDeadOneIsGone) {
  Use({By(1, PutBlob(0, 10)), By(0, PutBlob(0, 20))});
  Begin(2);
  Lock(2, 1);
  const DeathOfOne death = {1, ++trace_->now};
  Begin(3);
  Lock(3, 1);
  EXPECT_EQ(KindOf(2, death), Kind::kGone);
  EXPECT_EQ(Order(death).in_flight, 3u);
}

// ---- One client ----

TEST_F(CommitOrderTest, OfOneClientItIsTheOrderOfThePlan) {
  round_.steps = {StepOf(StepKind::kOpen), PutBlob(0, 10), PutBlob(1, 10),
                  StepOf(StepKind::kClose)};
  ClearRound(*trace_, round_.steps.size());
  Run(0, {absl::StatusCode::kOk, base()});
  Run(1);
  Begin(2);
  const CommitOrder order = Order();
  ASSERT_EQ(order.steps.size(), 2u);
  EXPECT_EQ(order.steps[0].step, 0u);
  EXPECT_EQ(order.steps[1].step, 1u);
  EXPECT_EQ(order.in_flight, 2u);
}

}  // namespace
}  // namespace lastcommit
