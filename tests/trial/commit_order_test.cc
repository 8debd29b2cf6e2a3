// Records of rounds written by hand, in the order in which things happened.

#include "trial/commit_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

using Kind = OrderedStep::Kind;
using ::testing::ElementsAre;

constexpr absl::StatusCode kBusy = absl::StatusCode::kUnavailable;
constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;

Step By(int client, Step step) {
  step.client = client;
  return step;
}
Step By(int client, StepKind kind) { return By(client, StepOf(kind)); }

// Two clients, on a database that has its schema and a task with version 1. The
// first two steps are their opens, and have returned.
class CommitOrderTest : public testing::Test {
 protected:
  CommitOrderTest() {
    before_.Apply(StepOf(StepKind::kOpen));
    before_.Apply(StepOf(StepKind::kCreateTask));
    before_.Apply(StepOf(StepKind::kClose));
  }

  void Use(std::vector<Step> steps) {
    round_.steps = {By(0, StepKind::kOpen), By(1, StepKind::kOpen)};
    for (Step& step : steps) round_.steps.push_back(std::move(step));
    ClearRound(*page_, round_.steps.size());
    for (const std::size_t open : {0, 1}) {
      Begin(open);
      Return(open, {absl::StatusCode::kOk, base()});
    }
  }

  std::int64_t base() const { return before_.state().cut; }

  // ---- What happens, one after the other ----

  void Begin(std::size_t i) {
    StepRecord& record = page_->records[i];
    record.intended_at = ++page_->now;
    record.acknowledged_at = kNever;
    record.progress = Progress::kIntended;
  }
  // It has the write lock, and would be commit `number` of the round.
  void Lock(std::size_t i, std::int64_t number) {
    page_->records[i].attempted = base() + number;
  }
  void Return(std::size_t i, const Outcome& outcome = {}) {
    StepRecord& record = page_->records[i];
    record.code = static_cast<std::int32_t>(outcome.code);
    record.value = outcome.value;
    const StepKind kind = round_.steps[i].kind;
    record.has_saver = kind != StepKind::kClose;
    bool& is_open = in_transaction_[round_.steps[i].client];
    if (outcome.code == absl::StatusCode::kOk) {
      if (kind == StepKind::kBegin) is_open = true;
      if (kind == StepKind::kCommit || kind == StepKind::kRollback) {
        is_open = false;
      }
    }
    record.is_in_transaction = is_open;
    record.is_aborted = false;
    record.returned_at = ++page_->now;
    record.progress = Progress::kReturned;
  }
  void Run(std::size_t i, const Outcome& outcome = {}) {
    Begin(i);
    Return(i, outcome);
  }
  void RunAsCommit(std::size_t i, std::int64_t number) {
    Begin(i);
    Lock(i, number);
    Return(i);
  }

  // What the step answers after those.
  Outcome After(const std::vector<std::size_t>& steps, std::size_t i) const {
    ReferenceModel model = before_;
    for (const std::size_t step : steps) model.Apply(round_.steps[step]);
    return model.Apply(round_.steps[i]);
  }

  CommitOrder Order(std::optional<DeathOfOne> death = std::nullopt) const {
    return OrderSteps(round_, *page_, death, before_);
  }
  // Behind the opens.
  std::vector<std::size_t> Sorted() const {
    std::vector<std::size_t> steps;
    for (const OrderedStep& ordered : Order().steps) {
      if (ordered.step > 1) steps.push_back(ordered.step);
    }
    return steps;
  }
  // How the step takes part; nullopt: not at all.
  std::optional<Kind> KindOf(
      std::size_t i, std::optional<DeathOfOne> death = std::nullopt) const {
    for (const OrderedStep& ordered : Order(death).steps) {
      if (ordered.step == i) return ordered.kind;
    }
    return std::nullopt;
  }

  Round round_;
  std::unique_ptr<SharedPage> page_ = std::make_unique<SharedPage>();
  ReferenceModel before_;
  bool in_transaction_[kMaxClients] = {};
};

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
  const DeathOfOne death = {1, page_->now};
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
  Step create = By(1, StepKind::kCreateTask);
  create.task = 1;
  Step again = By(0, StepKind::kCreateTask);
  again.task = 1;
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

TEST_F(CommitOrderTest, AnUpdateMayLoseARaceToOneOfTheSameTask) {
  Use({By(0, StepKind::kUpdateTask), By(1, StepKind::kUpdateTask)});
  Begin(2);
  Begin(3);
  Lock(3, 1);
  Return(3, {absl::StatusCode::kOk, 2});
  Return(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kRefused);
}

