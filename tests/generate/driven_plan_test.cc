// Plans of stores that are driven from outside.

#include <algorithm>
#include <iterator>
#include <set>

#include "checkpoints/specs.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "keys/pairs.h"
#include "plan/codec.h"
#include "queue/specs.h"

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

GenerateOptions OfSeveral(const Vocabulary& dialect) {
  GenerateOptions options = kWithTransactions;
  options.dialect = &dialect;
  options.clients = {1, 3};
  return options;
}

// One at a time goes on: nobody waits for another one's transaction.
TEST(DrivenPlanTest, SeveralClientsHaveNoTransactions) {
  int of_several = 0;
  int overlap = 0;
  int deaths = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const Plan plan = PlanAt({1, i}, OfSeveral(pairs::kVocabulary));
    if (Clients(plan) == 1) {
      EXPECT_EQ(plan.schedule, Schedule());
      continue;
    }
    ++of_several;
    overlap += plan.schedule == Schedule() ? 0 : 1;
    for (const Round& round : plan.rounds) {
      deaths += DeathStep(round).has_value() ? 1 : 0;
      EXPECT_EQ(CrashStep(round), std::nullopt);
      for (const Step& step : round.steps) {
        EXPECT_NE(step.kind, StepKind::kBegin);
      }
    }
    const auto parsed = ParsePlan(PrintPlan(plan), "a.plan");
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, plan);
  }
  EXPECT_GT(of_several, 30);
  EXPECT_GT(overlap, of_several / 2);
  EXPECT_LT(overlap, of_several);
  EXPECT_GT(deaths, 5);
}

// What each of them drew for itself is one time, and no job is there twice.
TEST(DrivenPlanTest, ClientsOfAQueueHaveOneTime) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    int time = -1;
    std::set<int> jobs;
    for (const Round& round :
         PlanAt({1, i}, OfSeveral(queue::kVocabulary)).rounds) {
      for (const Step& step : round.steps) {
        if (!IsOperation(step.kind)) continue;
        const queue::Arguments arguments = queue::ArgumentsOf(step.operation);
        EXPECT_GT(arguments.time, time);
        time = arguments.time;
        const queue::Kind kind = queue::KindOf(step.operation);
        if (kind != queue::Kind::kEnqueue &&
            kind != queue::Kind::kEnqueueBatch) {
          continue;
        }
        for (int job = 0; job < arguments.count; ++job) {
          EXPECT_TRUE(jobs.insert(arguments.job + job).second);
        }
      }
    }
  }
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
