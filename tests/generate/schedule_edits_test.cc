#include "generate/schedule_edits.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "generate/edits.h"
#include "generate/shrink.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "operations.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

Step Of(int client, threads::Kind kind) {
  return Op(kind, {}, {.client = client});
}
Step Of(int client, StepKind kind, std::vector<Switch> switches = {}) {
  return {.kind = kind, .client = client, .switches = std::move(switches)};
}

// Of two clients, between both opens and both closes.
Plan PlanOf(std::vector<Step> steps) {
  steps.insert(steps.begin(), {Of(0, StepKind::kOpen), Of(1, StepKind::kOpen)});
  steps.push_back(Of(1, StepKind::kClose));
  steps.push_back(Of(0, StepKind::kClose));
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds = {{std::move(steps)}};
  return plan;
}

std::vector<Plan> Results(const Plan& plan) {
  Edits edits;
  for (const auto& make :
       {DrawManySwitchesAnew, DropSwitches, ReorderSteps, DrawFewSwitchesAnew,
        DropPairsOfSwitches, SwitchEarlier}) {
    make(plan, edits);
  }
  std::vector<Plan> results;
  for (const Edit& edit : edits) {
    if (auto simpler = edit(plan)) results.push_back(*std::move(simpler));
  }
  return results;
}

std::size_t SwitchesOf(const Plan& plan) {
  std::size_t switches = 0;
  for (const Step& step : plan.rounds[0].steps)
    switches += step.switches.size();
  return switches;
}

std::vector<Switch> SwitchesTo(int client, int count) {
  std::vector<Switch> switches;
  for (int i = 1; i <= count; ++i) switches.push_back({2 * i, client});
  return switches;
}

TEST(ScheduleEditsTest, SwitchesGoAllAtOnceThenByHalvesThenOneByOne) {
  const std::vector<Plan> results =
      Results(PlanOf({Of(0, StepKind::kRead, SwitchesTo(1, 3))}));
  ASSERT_GE(results.size(), 4u);
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < 4; ++i) left.push_back(SwitchesOf(results[i]));
  EXPECT_EQ(left, (std::vector<std::size_t>{0, 2, 2, 2}));
}

TEST(ScheduleEditsTest, AStepComesBeforeOrAfterTheOneThatASwitchLeft) {
  const Step left = Of(0, StepKind::kRead, {{4, 1}});
  const Step more = Of(0, threads::Kind::kAppendLog);
  const Step next = Of(1, threads::Kind::kPutBlob);
  const Step last = Of(1, StepKind::kRead);
  const Step without = Of(0, StepKind::kRead);
  const std::vector<Plan> results = Results(PlanOf({left, more, next, last}));
  for (const Plan& wanted : {PlanOf({next, without, more, last}),
                             PlanOf({without, next, more, last})}) {
    EXPECT_EQ(std::count(results.begin(), results.end(), wanted), 1)
        << PrintPlan(wanted);
  }
}

TEST(ScheduleEditsTest, Client0StaysTheFirstToOpenAndTheLastToClose) {
  Plan plan = PlanOf({Of(1, StepKind::kRead, {{0, 0}})});
  plan.rounds[0].steps[0].switches = {{6, 1}};
  plan.rounds[0].steps[1].switches = {{2, 0}};
  const std::vector<Plan> results = Results(plan);
  ASSERT_FALSE(results.empty());
  for (const Plan& simpler : results) {
    const auto parsed = ParsePlan(PrintPlan(simpler), "simpler");
    EXPECT_THAT(parsed, IsOk()) << PrintPlan(simpler);
  }
}

TEST(ScheduleEditsTest, TwoSwitchesGoTogether) {
  const Plan plan = PlanOf({Of(0, StepKind::kRead, {{2, 1}}),
                            Of(1, StepKind::kRead, {{2, 0}, {4, 0}})});
  const Plan wanted =
      PlanOf({Of(0, StepKind::kRead), Of(1, StepKind::kRead, {{2, 0}})});
  const std::vector<Plan> results = Results(plan);
  EXPECT_EQ(std::count(results.begin(), results.end(), wanted), 1);
}

