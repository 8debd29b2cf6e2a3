#include "generate/shrink.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "generate/arbitrary_plan.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "operations.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

using Predicate = std::function<bool(const Plan&)>;

// Fails where the predicate holds.
StillFails FailsIf(Predicate predicate) {
  return [predicate = std::move(predicate)](
             const Plan& plan) -> absl::StatusOr<std::optional<Plan>> {
    if (!predicate(plan)) return std::nullopt;
    return plan;
  };
}

// A stand-in for the real bug: a small cache, and a blob that is put before
// something is rolled back to, in one round.
bool HasBlobBeforeRollback(const Plan& plan) {
  if (plan.profile.cache_size == 0 || plan.profile.cache_size > 5) return false;
  for (const Round& round : plan.rounds) {
    bool has_blob = false;
    for (const Step& step : round.steps) {
      has_blob = has_blob || (Is(step, threads::Kind::kPutBlob) &&
                              step.operation.content.size >= 700);
      if (has_blob && step.kind == StepKind::kRollbackTo) return true;
    }
  }
  return false;
}

// The next plan from `index` on for which the predicate holds.
Plan Failing(const Predicate& predicate, std::uint64_t index) {
  while (!predicate(PlanAt({5, index}, {}))) ++index;
  return PlanAt({5, index}, {});
}

ShrinkResult ShrinkAll(const Plan& plan, const Predicate& predicate,
                       const ShrinkLimits& limits = {}) {
  const auto result = Shrink(plan, FailsIf(predicate), limits);
  EXPECT_THAT(result, IsOk());
  return result.ok() ? *result : ShrinkResult();
}

std::string StepsOf(const Plan& plan) {
  const std::string text = PrintPlan(plan);
  return text.substr(text.find('\n') + 1);
}

TEST(ShrinkTest, ReachesTheSmallestPlanThatFails) {
  for (std::uint64_t index = 0; index < 1000; index += 100) {
    const Plan plan = Failing(HasBlobBeforeRollback, index);
    const ShrinkResult result = ShrinkAll(plan, HasBlobBeforeRollback);
    EXPECT_TRUE(result.is_minimal);
    EXPECT_LT(result.trials, 600) << PrintPlan(plan);
    EXPECT_EQ(StepsOf(result.plan),
              "{\"step\":\"open\"}\n"
              "{\"step\":\"put_blob\",\"size\":700}\n"
              "{\"step\":\"rollback_to\"}\n"
              "{\"step\":\"close\"}\n");
    const Profile simplest = {.cache_size = plan.profile.cache_size};
    EXPECT_EQ(result.plan.profile, simplest);
  }
}

TEST(ShrinkTest, SaysEachPlanThatItTakes) {
  std::vector<Plan> taken;
  ShrinkLimits limits;
  limits.on_taken = [&](const Plan& plan) { taken.push_back(plan); };
  const Plan plan = Failing(HasBlobBeforeRollback, 0);
  const ShrinkResult result = ShrinkAll(plan, HasBlobBeforeRollback, limits);
  ASSERT_GT(taken.size(), 3u);
  EXPECT_EQ(taken.back(), result.plan);
  EXPECT_TRUE(std::all_of(taken.begin(), taken.end(), HasBlobBeforeRollback));
  EXPECT_NE(taken.front(), plan);
}

TEST(ShrinkTest, EndsAtThePlanThatIsEnough) {
  const Plan plan = Failing(HasBlobBeforeRollback, 0);
  const ShrinkResult smallest = ShrinkAll(plan, HasBlobBeforeRollback);
  EXPECT_FALSE(smallest.is_enough);
  ShrinkLimits limits;
  limits.is_enough = [](const Plan& shrunk) {
    return shrunk.rounds.size() == 1;
  };
  const ShrinkResult result = ShrinkAll(plan, HasBlobBeforeRollback, limits);
  EXPECT_TRUE(result.is_enough);
  EXPECT_FALSE(result.is_minimal);
  EXPECT_LT(result.trials, smallest.trials);
  EXPECT_EQ(result.plan.rounds.size(), 1u);
  EXPECT_TRUE(HasBlobBeforeRollback(result.plan));
  limits.is_enough = [](const Plan&) { return true; };
  EXPECT_EQ(ShrinkAll(plan, HasBlobBeforeRollback, limits).trials, 0);
}

