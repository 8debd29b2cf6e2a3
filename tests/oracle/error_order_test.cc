// The order of the steps where calls of some were made to fail.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "operations.h"
#include "oracle/commit_order_fixture.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;

class ErrorOrderTest : public CommitOrderTest {
 protected:
  // A call of it was made to fail.
  void Fail(std::size_t i, absl::StatusCode code = absl::StatusCode::kUnknown) {
    Return(i, {code, 0});
    for (std::size_t later = i; later < round_.steps.size(); ++later) {
      if (round_.steps[later].client == round_.steps[i].client) {
        ++trace_->records[later].errors;
      }
    }
  }
  void FailInDoubt(std::size_t i, std::int64_t number) {
    Begin(i);
    Lock(i, number);
    Fail(i);
    trace_->records[i].is_in_doubt = true;
  }
};

TEST_F(ErrorOrderTest, AFailedCommitIsThereIfTheNextNumberWasTaken) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20))});
  FailInDoubt(2, 1);
  RunAsCommit(3, 2);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3));
  EXPECT_EQ(KindOf(2), Kind::kPresumed);
}

TEST_F(ErrorOrderTest, AFailedCommitIsNotThereIfItsNumberWasTaken) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20))});
  FailInDoubt(2, 1);
  RunAsCommit(3, 1);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3));
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

// And from then on, whatever became of that transaction.
TEST_F(ErrorOrderTest, AFailedCommitIsThereOnceATransactionHasReadItsNumber) {
  Use({By(0, PutBlob(0, 10)), By(1, StepKind::kBegin),
       By(1, StepKind::kRollback)});
  FailInDoubt(2, 1);
  Begin(3);
  Lock(3, 2);
  Return(3);
  Run(4);
  const std::vector<OrderedStep> steps = Order().steps;
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[2].step, 2u);
  EXPECT_EQ(steps[2].kind, Kind::kPresumed);
  EXPECT_EQ(steps[2].shown_at, trace_->records[3].returned_at);
}

TEST_F(ErrorOrderTest, OfTwoThatFailedWithOneNumberTheLaterIsThere) {
  Use({By(0, PutBlob(0, 10)), By(0, PutBlob(1, 10)), By(1, PutBlob(0, 20))});
  FailInDoubt(2, 1);
  FailInDoubt(3, 1);
  RunAsCommit(4, 2);
  EXPECT_EQ(KindOf(2), Kind::kReturned);
  EXPECT_EQ(KindOf(3), Kind::kPresumed);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4));
}

// Who began first may have waited for the lock.
TEST_F(ErrorOrderTest, OfADeadOneAndOneThatWaitedTheOneThatWaitedIsThere) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20)), By(1, StepKind::kRead),
       By(0, StepKind::kRead)});
  Begin(2);
  Begin(3);
  Lock(3, 1);
  const DeathOfOne death = {1, ++trace_->now};
  Lock(2, 1);
  Fail(2);
  trace_->records[2].is_in_doubt = true;
  Begin(5);
  Lock(5, 2);
  EXPECT_EQ(KindOf(2, death), Kind::kPresumed);
}

// What a store says of its newest transaction is of the one before, until the
// next one has the write lock.
TEST_F(ErrorOrderTest, WhoDiesBeforeTheLockIsNotTheCommitThatFailedBefore) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20)), By(0, PutBlob(1, 10))});
  FailInDoubt(2, 1);
  RunAsCommit(3, 2);
  Begin(4);
  Lock(4, 1);
  EXPECT_EQ(KindOf(2), Kind::kPresumed);
}

// Its saver is there, but could not read the counter.
TEST_F(ErrorOrderTest, AnOpenThatFailsWithASaverHasMadeTheSchema) {
  before_ = ReferenceModel();
  Use({By(0, PutBlob(0, 10))});
  Begin(0);
  Fail(0, absl::StatusCode::kPermissionDenied);
  RunAsCommit(2, 2);
  Run(1, {absl::StatusCode::kOk, 1});
  const std::vector<OrderedStep> steps = Order().steps;
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_EQ(steps[0].step, 0u);
  EXPECT_EQ(steps[0].kind, Kind::kPresumed);
  EXPECT_EQ(steps[0].shown_at, trace_->records[0].returned_at);
  EXPECT_EQ(steps[1].step, 2u);
  EXPECT_EQ(steps[2].step, 1u);
}

