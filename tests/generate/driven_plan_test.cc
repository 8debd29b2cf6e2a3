// Plans of stores that are driven from outside.

#include <algorithm>
#include <iterator>

#include "checkpoints/specs.h"
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

TEST(DrivenPlanTest, HasNoOperationThatTheStoreLacks) {
  GenerateOptions options = kWithTransactions;
  options.dialect = &checkpoints::kVocabulary;
  int drawn[6] = {};
  const auto count = [&](std::uint64_t seed) {
    for (std::uint64_t i = 0; i < 200; ++i) {
      for (const Round& round : PlanAt({seed, i}, options).rounds) {
        for (const Step& step : round.steps) {
          if (!IsOperation(step.kind)) continue;
          ++drawn[static_cast<int>(checkpoints::KindOf(step.operation))];
        }
      }
    }
  };
  count(1);
  for (const int of_kind : drawn) EXPECT_GT(of_kind, 20);
  std::fill(std::begin(drawn), std::end(drawn), 0);
  using checkpoints::Kind;
  options.lacks_operations = {&checkpoints::SpecOf(Kind::kPutStep),
                              &checkpoints::SpecOf(Kind::kDeleteThread)};
  count(1);
  EXPECT_EQ(drawn[static_cast<int>(Kind::kPutStep)], 0);
  EXPECT_EQ(drawn[static_cast<int>(Kind::kDeleteThread)], 0);
  EXPECT_GT(drawn[static_cast<int>(Kind::kPutBytes)], 20);
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