TEST(ScheduleEditsTest, ManySwitchesAreDrawnAnewAndAFewAreNot) {
  const auto drawn = [](int switches) {
    const std::vector<Plan> results =
        Results(PlanOf({Of(0, StepKind::kRead, SwitchesTo(1, switches))}));
    std::set<std::string> different;
    for (const Plan& simpler : results) {
      if (simpler.schedule.kind == ScheduleKind::kPlan) continue;
      EXPECT_EQ(SwitchesOf(simpler), 0u);
      EXPECT_TRUE(different.insert(PrintPlan(simpler)).second);
      EXPECT_THAT(ParsePlan(PrintPlan(simpler), "simpler"), IsOk());
    }
    return different.size();
  };
  EXPECT_EQ(drawn(3), 0u);
  EXPECT_GT(drawn(4), 50u);
  EXPECT_EQ(drawn(4), drawn(40));
}

// Of hundreds hardly one can go without the rest; a few can.
TEST(ScheduleEditsTest, ManyAreDrawnAnewFirstAndFewAreDroppedFirst) {
  const auto first = [](int switches) {
    const Plan plan = PlanOf({Of(0, StepKind::kRead, SwitchesTo(1, switches))});
    for (const Edit& edit : SimplerEdits(plan)) {
      const auto simpler = edit(plan);
      if (simpler.has_value() && Clients(*simpler) == 2) return *simpler;
    }
    return plan;
  };
  EXPECT_EQ(first(40).schedule.kind, ScheduleKind::kDirected);
  EXPECT_EQ(first(32).schedule.kind, ScheduleKind::kPlan);
  EXPECT_EQ(SwitchesOf(first(32)), 0u);
}

// A run that writes what a schedule drew into the plan, as a trial does.
StillFails DrawsSwitches(int count, int& runs_of_schedules) {
  return [count, &runs_of_schedules](
             const Plan& plan) -> absl::StatusOr<std::optional<Plan>> {
    if (plan.schedule.kind == ScheduleKind::kPlan) return std::nullopt;
    ++runs_of_schedules;
    Plan ran = plan;
    ran.schedule = {};
    ran.rounds[0].steps[2].switches = SwitchesTo(1, count);
    return ran;
  };
}

TEST(ScheduleEditsTest, WhatIsDrawnAnewIsTakenOnlyIfItIsLess) {
  const Plan plan = PlanOf({Of(0, StepKind::kRead, SwitchesTo(1, 40))});
  int runs = 0;
  const auto less = Shrink(plan, DrawsSwitches(2, runs), {});
  ASSERT_THAT(less, IsOk());
  EXPECT_TRUE(less->is_minimal);
  EXPECT_EQ(SwitchesOf(less->plan), 2u);
  EXPECT_EQ(runs, 1);
  const auto as_many = Shrink(plan, DrawsSwitches(40, runs), {});
  ASSERT_THAT(as_many, IsOk());
  EXPECT_EQ(as_many->plan, plan);
  EXPECT_GT(runs, 50);
}

// Edits of the switches are gone with them: those of the steps begin where they
// are boldest all the same.
TEST(ScheduleEditsTest, WithoutItsSwitchesAPlanIsShrunkInLargeChunks) {
  std::vector<Step> steps = {Of(0, StepKind::kRead, SwitchesTo(1, 40))};
  steps.resize(65, Of(0, threads::Kind::kAppendLog));
  const Step blob = Of(1, threads::Kind::kPutBlob);
  steps.push_back(blob);
  int drawn = 0;
  int others = 0;
  const StillFails has_blob =
      [&](const Plan& plan) -> absl::StatusOr<std::optional<Plan>> {
    const bool is_drawn = plan.schedule.kind != ScheduleKind::kPlan;
    const auto& left = plan.rounds[0].steps;
    const bool holds =
        is_drawn || Clients(plan) == 1 ||
        std::none_of(left.begin(), left.end(), [&](const Step& s) {
          return IsOperation(s.kind) && s.operation.spec == blob.operation.spec;
        });
    // Until only few steps are left.
    if (left.size() > 12) ++(is_drawn ? drawn : others);
    if (holds) return std::nullopt;
    return plan;
  };
  const auto shrunk = Shrink(PlanOf(steps), has_blob, {});
  ASSERT_THAT(shrunk, IsOk());
  EXPECT_EQ(drawn, 80);
  EXPECT_LT(others, 20);
}

}  // namespace
}  // namespace lastcommit
