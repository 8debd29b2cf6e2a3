// Plans of stores that are driven from outside.

#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "keys/pairs.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

const GenerateOptions kWithTransactions = {
    .saver = "my-store",
    .dialect = &pairs::kVocabulary,
    .lacks = {StepKind::kSavepoint, StepKind::kRelease, StepKind::kRollbackTo,
              StepKind::kLiveRead, StepKind::kWalCheckpoint, StepKind::kVacuum,
              StepKind::kBackup, StepKind::kJournalMode, StepKind::kUnlink},
    .engine = EngineChoice::kRecord};

TEST(DrivenPlanTest, HasNoFaultAndOneClientAndTheProfileOfNone) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Plan plan = PlanAt({1, i}, kWithTransactions);
    EXPECT_EQ(plan.engine, Engine::kRecord);
    EXPECT_EQ(Clients(plan), 1);
    EXPECT_EQ(plan.profile, Profile());
    EXPECT_EQ(plan.images, 0);
    for (const Round& round : plan.rounds) {
      EXPECT_FALSE(HasCrash(round));
      EXPECT_EQ(ErrorStep(round), std::nullopt);
    }
  }
}

TEST(DrivenPlanTest, HasNoStepThatTheStoreLacks) {
  int transactions = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    for (const Round& round : PlanAt({1, i}, kWithTransactions).rounds) {
      for (const Step& step : round.steps) {
        EXPECT_FALSE(kWithTransactions.Lacks(step.kind)) << Name(step.kind);
        transactions += step.kind == StepKind::kBegin ? 1 : 0;
      }
    }
  }
  EXPECT_GT(transactions, 50);
}

TEST(DrivenPlanTest, ComesBackFromItsText) {
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Plan plan = PlanAt({2, i}, kWithTransactions);
    const auto parsed = ParsePlan(PrintPlan(plan), "a.plan");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, plan);
  }
}

}  // namespace
}  // namespace lastcommit