// It keeps nobody waiting for a commit that was attempted meanwhile.
TEST_F(CommitOrderTest, WhatFollowsALostRaceMayBeBeforeALaterCommit) {
  Use({By(0, StepKind::kUpdateTask), By(1, StepKind::kUpdateTask),
       By(1, PutBlob(0, 20)), By(0, StepKind::kRead)});
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
  Step other = By(1, StepKind::kCreateTask);
  other.task = 1;
  Use({By(0, StepKind::kUpdateTask), other});
  Begin(2);
  RunAsCommit(3, 1);
  Return(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

TEST_F(CommitOrderTest, AnUpdateLosesNoRaceToWhatWasOverWhenItBegan) {
  Use({By(0, StepKind::kUpdateTask), By(1, StepKind::kUpdateTask)});
  Begin(3);
  Lock(3, 1);
  Return(3, {absl::StatusCode::kOk, 2});
  Run(2, {kRefused, 0});
  EXPECT_EQ(KindOf(2), Kind::kReturned);
}

// ---- One client ----

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

// ---- Errors ----

class ErrorOrderTest : public CommitOrderTest {
 protected:
  // A call of it was made to fail.
  void Fail(std::size_t i, absl::StatusCode code = absl::StatusCode::kUnknown) {
    Return(i, {code, 0});
    for (std::size_t later = i; later < round_.steps.size(); ++later) {
      if (round_.steps[later].client == round_.steps[i].client) {
        ++page_->records[later].errors;
      }
    }
  }
  void FailInDoubt(std::size_t i, std::int64_t number) {
    Begin(i);
    Lock(i, number);
    Fail(i);
    page_->records[i].is_in_doubt = true;
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
  EXPECT_EQ(steps[2].shown_at, page_->records[3].returned_at);
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
  const DeathOfOne death = {1, ++page_->now};
  Lock(2, 1);
  page_->records[2].is_in_doubt = true;
  Fail(2);
  page_->records[2].is_in_doubt = true;
  Begin(5);
  Lock(5, 2);
  EXPECT_EQ(KindOf(2, death), Kind::kPresumed);
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
  EXPECT_EQ(steps[0].shown_at, page_->records[0].returned_at);
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

// Its transaction has no lock any more, and others commit.
TEST_F(ErrorOrderTest, WhatFollowsAnAbortIsNotPartOfTheTransaction) {
  Use({By(0, StepKind::kBegin), By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20)),
       By(0, StepKind::kLiveRead)});
  Begin(2);
  Lock(2, 1);
  Return(2);
  Begin(3);
  Fail(3, absl::StatusCode::kAborted);
  page_->records[3].is_aborted = true;
  page_->records[3].is_in_transaction = in_transaction_[0] = false;
  RunAsCommit(4, 1);
  Run(5, After({4}, 5));
  EXPECT_THAT(Sorted(), ElementsAre(2, 3, 4, 5));
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
  page_->records[2].code = static_cast<std::int32_t>(kRefused);
  page_->records[2].errors = 3;
  page_->records[2].returned_at = 1;
  Use({By(0, PutBlob(0, 10)), By(1, PutBlob(0, 20))});
  Begin(2);
  Lock(2, 1);
  Begin(3);
  Lock(3, 2);
  EXPECT_EQ(KindOf(2), Kind::kPresumed);
  EXPECT_EQ(Order().in_flight, 3u);
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
  page_->records[1].has_saver = false;
  Run(3);
  EXPECT_FALSE(Order().closed_alone);
  Run(1, {kBusy, 0});
  page_->records[1].has_saver = false;
  Run(2);
  Run(3);
  EXPECT_TRUE(Order().closed_alone);
}

TEST_F(CommitOrderTest, WhereNobodyCouldOpenNobodyHasClosed) {
  Use({By(0, StepKind::kClose), By(1, StepKind::kClose)});
  for (const std::size_t open : {0, 1}) {
    Run(open, {kBusy, 0});
    page_->records[open].has_saver = false;
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
  const DeathOfOne death = {1, ++page_->now};
  Begin(3);
  Lock(3, 1);
  EXPECT_EQ(KindOf(2, death), Kind::kGone);
  EXPECT_EQ(Order(death).in_flight, 3u);
}

TEST_F(CommitOrderTest, OfOneClientItIsTheOrderOfThePlan) {
  round_.steps = {StepOf(StepKind::kOpen), PutBlob(0, 10), PutBlob(1, 10),
                  StepOf(StepKind::kClose)};
  ClearRound(*page_, round_.steps.size());
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