TEST(ShrinkTest, WhatAlwaysFailsShrinksToAnEmptyRound) {
  const ShrinkResult result =
      ShrinkAll(PlanAt({1, 3}, {}), [](const Plan&) { return true; });
  EXPECT_TRUE(result.is_minimal);
  EXPECT_EQ(StepsOf(result.plan),
            "{\"step\":\"open\"}\n{\"step\":\"close\"}\n");
  EXPECT_EQ(result.plan.profile, Profile());
}

TEST(ShrinkTest, ACrashThatIsNeededGoesToTheBeginning) {
  const auto has_crash = [](const Plan& plan) {
    return CrashStep(plan.rounds.front()).has_value();
  };
  const ShrinkResult result = ShrinkAll(Failing(has_crash, 0), has_crash);
  EXPECT_EQ(StepsOf(result.plan),
            "{\"step\":\"open\",\"crash\":{\"io\":0,\"moment\":\"before\"}}\n"
            "{\"step\":\"close\"}\n");
}

TEST(ShrinkTest, APlanThatCannotGetSimplerStaysAsItIs) {
  const Plan plan = PlanAt({1, 3}, {});
  const ShrinkResult result =
      ShrinkAll(plan, [](const Plan&) { return false; });
  EXPECT_TRUE(result.is_minimal);
  EXPECT_EQ(result.plan, plan);
}

TEST(ShrinkTest, OnlyPlansThatFailAreTaken) {
  Plan last = Failing(HasBlobBeforeRollback, 0);
  const auto result =
      Shrink(last,
             [&](const Plan& plan) -> absl::StatusOr<std::optional<Plan>> {
               if (!HasBlobBeforeRollback(plan)) return std::nullopt;
               last = plan;
               return plan;
             },
             {});
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->plan, last);
}

TEST(ShrinkTest, NoPlanIsTriedTwice) {
  std::set<std::string> tried;
  const Plan plan = Failing(HasBlobBeforeRollback, 0);
  ShrinkAll(plan, [&](const Plan& candidate) {
    EXPECT_TRUE(tried.insert(PrintPlan(candidate)).second);
    return HasBlobBeforeRollback(candidate);
  });
  EXPECT_FALSE(tried.contains(PrintPlan(plan)));
}

// The callback says where the crash really was; shrinking goes on from there.
TEST(ShrinkTest, GoesOnFromThePlanThatTheCallbackGives) {
  const Plan plan = Failing(HasBlobBeforeRollback, 0);
  const auto result =
      Shrink(plan,
             [&](Plan candidate) -> absl::StatusOr<std::optional<Plan>> {
               if (!HasBlobBeforeRollback(candidate)) return std::nullopt;
               candidate.saver = "other";
               return candidate;
             },
             {});
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(result->plan.saver, "other");
}

TEST(ShrinkTest, ALimitOfTrialsEndsItWithWhatThereIs) {
  const Plan plan = Failing(HasBlobBeforeRollback, 0);
  const ShrinkResult result =
      ShrinkAll(plan, HasBlobBeforeRollback, {.max_trials = 20});
  EXPECT_FALSE(result.is_minimal);
  EXPECT_EQ(result.trials, 20);
  EXPECT_TRUE(HasBlobBeforeRollback(result.plan));
}

TEST(ShrinkTest, ALimitOfTimeEndsItWithWhatThereIs) {
  const Plan plan = Failing(HasBlobBeforeRollback, 0);
  const ShrinkResult result =
      ShrinkAll(plan, HasBlobBeforeRollback, {.max_time = -absl::Seconds(1)});
  EXPECT_FALSE(result.is_minimal);
  EXPECT_EQ(result.plan, plan);
}

TEST(ShrinkTest, CancellingEndsItWithWhatThereIs) {
  int trials = 0;
  const auto result =
      Shrink(Failing(HasBlobBeforeRollback, 0),
             [&](const Plan& plan) -> absl::StatusOr<std::optional<Plan>> {
               if (++trials > 10) return absl::CancelledError("enough");
               if (!HasBlobBeforeRollback(plan)) return std::nullopt;
               return plan;
             },
             {});
  ASSERT_THAT(result, IsOk());
  EXPECT_FALSE(result->is_minimal);
  EXPECT_TRUE(HasBlobBeforeRollback(result->plan));
}

TEST(ShrinkTest, AnErrorOfATrialIsReturned) {
  const auto result =
      Shrink(PlanAt({1, 3}, {}),
             [](const Plan&) -> absl::StatusOr<std::optional<Plan>> {
               return absl::ResourceExhaustedError("disk full");
             },
             {});
  EXPECT_THAT(result, StatusIs(absl::StatusCode::kResourceExhausted));
}

}  // namespace
}  // namespace lastcommit
