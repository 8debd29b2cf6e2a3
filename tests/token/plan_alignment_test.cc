#include "token/plan_alignment.h"

#include <utility>

#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Step Blob(std::int64_t size) {
  return {.kind = StepKind::kPutBlob, .content = {size, 7}};
}

Round RoundOf(std::vector<Step> steps) {
  steps.insert(steps.begin(), {.kind = StepKind::kOpen});
  steps.push_back({.kind = StepKind::kClose});
  return {std::move(steps)};
}

Plan PlanOf(std::vector<Round> rounds) {
  Plan plan;
  plan.rounds = std::move(rounds);
  return plan;
}

TEST(PlanAlignmentTest, APlanIsAlignedWithItself) {
  const Plan plan = PlanOf({RoundOf({Blob(1)}), RoundOf({})});
  const auto rounds = Align(plan, plan);
  ASSERT_THAT(rounds, SizeIs(2));
  EXPECT_EQ(rounds[0].round, 0u);
  EXPECT_THAT(rounds[0].steps, ElementsAre(0, 1, 2));
  EXPECT_EQ(rounds[1].round, 1u);
}

TEST(PlanAlignmentTest, OfLikeStepsTheOneWithTheSameFieldsIsMeant) {
  const Plan generated = PlanOf({RoundOf({Blob(10), Blob(20), Blob(30)})});
  const auto rounds = Align(generated, PlanOf({RoundOf({Blob(20)})}));
  EXPECT_THAT(rounds[0].steps, ElementsAre(0, 2, 4));
}

TEST(PlanAlignmentTest, ARoundThatWasDroppedIsSkipped) {
  const Plan generated =
      PlanOf({RoundOf({Blob(10)}), RoundOf({{.kind = StepKind::kVacuum}})});
  const auto rounds =
      Align(generated, PlanOf({RoundOf({{.kind = StepKind::kVacuum}})}));
  ASSERT_THAT(rounds, SizeIs(1));
  EXPECT_EQ(rounds[0].round, 1u);
}

TEST(PlanAlignmentTest, ARoundWithAStepThatWasNotGeneratedIsNew) {
  const Plan generated = PlanOf({RoundOf({Blob(10)})});
  const Round with_read = RoundOf({{.kind = StepKind::kRead}});
  const auto rounds =
      Align(generated, PlanOf({generated.rounds[0], with_read}));
  ASSERT_THAT(rounds, SizeIs(2));
  EXPECT_EQ(rounds[0].round, 0u);
  EXPECT_EQ(rounds[1].round, std::nullopt);
  EXPECT_THAT(rounds[1].steps, IsEmpty());
}

TEST(PlanAlignmentTest, StepsInAnotherOrderAreANewRound) {
  const Step read = {.kind = StepKind::kRead};
  const auto rounds = Align(PlanOf({RoundOf({Blob(10), read})}),
                            PlanOf({RoundOf({read, Blob(10)})}));
  EXPECT_EQ(rounds[0].round, std::nullopt);
}

}  // namespace
}  // namespace lastcommit
