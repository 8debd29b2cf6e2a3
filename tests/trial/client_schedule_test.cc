#include "trial/client_schedule.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "trial/plans.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kCalls = 200;

Step Of(int client, StepKind kind) {
  Step step = StepOf(kind);
  step.client = client;
  return step;
}

// Clients 0 and 1 in turn, each with `reads` reads.
Plan PlanOfTwo(const Schedule& schedule, int reads) {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.schedule = schedule;
  std::vector<Step>& steps = plan.rounds.emplace_back().steps;
  for (const int client : {0, 1}) {
    steps.push_back(Of(client, StepKind::kOpen));
  }
  for (int i = 0; i < reads; ++i) {
    for (const int client : {0, 1}) {
      steps.push_back(Of(client, StepKind::kRead));
    }
  }
  for (const int client : {1, 0}) {
    steps.push_back(Of(client, StepKind::kClose));
  }
  return plan;
}

// The yield points of step `n` of the client's own.
YieldPoint PointOf(const Plan& plan, int client, std::size_t n) {
  const auto program =
      Programs(plan.rounds[0])[static_cast<std::size_t>(client)];
  YieldPoint point;
  point.client = client;
  point.step = program[n];
  point.in_program = n;
  return point;
}

std::vector<std::optional<int>> Decisions(const Plan& plan, YieldPoint point,
                                          const std::vector<int>& others) {
  const ClientSchedule schedule(plan, 0);
  std::vector<std::optional<int>> decisions;
  for (point.at = 0; point.at < kCalls; ++point.at) {
    decisions.push_back(schedule.At(point, others));
  }
  return decisions;
}

std::ptrdiff_t Switches(const std::vector<std::optional<int>>& decisions) {
  return std::count_if(decisions.begin(), decisions.end(),
                       [](const auto& to) { return to.has_value(); });
}

TEST(ClientScheduleTest, WithoutSwitchesThePlanChangesNobody) {
  const Plan plan = PlanOfTwo({}, 2);
  EXPECT_EQ(Switches(Decisions(plan, PointOf(plan, 0, 1), {1})), 0);
}

TEST(ClientScheduleTest, TheRateIsHowManyOfAHundredCallsSwitch) {
  const Plan random = PlanOfTwo({ScheduleKind::kRandom, 7, 40}, 2);
  const std::ptrdiff_t switches =
      Switches(Decisions(random, PointOf(random, 0, 1), {1}));
  EXPECT_GT(switches, kCalls * 25 / 100);
  EXPECT_LT(switches, kCalls * 55 / 100);
  const Plan always = PlanOfTwo({ScheduleKind::kRandom, 7, 100}, 2);
  EXPECT_EQ(Switches(Decisions(always, PointOf(always, 0, 1), {1})), kCalls);
}

TEST(ClientScheduleTest, FewAreOfAThousandCalls) {
  const Plan few = PlanOfTwo({ScheduleKind::kFew, 7, 100}, 10);
  std::ptrdiff_t switches = 0;
  for (std::size_t n = 0; n < 10; ++n) {
    switches += Switches(Decisions(few, PointOf(few, 0, n), {1}));
  }
  EXPECT_GT(switches, 10 * kCalls * 5 / 100);
  EXPECT_LT(switches, 10 * kCalls * 15 / 100);
}

TEST(ClientScheduleTest, EveryoneElseIsChosenAndNobodyElse) {
  const Plan plan = PlanOfTwo({ScheduleKind::kRandom, 7, 100}, 2);
  std::map<int, int> chosen;
  for (const auto& to : Decisions(plan, PointOf(plan, 0, 1), {1, 3})) {
    ++chosen[*to];
  }
  EXPECT_EQ(chosen.size(), 2u);
  EXPECT_GT(chosen[1], kCalls / 4);
  EXPECT_GT(chosen[3], kCalls / 4);
}

// What shrinking needs: the rest of the plan goes on as it did.
TEST(ClientScheduleTest, RemovingAStepOfAnotherClientMovesNoDecision) {
  for (const ScheduleKind kind : {ScheduleKind::kRandom, ScheduleKind::kFew}) {
    const Plan plan = PlanOfTwo({kind, 7, 40}, 3);
    Plan less = plan;
    std::vector<Step>& steps = less.rounds[0].steps;
    const std::size_t removed = PointOf(plan, 1, 1).step;
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(removed));
    const YieldPoint before = PointOf(plan, 0, 3);
    const YieldPoint after = PointOf(less, 0, 3);
    ASSERT_EQ(after.step + 1, before.step);
    EXPECT_EQ(Decisions(less, after, {1}), Decisions(plan, before, {1}));
    EXPECT_GT(Switches(Decisions(plan, before, {1})), 0);
  }
}

