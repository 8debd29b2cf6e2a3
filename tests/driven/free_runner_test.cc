// Whom of several clients that run freely is asked what, and when.

#include "driven/free_runner.h"

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

constexpr char kBusy[] = ",\"error\":\"busy\"";

class FreeRunnerTest : public testing::Test {
 protected:
  void Begin(Plan plan) {
    plan_ = std::move(plan);
    runner_.emplace(plan_, "/db");
    runner_->Begin([this](const Requests& requests) {
      reader_.Expect(requests.first, requests.count);
      const auto line = nlohmann::json::parse(requests.lines);
      asked_.push_back(
          absl::StrCat(requests.client, ":", line["do"].get<std::string>()));
    });
  }
  // What was asked since the last time.
  std::vector<std::string> Asked() { return std::exchange(asked_, {}); }
  void Answer(int id, const std::string& more = "") {
    const auto status = reader_.Take(absl::StrCat("{\"id\":", id, more, "}\n"));
    ASSERT_TRUE(status.ok()) << status;
    runner_->TakeAnswers(reader_.answers());
  }
  // Both have opened.
  void BeginOpen(Plan plan) {
    Begin(std::move(plan));
    Answer(1);
    Answer(2);
    Answer(3, ",\"rows\":[]");
    Answer(4, ",\"rows\":[]");
  }

  Plan plan_;
  std::optional<FreeRunner> runner_;

 private:
  AnswerReader reader_;
  std::vector<std::string> asked_;
};

Plan TwoPuts() {
  return PlanOf({Of(1, {.kind = StepKind::kOpen}), Put(1, 1), Of(1, Put(2, 2)),
                 Of(1, {.kind = StepKind::kClose})});
}

TEST_F(FreeRunnerTest, AllAreAskedAtOnceAndEachInItsOrder) {
  Begin(TwoPuts());
  EXPECT_THAT(Asked(), ElementsAre("0:open", "1:open"));
  Answer(2);
  EXPECT_THAT(Asked(), ElementsAre("1:state"));
  Answer(1);
  EXPECT_THAT(Asked(), ElementsAre("0:state"));
  Answer(4, ",\"rows\":[]");
  EXPECT_THAT(Asked(), ElementsAre("0:put"));
  Answer(3, ",\"rows\":[]");
  EXPECT_THAT(Asked(), ElementsAre("1:put"));
  EXPECT_EQ(runner_->UnderWay(),
            "round 1, step 2, client 0: put \"key-1\", 22 bytes (seed 1); "
            "round 1, step 3, client 1: put \"key-2\", 22 bytes (seed 2)");
}

TEST_F(FreeRunnerTest, ItIsOverWhenAllIsAnswered) {
  BeginOpen(TwoPuts());
  Answer(5);
  Answer(6);
  Answer(7, ",\"rows\":[]");
  Answer(8, ",\"rows\":[]");
  Answer(9);
  EXPECT_FALSE(runner_->is_over());
  Answer(10);
  EXPECT_TRUE(runner_->is_over());
  EXPECT_EQ(runner_->UnderWay(), "");
}

// The next round begins when all of this one is answered.
TEST_F(FreeRunnerTest, ARoundEndsBeforeTheNextOne) {
  Plan plan = TwoPuts();
  plan.rounds.push_back(plan.rounds[0]);
  BeginOpen(std::move(plan));
  for (int id = 5; id <= 9; ++id) {
    Answer(id, id == 7 || id == 8 ? ",\"rows\":[]" : "");
  }
  Asked();
  Answer(10);
  EXPECT_EQ(Asked().size(), 2u);
}

// As the search for an order of them needs it.
TEST_F(FreeRunnerTest, SoManyOverlapAtMostAndThenAllAreAnswered) {
  std::vector<Step> steps = {Of(1, {.kind = StepKind::kOpen})};
  for (int i = 0; i < 20; ++i) steps.push_back(Put(i, 1));
  for (int i = 0; i < 20; ++i) steps.push_back(Of(1, Put(50 + i, 1)));
  steps.push_back(Of(1, {.kind = StepKind::kClose}));
  // Two opens, two states, two puts.
  BeginOpen(PlanOf(std::move(steps)));
  EXPECT_EQ(Asked().size(), Questioner::kMostOpen);
  Answer(5);
  EXPECT_THAT(Asked(), IsEmpty());
  Answer(6);
  EXPECT_THAT(Asked(), ElementsAre("0:put", "1:put"));
  // Client 0 alone answers.
  for (int id : {7, 9, 10, 11}) {
    Answer(id);
    EXPECT_THAT(Asked(), ElementsAre("0:put")) << id;
  }
  Answer(12);
  EXPECT_THAT(Asked(), IsEmpty());
  Answer(8);
  EXPECT_EQ(Asked().size(), 2u);
}

// Who cannot open the store waits until another one has been answered.
TEST_F(FreeRunnerTest, ABusyOpenIsAskedAgain) {
  Begin(TwoPuts());
  Asked();
  Answer(2, kBusy);
  EXPECT_THAT(Asked(), IsEmpty());
  Answer(1);
  EXPECT_THAT(Asked(), ElementsAre("1:open", "0:state"));
}

TEST_F(FreeRunnerTest, AloneItIsAskedAgainAtOnceButNotForEver) {
  Begin(TwoPuts());
  Answer(1);
  Answer(3, ",\"rows\":[]");
  Answer(4);  // client 0 has nothing left but to close
  Answer(5, ",\"rows\":[]");
  Answer(6);
  Asked();
  int opens = 0;
  Answer(2, kBusy);
  for (int id = 7; Asked() == std::vector<std::string>{"1:open"}; ++id) {
    ASSERT_LT(++opens, 100);
    Answer(id, kBusy);
  }
  EXPECT_EQ(opens, 20);
}

// What is asked of a job depends on who has it.
TEST_F(FreeRunnerTest, WhatDependsOnTheRowsIsAskedAlone) {
  using queue::Kind;
  const auto enqueue = [](int job, int time) {
    return Of(1,
              StepOf(queue::Make(Kind::kEnqueue, {.job = job, .time = time})));
  };
  Plan plan =
      PlanOf({Of(1, {.kind = StepKind::kOpen}),
              StepOf(queue::Make(Kind::kEnqueue, {.job = 1})),
              StepOf(queue::Make(Kind::kClaim, {.time = 1, .lease = 60})),
              StepOf(queue::Make(Kind::kComplete, {.time = 2})), enqueue(2, 3),
              enqueue(3, 4), enqueue(4, 5), Of(1, {.kind = StepKind::kClose})});
  plan.dialect = &queue::kVocabulary;
  BeginOpen(std::move(plan));
  Answer(5);
  Asked();
  Answer(6);
  EXPECT_THAT(Asked(), ElementsAre("0:claim", "1:enqueue"));
  const nlohmann::json job = {queue::JobName(1), queue::ValueOf({.job = 1}, 0)};
  Answer(7, absl::StrCat(",\"value\":", job.dump()));
  // Client 1 is still asked.
  EXPECT_THAT(Asked(), IsEmpty());
  Answer(8);
  // Nobody is, and beside this one nobody will be.
  EXPECT_THAT(Asked(), ElementsAre("0:complete"));
  Answer(9);
  EXPECT_THAT(Asked(), ElementsAre("1:enqueue", "0:state"));
}

}  // namespace
}  // namespace lastcommit::driven
