// What a trial of two clients tells of its switches.

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "operations.h"
#include "trial/sim_trial.h"

namespace lastcommit {
namespace {

// Client 1's append_log, which goes on at these yield points.
Plan PlanWithSwitches(const std::vector<Switch>& switches) {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds = {
      {{{.kind = StepKind::kOpen},
        {.kind = StepKind::kOpen, .client = 1},
        Op(threads::Kind::kAppendLog, {}, {.client = 1, .switches = switches}),
        {.kind = StepKind::kClose, .client = 1},
        {.kind = StepKind::kRead},
        {.kind = StepKind::kClose}}}};
  return plan;
}

TrialResult RunTrial(const Plan& plan) {
  EXPECT_THAT(RegisterShimVfs(), IsOk());
  EXPECT_THAT(RegisterSimVfs(), IsOk());
  auto trial = SimTrial::Create(absl::Minutes(1));
  EXPECT_THAT(trial, IsOk());
  absl::StatusOr<TrialResult> result = (*trial)->Run(plan);
  EXPECT_THAT(result, IsOk());
  return result.ok() ? *std::move(result) : TrialResult();
}

TEST(TakenSwitchTest, HasTheCallItIsBesideAndWhereTheOtherOneIs) {
  const TrialResult result = RunTrial(PlanWithSwitches({{0, 0}, {5, 0}}));
  ASSERT_EQ(result.switches.size(), 2u);
  const TakenSwitch& first = result.switches[0];
  EXPECT_EQ(first.step, 2u);
  EXPECT_EQ(first.to_step, 4u);
  EXPECT_FALSE(first.call.has_value());
  const TakenSwitch& second = result.switches[1];
  EXPECT_EQ(second.to_step, 5u);
  EXPECT_TRUE(second.call.has_value());
}

// 2 n - 1 and 2 n are the two sides of one call.
TEST(TakenSwitchTest, BothSidesOfACallHaveTheSameCall) {
  const TrialResult before = RunTrial(PlanWithSwitches({{5, 0}}));
  const TrialResult after = RunTrial(PlanWithSwitches({{6, 0}}));
  ASSERT_EQ(before.switches.size(), 1u);
  ASSERT_EQ(after.switches.size(), 1u);
  ASSERT_TRUE(before.switches[0].call.has_value());
  ASSERT_TRUE(after.switches[0].call.has_value());
  EXPECT_EQ(before.switches[0].call->kind, after.switches[0].call->kind);
  EXPECT_EQ(before.switches[0].call->role, after.switches[0].call->role);
}

TEST(TakenSwitchTest, OneThatIsNotReachedIsNotTold) {
  EXPECT_TRUE(RunTrial(PlanWithSwitches({{1'000'000, 0}})).switches.empty());
}

}  // namespace
}  // namespace lastcommit
