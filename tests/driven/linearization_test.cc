// Orders of requests that overlapped.

#include "driven/linearization.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "driven/plans.h"
#include "gmock/gmock.h"
#include "queue/specs.h"

namespace lastcommit::driven {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Step Get(int key) {
  return StepOf(pairs::Make(pairs::Kind::kGet, {.key = key}));
}

// Requests of client 0 and client 1, asked and answered by hand.
class LinearizationTest : public testing::Test {
 protected:
  explicit LinearizationTest(Plan plan = PairsPlan())
      : plan_(std::move(plan)), order_(plan_, "/db") {}

  // As long as it opens, nobody else is asked.
  void Open() {
    Ask(0, 0);
    Say("{\"id\":1}");
  }
  // Both are asked, and then both are answered.
  void OpenAndOverlap(std::size_t first, std::size_t second) {
    Open();
    Ask(first);
    Ask(second);
    Say("{\"id\":2}");
    Say("{\"id\":3}");
  }
  // The first question of the step.
  std::int64_t Ask(std::size_t step, std::size_t number = 0) {
    const Question question = QuestionsOf(plan_, 0, step)[number];
    order_.Ask(question, *order_.RequestOf(question), ++ids_, lines_);
    return ids_;
  }
  void Say(const std::string& line) {
    text_ += line + "\n";
    // They may come in another order than they were asked in.
    AnswerReader reader;
    for (std::int64_t id = 1; id <= ids_; ++id) reader.Expect(id, 1);
    ASSERT_TRUE(reader.Take(text_).ok());
    lines_ = reader.answers().line_ends.size();
    if (line.find("ack") != std::string::npos) return;
    order_.Answer(reader.answers().replies.back());
  }
  // The value that a get answers with, in JSON.
  std::string ValueOf(std::size_t step) const {
    const auto request = RequestFor(QuestionsOf(plan_, 0, step)[0], "/db",
                                    ReferenceModel(*plan_.dialect).rows());
    return request->at("value").dump();
  }
  std::vector<std::int64_t> Ids() const {
    std::vector<std::int64_t> ids;
    for (const Exchange& exchange : order_.Order().exchanges) {
      ids.push_back(exchange.id);
    }
    return ids;
  }

  const Plan plan_;
  Linearization order_;

 private:
  static Plan PairsPlan() {
    return PlanOf({Put(1, 1), Of(1, Put(1, 2)), Of(1, Get(1)), Put(2, 3),
                   Of(1, Put(3, 4)), Of(2, Put(5, 6))});
  }