TEST_F(ErrorOrderTest, WhatFailedHasNoPartInTheCommitOfItsTransaction) {
  Use({By(0, StepKind::kBegin), By(0, PutBlob(0, 10)), By(0, PutBlob(1, 10)),
       By(0, StepKind::kCommit), By(1, StepKind::kRead)});
  Begin(2);
  Lock(2, 1);
  Return(2);
  Begin(3);
  Fail(3, absl::StatusCode::kResourceExhausted);
  Run(4);
  Begin(5);
  Begin(6);
  Return(6, After({2, 4, 5}, 6));
  Return(5);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4, 5, 6));
}

// An interrupt that stopped nothing does not make the refusal come earlier.
TEST_F(ErrorOrderTest, WhatIsRefusedByContentIsPlacedByItAlsoWithAnError) {
  Use({By(0, Op(threads::Kind::kDeleteThread)), By(1, PutBlob(0, 20))});
  Begin(3);
  RunAsCommit(2, 1);
  Fail(3, absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3));
}

// Its transaction has no lock any more, and others commit.
TEST_F(ErrorOrderTest, WhatFollowsAnAbortIsNotPartOfTheTransaction) {
  Use({By(0, StepKind::kBegin), By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20)),
       By(0, StepKind::kLiveRead)});
  Begin(2);
  Lock(2, 1);
  Return(2);
  Begin(3);
  Fail(3, absl::StatusCode::kAborted);
  trace_->records[3].is_aborted = true;
  trace_->records[3].is_in_transaction = in_transaction_[0] = false;
  RunAsCommit(4, 1);
  Run(5, After({4}, 5));
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4, 5));
}

TEST_F(ErrorOrderTest, WhatIsRefusedAfterAnAbortIsNoCommitInFlight) {
  for (const bool is_aborted : {false, true}) {
    Use({By(0, StepKind::kBegin), By(0, PutBlob(0, 10)),
         By(0, PutBlob(1, 10))});
    Begin(2);
    Lock(2, 1);
    Return(2);
    Begin(3);
    Fail(3, absl::StatusCode::kAborted);
    trace_->records[3].is_aborted = is_aborted;
    trace_->records[3].is_in_transaction = in_transaction_[0] = false;
    Begin(4);
    Lock(4, 1);
    EXPECT_EQ(Order().in_flight.has_value(), !is_aborted);
  }
}

// It keeps nobody waiting for a commit that was attempted meanwhile.
TEST_F(ErrorOrderTest, WhatFollowsAFailureMayBeBeforeALaterCommit) {
  Use({By(0, PutBlob(0, 10)), By(0, StepKind::kRead), By(1, PutBlob(0, 20))});
  Begin(2);
  Begin(4);
  Lock(4, 1);
  Fail(2);
  Run(3, After({}, 3));
  Return(4);
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4));
}

TEST_F(ErrorOrderTest, BusyBesideAConnectionThatHadAnErrorIsARefusal) {
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20))});
  Begin(2);
  Fail(2);
  Run(3, {kBusy, 0});
  EXPECT_EQ(KindOf(3), Kind::kRefused);
}

TEST_F(ErrorOrderTest, BusyAfterThatConnectionsNextStepIsForTheJudgement) {
  Use({By(0, PutBlob(0, 10)), By(0, StepKind::kRead), By(1, PutBlob(0, 20)),
       By(0, StepKind::kRead)});
  Begin(2);
  Fail(2);
  Run(3, After({}, 3));
  Run(4, {kBusy, 0});
  Run(5, After({}, 5));
  EXPECT_EQ(KindOf(4), Kind::kReturned);
}

// Who opens it does not recover what another one has open.
TEST_F(ErrorOrderTest, AnOpenBesideAnotherClientIsShared) {
  Use({By(1, StepKind::kClose), By(0, StepKind::kReopen)});
  const auto is_shared = [this](std::size_t i) {
    const std::vector<OrderedStep> steps = Order().steps;
    return std::any_of(steps.begin(), steps.end(), [i](const OrderedStep& s) {
      return s.step == i && s.is_shared;
    });
  };
  Run(2);
  Run(3, {absl::StatusCode::kOk, base()});
  EXPECT_TRUE(is_shared(1));
  EXPECT_FALSE(is_shared(3));
}

// What an earlier round left in the page is no answer.
TEST_F(ErrorOrderTest, WhatIsInFlightHasNoAnswerYet) {
  trace_->records[2].code = static_cast<std::int32_t>(kRefused);
  trace_->records[2].errors = 3;
  trace_->records[2].returned_at = 1;
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20))});
  Begin(2);
  Lock(2, 1);
  Begin(3);
  Lock(3, 2);
  EXPECT_EQ(KindOf(2), Kind::kPresumed);
  EXPECT_EQ(Order().in_flight, 3u);
}

}  // namespace
}  // namespace lastcommit
