// Who dies and who works in plans of several clients.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kPlansOfClients = 300;

std::vector<Plan> PlansOf(int clients,
                          FaultChoice fault = FaultChoice::kMixed) {
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < kPlansOfClients; ++i) {
    plans.push_back(PlanAt(
        {1, i},
        {.engine = EngineChoice::kSim, .fault = fault, .clients = clients}));
  }
  return plans;
}

TEST(ClientsPlanTest, OneClientHasNoScheduleAndDoesNotDieAlone) {
  for (const Plan& plan : PlansOf(1)) {
    EXPECT_EQ(plan.schedule, Schedule());
    for (const Round& round : plan.rounds) {
      EXPECT_FALSE(DeathStep(round).has_value());
    }
  }
}

TEST(ClientsPlanTest, SomeKillsAreOfOneAndSomeOfAll) {
  int of_one = 0;
  int of_all = 0;
  int of_both = 0;
  for (const Plan& plan : PlansOf(2, FaultChoice::kKill)) {
    for (const Round& round : plan.rounds) {
      const auto death = DeathStep(round);
      const auto crash = CrashStep(round);
      of_one += death.has_value() && !crash.has_value() ? 1 : 0;
      of_all += crash.has_value() && !death.has_value() ? 1 : 0;
      if (!death.has_value() || !crash.has_value()) continue;
      ++of_both;
      EXPECT_NE(round.steps[*death].client, round.steps[*crash].client);
    }
  }
  EXPECT_GT(of_one, 30);
  EXPECT_GT(of_all, 30);
  EXPECT_GT(of_both, 30);
}

// Each client works, not only the first.
TEST(ClientsPlanTest, EveryClientHasStepsThatWrite) {
  std::vector<int> writers(kMaxClients, 0);
  for (const Plan& plan : PlansOf(kMaxClients)) {
    for (const Round& round : plan.rounds) {
      for (const Step& step : round.steps) {
        if (IsChange(step.kind)) {
          ++writers[static_cast<std::size_t>(step.client)];
        }
      }
    }
  }
  EXPECT_GT(*std::min_element(writers.begin(), writers.end()), 100);
}

}  // namespace
}  // namespace lastcommit
