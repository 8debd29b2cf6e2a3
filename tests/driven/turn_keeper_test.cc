// Who of several clients is asked, and goes on, when.

#include "driven/turn_keeper.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "driven/plans.h"
#include "gmock/gmock.h"
#include "queue/specs.h"

namespace lastcommit::driven {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ConductedCall kWrite = {.call = WatchedCall::kPwrite,
                                  .name = "store.db-wal"};
constexpr bool kBefore = true;
constexpr bool kAfter = false;

class TurnKeeperTest : public testing::Test {
 protected:
  // Both have opened, and client 0 has been asked to put.
  TurnKeeper& Begin(Plan plan) {
    plan_ = std::move(plan);
    keeper_.emplace(plan_, "/db");
    keeper_->Begin([this](const Requests& requests) {
      reader_.Expect(requests.first, requests.count);
      asked_.push_back(absl::StrCat(requests.client, ":", requests.first));
      const auto line = nlohmann::json::parse(requests.lines);
      if (line.contains("now")) times_.push_back(line["now"]);
    });
    for (int i = 0; i < 4; ++i) Answer(i % 2 == 0 ? "" : ",\"rows\":[]");
    asked_.erase(asked_.begin(), asked_.begin() + 4);
    return *keeper_;
  }
  // What was asked, in its order.
  void Answer(const std::string& more = "") { AnswerOf(++answered_, more); }
  void AnswerOf(int id, const std::string& more = "") {
    const auto status = reader_.Take(absl::StrCat("{\"id\":", id, more, "}\n"));
    ASSERT_TRUE(status.ok()) << status;
    keeper_->TakeAnswers(reader_.answers());
  }

  static Plan TwoPuts(Step first) {
    return PlanOf({Of(1, {.kind = StepKind::kOpen}), std::move(first),
                   Of(1, Put(2, 2)), Of(1, {.kind = StepKind::kClose})});
  }

  static Step PutWithSwitch(std::int64_t at) {
    Step put = Put(1, 1);
    put.switches = {{.at = at, .to = 1}};
    return put;
  }

  std::vector<std::string> asked_;  // "client:id"
  std::vector<int> times_;

 private:
  Plan plan_;
  std::optional<TurnKeeper> keeper_;
  AnswerReader reader_;
  int answered_ = 0;
};

TEST_F(TurnKeeperTest, TheyAreAskedInTheOrderOfThePlan) {
  TurnKeeper& keeper = Begin(TwoPuts(Put(1, 1)));
  EXPECT_THAT(asked_, ElementsAre("0:5"));
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  EXPECT_EQ(keeper.turn(), 0);
  Answer();
  EXPECT_EQ(keeper.turn(), 1);
  Answer();
  // State and close, of one and of the other.
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(keeper.is_over());
    Answer(i % 2 == 0 ? ",\"rows\":[]" : "");
  }
  EXPECT_THAT(asked_, ElementsAre("0:5", "1:6", "1:7", "1:8", "0:9", "0:10"));
  EXPECT_TRUE(keeper.is_over());
  EXPECT_THAT(keeper.switches(), IsEmpty());
  EXPECT_EQ(keeper.linearization().overlaps(), 0);
}

// After its first call; the other one puts, and then it goes on.
TEST_F(TurnKeeperTest, ASwitchLeavesOneInTheMiddle) {
  TurnKeeper& keeper = Begin(TwoPuts(PutWithSwitch(2)));
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  EXPECT_EQ(keeper.turn(), 0);
  EXPECT_TRUE(keeper.LivesAt(kWrite, kAfter));
  EXPECT_EQ(keeper.turn(), 1);
  EXPECT_THAT(asked_, ElementsAre("0:5", "1:6"));
  AnswerOf(6);
  EXPECT_EQ(keeper.turn(), 0);
  AnswerOf(5);
  EXPECT_THAT(asked_, ElementsAre("0:5", "1:6", "1:7"));
  ASSERT_EQ(keeper.switches().size(), 1u);
  EXPECT_EQ(keeper.switches()[0].step, 2u);
  EXPECT_EQ(keeper.switches()[0].call->role, FileRole::kWal);
  EXPECT_EQ(keeper.linearization().overlaps(), 2);
}

TEST_F(TurnKeeperTest, WhoWaitsLetsTheOtherGoOn) {
  TurnKeeper& keeper = Begin(TwoPuts(PutWithSwitch(1)));
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  EXPECT_EQ(keeper.turn(), 1);
  keeper.Waits();
  EXPECT_EQ(keeper.turn(), 0);
  AnswerOf(5);
  EXPECT_EQ(keeper.turn(), 1);
}

TEST_F(TurnKeeperTest, OneIsKilledAloneAtItsCall) {
  Step first = Put(1, 1);
  first.crash =
      CrashPoint{.io = 2, .moment = Moment::kAfter, .is_of_one = true};
  TurnKeeper& keeper = Begin(TwoPuts(first));
  const ConductedCall lock = {.call = WatchedCall::kFcntl, .name = "store.db"};
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  EXPECT_TRUE(keeper.LivesAt(kWrite, kAfter));
  EXPECT_TRUE(keeper.LivesAt(lock, kBefore));
  EXPECT_TRUE(keeper.LivesAt(lock, kAfter));
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  EXPECT_FALSE(keeper.LivesAt(kWrite, kAfter));
  EXPECT_TRUE(keeper.has_killed());
  EXPECT_THAT(asked_, ElementsAre("0:5"));
  keeper.IsGone(0);
  EXPECT_EQ(keeper.turn(), 1);
  AnswerOf(6);
  AnswerOf(7, ",\"rows\":[]");
  AnswerOf(8);
  // Its close is asked of nobody.
  EXPECT_TRUE(keeper.is_over());
  ASSERT_TRUE(keeper.deaths()[0].has_value());
  EXPECT_EQ(keeper.deaths()[0]->step, 2u);
  EXPECT_EQ(keeper.deaths()[0]->point.io, 2);
}

// What overlaps has one time; else it goes on, whoever is asked.
TEST_F(TurnKeeperTest, TimeGoesUpInTheOrderOfTheQuestions) {
  const auto enqueue = [](int job) {
    return StepOf(
        queue::Make(queue::Kind::kEnqueue, {.job = job, .time = job}));
  };
  Step first = enqueue(1);
  first.switches = {{.at = 1, .to = 1}};
  Step read = {.kind = StepKind::kRead, .switches = {{.at = 1, .to = 1}}};
  Plan plan = PlanOf({Of(1, {.kind = StepKind::kOpen}), first, enqueue(2), read,
                      Of(1, enqueue(3)), Of(1, enqueue(4)),
                      Of(1, {.kind = StepKind::kClose})});
  plan.dialect = &queue::kVocabulary;
  TurnKeeper& keeper = Begin(plan);
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  AnswerOf(6);  // enqueue(3), beside the first
  AnswerOf(5);
  AnswerOf(7);  // enqueue(2)
  EXPECT_TRUE(keeper.LivesAt(kWrite, kBefore));
  AnswerOf(9);  // enqueue(4), beside the state
  EXPECT_THAT(times_, ElementsAre(10, 10, 30, 40));
}

}  // namespace
}  // namespace lastcommit::driven