  std::int64_t ids_ = 0;
  std::size_t lines_ = 0;
  std::string text_;
};

TEST_F(LinearizationTest, OneAfterTheOtherIsTheOnlyOrder) {
  Open();
  Ask(1);
  Say("{\"id\":2}");
  Ask(3);
  Say("{\"id\":3,\"value\":" + ValueOf(1) + "}");
  EXPECT_EQ(order_.unexplained(), "");
  EXPECT_EQ(order_.overlaps(), 0);
  EXPECT_THAT(Ids(), ElementsAre(1, 2, 3));
}

// The get began before the put was answered, and has not seen it.
TEST_F(LinearizationTest, WhatOverlapsMayComeBefore) {
  Open();
  Ask(1);
  Ask(3);
  Say("{\"id\":2}");
  Say("{\"id\":3,\"error\":\"not_found\"}");
  EXPECT_EQ(order_.unexplained(), "");
  EXPECT_EQ(order_.overlaps(), 2);
  EXPECT_THAT(Ids(), ElementsAre(1, 3, 2));
}

TEST_F(LinearizationTest, WhatWasAnsweredBeforeComesBefore) {
  Open();
  Ask(1);
  Say("{\"id\":2}");
  Ask(3);
  Say("{\"id\":3,\"error\":\"not_found\"}");
  EXPECT_THAT(order_.unexplained(), HasSubstr("not_found"));
}

// Which of two puts came last shows only later.
TEST_F(LinearizationTest, WhatComesLaterDecides) {
  OpenAndOverlap(1, 2);
  Ask(3);
  Say("{\"id\":4,\"value\":" + ValueOf(1) + "}");
  EXPECT_EQ(order_.unexplained(), "");
  EXPECT_THAT(Ids(), ElementsAre(1, 3, 2, 4));
}

// A crash between them may leave one or the other, but not neither if one was
// acknowledged.
TEST_F(LinearizationTest, ACrashMayFitAnotherOrder) {
  OpenAndOverlap(4, 5);
  const State before = order_.Order().cuts[0];
  const State first = order_.Order().cuts[1];
  const State both = order_.Order().cuts[2];
  State second = both;
  for (const auto& [key, row] : first.rows) second.rows.erase(key);
  const auto fits = [this](std::size_t lines, const State& state) {
    return order_.MayBeAfter(lines, state) == Linearization::Fit::kFits;
  };
  for (const State& state : {before, first, second, both}) {
    EXPECT_TRUE(fits(1, state));
  }
  EXPECT_FALSE(fits(2, before));
  EXPECT_TRUE(fits(2, first));
  EXPECT_FALSE(fits(2, second));
  EXPECT_TRUE(fits(2, both));
}

// The other one was asked when the first was answered.
TEST_F(LinearizationTest, WhatIsNotAskedYetIsNotThere) {
  Open();
  Ask(4);
  Ask(3);
  Say("{\"id\":2}");
  Ask(5);
  Say("{\"id\":3,\"error\":\"not_found\"}");
  Say("{\"id\":4}");
  const State both = order_.Order().cuts.back();
  EXPECT_EQ(order_.MayBeAfter(1, both), Linearization::Fit::kDoesNot);
  EXPECT_EQ(order_.MayBeAfter(2, both), Linearization::Fit::kFits);
}

// Until a later answer says which was the last one.
TEST_F(LinearizationTest, WhenNobodyIsAskedEitherMayHaveBeenLast) {
  OpenAndOverlap(1, 2);
  const State last = order_.Order().cuts.back();
  const State first = order_.Order().cuts[1];
  ASSERT_NE(last.rows, first.rows);
  Ask(4);
  Say("{\"id\":4}");
  EXPECT_EQ(order_.MayBeAfter(3, last), Linearization::Fit::kFits);
  EXPECT_EQ(order_.MayBeAfter(3, first), Linearization::Fit::kFits);
  EXPECT_EQ(order_.MayBeAfter(3, order_.Order().cuts[0]),
            Linearization::Fit::kDoesNot);
}

TEST_F(LinearizationTest, WhatIsReadThenIsNoLongerOpen) {
  OpenAndOverlap(1, 2);
  const State last = order_.Order().cuts.back();
  Ask(3);
  Say("{\"id\":4,\"value\":" + ValueOf(1) + "}");
  EXPECT_EQ(order_.MayBeAfter(3, last), Linearization::Fit::kDoesNot);
}

TEST_F(LinearizationTest, BusyIsRightBesideAnother) {
  Open();
  Ask(1);
  Ask(2);
  Say("{\"id\":3,\"error\":\"busy\"}");
  Say("{\"id\":2}");
  EXPECT_EQ(order_.unexplained(), "");
  EXPECT_EQ(order_.Order().cuts.size(), 2u);
}

TEST_F(LinearizationTest, AloneNobodyIsBusy) {
  Open();
  Ask(1);
  Say("{\"id\":2,\"error\":\"busy\"}");
  EXPECT_THAT(order_.unexplained(), HasSubstr("the error busy"));
}

// Its effect is seen, or it is not.
TEST_F(LinearizationTest, OfTheKilledEitherMayBe) {
  Open();
  const std::int64_t id = Ask(1);
  Ask(3);
  Say("{\"id\":3,\"error\":\"not_found\"}");
  order_.Leave(id);
  EXPECT_EQ(order_.unexplained(), "");
  Ask(3);
  Say("{\"id\":4,\"value\":" + ValueOf(1) + "}");
  EXPECT_EQ(order_.unexplained(), "");
  EXPECT_THAT(Ids(), ElementsAre(1, 3, 2, 4));
}

// Later orders are tried all the same, and the recovery from a crash may find
// what the killed one had committed and told nobody.
TEST_F(LinearizationTest, AfterADeathOthersOverlap) {
  Open();
  order_.Leave(Ask(6));
  Ask(4);
  Ask(5);
  Say("{\"id\":3}");
  Say("{\"id\":4}");
  ASSERT_EQ(order_.Order().cuts.size(), 3u);
  const State first = order_.Order().cuts[1];
  State both = order_.Order().cuts[2];
  State second = both;
  for (const auto& [key, row] : first.rows) second.rows.erase(key);
  using enum Linearization::Fit;
  EXPECT_EQ(order_.MayBeAfter(1, second), kFits);
  EXPECT_EQ(order_.MayBeAfter(2, second), kDoesNot);
  ReferenceModel model(*plan_.dialect);
  model.Apply(plan_.rounds[0].steps[0]);
  model.Apply(plan_.rounds[0].steps[6]);
  const State killed = model.state();
  both.rows.insert(killed.rows.begin(), killed.rows.end());
  EXPECT_EQ(order_.MayBeAfter(3, both), kFits);
  EXPECT_EQ(order_.MayBeAfter(3, killed), kDoesNot);
  Ask(4);
  Say("{\"id\":5}");
  EXPECT_EQ(order_.MayBeAfter(4, both), kFits);
}

TEST_F(LinearizationTest, AnAcknowledgementIsBeforeWhatIsAskedThen) {
  Open();
  const std::int64_t id = Ask(1);
  order_.Acknowledge(id, 1);
  Say("{\"ack\":2}");
  Ask(3);
  Say("{\"id\":3,\"error\":\"not_found\"}");
  Say("{\"id\":2}");
  EXPECT_THAT(order_.unexplained(), HasSubstr("not_found"));
}

TEST_F(LinearizationTest, OfTheKilledNothingMayHaveHappened) {
  Open();
  order_.Leave(Ask(1));
  Ask(3);
  Say("{\"id\":3,\"error\":\"not_found\"}");
  EXPECT_EQ(order_.unexplained(), "");
  EXPECT_THAT(Ids(), ElementsAre(1, 3));
}

TEST_F(LinearizationTest, WhatItHadAcknowledgedIsThere) {
  Open();
  const std::int64_t id = Ask(1);
  order_.Acknowledge(id, 1);
  order_.Leave(id);
  Ask(3);
  Say("{\"id\":3,\"error\":\"not_found\"}");
  EXPECT_THAT(order_.unexplained(), HasSubstr("not_found"));
}

// The jobs of a queue are the same, but not their order.
class QueueLinearizationTest : public LinearizationTest {
 protected:
  QueueLinearizationTest() : LinearizationTest(QueuePlan()) {}

 private:
  static Plan QueuePlan() {
    using queue::Kind;
    Plan plan = PlanOf(
        {StepOf(queue::Make(Kind::kEnqueue, {.job = 1, .time = 1})),
         Of(1, StepOf(queue::Make(Kind::kEnqueue, {.job = 2, .time = 2}))),
         StepOf(queue::Make(Kind::kClaim, {.time = 3}))});
    plan.dialect = &queue::kVocabulary;
    return plan;
  }

 protected:
  void ExpectMayBeFirst(const std::string& job, int number) {
    OpenAndOverlap(1, 2);
    Ask(3);
    const nlohmann::json value = {job, queue::ValueOf({.job = number}, 0)};
    Say("{\"id\":4,\"value\":" + value.dump() + "}");
    EXPECT_EQ(order_.unexplained(), "");
  }
};

TEST_F(QueueLinearizationTest, TheOneThatWasAnsweredFirstMayBeClaimed) {
  ExpectMayBeFirst("job-1", 1);
}

TEST_F(QueueLinearizationTest, SoMayTheOther) { ExpectMayBeFirst("job-2", 2); }

}  // namespace
}  // namespace lastcommit::driven