TEST(ClientScheduleTest, RemovingALaterStepOfTheClientMovesNoDecision) {
  const Plan plan = PlanOfTwo({ScheduleKind::kRandom, 7, 40}, 3);
  Plan less = plan;
  std::vector<Step>& steps = less.rounds[0].steps;
  steps.erase(steps.begin() +
              static_cast<std::ptrdiff_t>(PointOf(plan, 0, 3).step));
  EXPECT_EQ(Decisions(less, PointOf(less, 0, 2), {1}),
            Decisions(plan, PointOf(plan, 0, 2), {1}));
}

TEST(ClientScheduleTest, SeedRoundClientAndStepEachDecideAnew) {
  Plan plan = PlanOfTwo({ScheduleKind::kRandom, 7, 40}, 3);
  plan.rounds.push_back(plan.rounds[0]);
  Plan reseeded = plan;
  reseeded.schedule.seed = 8;
  const YieldPoint point = PointOf(plan, 0, 1);
  const auto decisions = Decisions(plan, point, {2});
  EXPECT_NE(Decisions(reseeded, point, {2}), decisions);
  EXPECT_NE(Decisions(plan, PointOf(plan, 1, 1), {2}), decisions);
  EXPECT_NE(Decisions(plan, PointOf(plan, 0, 2), {2}), decisions);
  const ClientSchedule second(plan, 1);
  std::vector<std::optional<int>> of_second;
  for (YieldPoint at = point; at.at < kCalls; ++at.at) {
    of_second.push_back(second.At(at, {2}));
  }
  EXPECT_NE(of_second, decisions);
}

TEST(ClientScheduleTest, SwitchesOfAStepWinOverTheSchedule) {
  for (const int rate : {0, 100}) {
    Plan plan = PlanOfTwo({ScheduleKind::kRandom, 7, rate}, 2);
    const YieldPoint point = PointOf(plan, 0, 1);
    plan.rounds[0].steps[point.step].switches = {{3, 2}, {5, 3}};
    const auto decisions = Decisions(plan, point, {1, 2});
    EXPECT_EQ(decisions[3], 2);
    // That client is gone, and then nobody is switched to.
    EXPECT_EQ(decisions[5], std::nullopt);
    EXPECT_EQ(decisions[4].has_value(), rate == 100);
  }
}

TEST(ClientScheduleTest, RoundRobinGoesToTheNextClientAfterSoManyCalls) {
  const Plan plan = PlanOfTwo({ScheduleKind::kRoundRobin, 0, 10}, 2);
  const auto from_0 = Decisions(plan, PointOf(plan, 0, 1), {1, 2});
  const auto from_1 = Decisions(plan, PointOf(plan, 1, 1), {0, 2});
  for (std::size_t at = 0; at < from_0.size(); ++at) {
    const bool switches = at > 0 && at % 10 == 0;
    EXPECT_EQ(from_0[at], switches ? std::optional(1) : std::nullopt);
    EXPECT_EQ(from_1[at], switches ? std::optional(2) : std::nullopt);
  }
  YieldPoint of_last;
  of_last.client = 2;
  of_last.at = 10;
  EXPECT_EQ(ClientSchedule(plan, 0).At(of_last, {0, 1}), 0);
}

TEST(ClientScheduleTest, DirectedSwitchesOnceInDelicateStepsOnly) {
  const Plan plan = PlanOfTwo({ScheduleKind::kDirected, 7, 100}, 2);
  YieldPoint point = PointOf(plan, 0, 1);
  EXPECT_EQ(Switches(Decisions(plan, point, {1})), 0);
  point.is_delicate = true;
  EXPECT_EQ(Switches(Decisions(plan, point, {1})), 1);
  // Who was left in the middle of a step is not left alone.
  point.is_nested = true;
  EXPECT_EQ(Switches(Decisions(plan, point, {1})), 0);
}

TEST(ClientScheduleTest, TheRateOfDirectedIsHowManyOfAHundredStepsSwitch) {
  const Plan plan = PlanOfTwo({ScheduleKind::kDirected, 7, 40}, 2);
  YieldPoint point = PointOf(plan, 0, 1);
  point.is_delicate = true;
  std::ptrdiff_t switches = 0;
  for (point.in_program = 0; point.in_program < 200; ++point.in_program) {
    switches += Switches(Decisions(plan, point, {1}));
  }
  EXPECT_GT(switches, 50);
  EXPECT_LT(switches, 110);
}

TEST(ClientScheduleTest, SwitchesOfAStepNeedNothingDelicate) {
  Plan plan = PlanOfTwo({ScheduleKind::kDirected, 7, 40}, 2);
  const YieldPoint point = PointOf(plan, 0, 1);
  plan.rounds[0].steps[point.step].switches = {{0, 1}};
  EXPECT_EQ(Decisions(plan, point, {1})[0], 1);
}

}  // namespace
}  // namespace lastcommit
