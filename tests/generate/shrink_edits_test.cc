#include "generate/shrink_edits.h"

#include <cstddef>
#include <cstdint>
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

constexpr std::uint64_t kPlansToShrink = 60;

template <typename Check>
void ForEachEdit(Check check) {
  for (std::uint64_t i = 0; i < 3 * kPlansToShrink; ++i) {
    const Plan plan = PlanAt(
        {3, i}, {.engine = i < 2 * kPlansToShrink ? EngineChoice::kFork
                                                  : EngineChoice::kSim,
                 .fault = i / kPlansToShrink == 1 ? FaultChoice::kTimedKill
                                                  : FaultChoice::kMixed});
    for (const Edit& edit : SimplerEdits(plan)) {
      if (const auto simpler = edit(plan)) check(plan, *simpler);
    }
  }
}

Plan PlanWith(std::vector<Step> steps) {
  steps.insert(steps.begin(), {.kind = StepKind::kOpen});
  steps.push_back({.kind = StepKind::kClose});
  Plan plan;
  plan.rounds = {{std::move(steps)}};
  return plan;
}

TEST(ShrinkEditsTest, EachResultIsAWellFormedPlan) {
  int edits = 0;
  ForEachEdit([&](const Plan&, const Plan& simpler) {
    if (++edits % 16 != 0) return;  // parsing takes its time
    const absl::StatusOr<Plan> parsed =
        ParsePlan(PrintPlan(simpler), "simpler");
    ASSERT_THAT(parsed, IsOk());
    ASSERT_EQ(*parsed, simpler);
  });
}

// A vocabulary with one operation of three parts.
TEST(ShrinkEditsTest, EachPartOfAnOperationIsLeftOut) {
  Vocabulary vocabulary = {};
  const Field left_out = {
      .name = "left_out", .max = 7, .role = Field::Role::kLeftOut, .value = 1};
  vocabulary.fields = {&left_out, 1};
  OperationSpec spec = {.name = "a", .vocabulary = &vocabulary, .fields = 1};
  spec.is_change = true;
  Step step;
  step.kind = StepKind::kChange;
  step.operation.spec = &spec;
  step.operation.values[1] = 2;
  const Plan plan = PlanWith({step});
  std::set<std::int64_t> found;
  for (const Edit& edit : SimplerEdits(plan)) {
    const auto simpler = edit(plan);
    if (!simpler.has_value()) continue;
    for (const Step& other : simpler->rounds[0].steps) {
      if (other.operation.spec != &spec) continue;
      found.insert(other.operation.values[1]);
    }
  }
  EXPECT_EQ(found, (std::set<std::int64_t>{3, 6}));
}

TEST(ShrinkEditsTest, EachResultDiffersFromThePlan) {
  ForEachEdit([](const Plan& plan, const Plan& simpler) {
    ASSERT_NE(simpler, plan) << PrintPlan(plan);
  });
}

TEST(ShrinkEditsTest, NoResultHasMoreStepsOrCrashes) {
  const auto size = [](const Plan& plan) {
    std::size_t steps = 0;
    std::size_t crashes = 0;
    for (const Round& round : plan.rounds) {
      steps += round.steps.size();
      crashes += CrashStep(round).has_value() ? 1 : 0;
    }
    return std::pair(steps, crashes);
  };
  ForEachEdit([&](const Plan& plan, const Plan& simpler) {
    ASSERT_LE(size(simpler).first, size(plan).first);
    ASSERT_LE(size(simpler).second, size(plan).second);
  });
}

TEST(ShrinkEditsTest, TheSimplestPlanHasNoSimplerOne) {
  const Plan plan = PlanWith({});
  for (const Edit& edit : SimplerEdits(plan)) {
    EXPECT_EQ(edit(plan), std::nullopt);
  }
}

TEST(ShrinkEditsTest, TheCrashOfARemovedStepMovesToTheNextOne) {
  Plan plan =
      PlanWith({{.kind = StepKind::kBegin}, {.kind = StepKind::kCommit}});
  plan.rounds[0].steps[2].crash = CrashPoint{3, Moment::kAfter};
  Plan without_commit = PlanWith({{.kind = StepKind::kBegin}});
  without_commit.rounds[0].steps[2].crash = CrashPoint{};
  bool is_found = false;
  for (const Edit& edit : SimplerEdits(plan)) {
    is_found = is_found || edit(plan) == without_commit;
  }
  EXPECT_TRUE(is_found);
}

TEST(ShrinkEditsTest, ATransactionGoesAwayAroundItsSteps) {
  const Step log = Op(threads::Kind::kAppendLog);
  const Plan plan = PlanWith(
      {{.kind = StepKind::kBegin}, log, log, {.kind = StepKind::kCommit}});
  bool is_found = false;
  for (const Edit& edit : SimplerEdits(plan)) {
    is_found = is_found || edit(plan) == PlanWith({log, log});
  }
  EXPECT_TRUE(is_found);
}

// Each with one that does less of the same.
TEST(ShrinkEditsTest, AStepGetsASimplerKind) {
  const std::pair<Step, Step> kinds[] = {
      {Op(threads::Kind::kCommitStep, {.id = 2, .task = 3, .count = 4}),
       Op(threads::Kind::kPutCheckpoint, {.id = 2})},
      {Op(threads::Kind::kPutWrites, {.task = 3, .count = 4}),
       Op(threads::Kind::kPutWrite, {.task = 3})},
      {Op(threads::Kind::kAppendLogs, {.count = 4, .invalid_at = 2}),
       Op(threads::Kind::kAppendLog, {.invalid_at = 0})},
      {Op(threads::Kind::kStreamBlob, {.id = 2, .chunk = 64}),
       Op(threads::Kind::kPutBlob, {.id = 2})}};
  for (const auto& [step, simpler] : kinds) {
    const Plan plan = PlanWith({step});
    bool is_found = false;
    for (const Edit& edit : SimplerEdits(plan)) {
      is_found = is_found || edit(plan) == PlanWith({simpler});
    }
    EXPECT_TRUE(is_found) << Name(step.kind);
  }
}

TEST(ShrinkEditsTest, EveryFieldReachesItsDefault) {
  const Step steps[] = {
      Op(threads::Kind::kCommitStep, {.thread = 1,
                                      .ns = 1,
                                      .id = 1,
                                      .parent = 1,
                                      .task = 1,
                                      .idx = 1,
                                      .replace = 1,
                                      .content = {1, 10},
                                      .count = 2,
                                      .invalid_at = 0}),
      Op(threads::Kind::kUpdateTask, {.replace = 1,
                                      .content = {1, 10},
                                      .state = saver::TaskState::kDone,
                                      .stale = 1}),
      Op(threads::Kind::kStreamBlob, {.chunk = 64}),
      Op(threads::Kind::kStreamBlob, {.chunk = 5000}),
      Op(threads::Kind::kAppendLog, {.level = saver::LogLevel::kDebug}),
      Op(threads::Kind::kPrune, {.keep = 2}),
      Op(threads::Kind::kListCheckpoints,
         {.filter = 1, .before = 1, .limit = 1})};
  for (const Step& step : steps) {
    Plan plan = PlanWith({step});
    bool has_changed = true;
    while (has_changed) {
      has_changed = false;
      for (const Edit& edit : SimplerEdits(plan)) {
        const auto simpler = edit(plan);
        if (!simpler.has_value() || simpler->rounds[0].steps.size() != 3 ||
            NameOf(simpler->rounds[0].steps[1]) != NameOf(step)) {
          continue;
        }
        plan = *simpler;
        has_changed = true;
        break;
      }
    }
    const Step simplest = IsOperation(step.kind)
                              ? StepOf(Operation(*step.operation.spec))
                              : Step{.kind = step.kind};
    EXPECT_EQ(plan, PlanWith({simplest})) << PrintPlan(plan);
  }
}

TEST(ShrinkEditsTest, WhatFollowsACrashIsDroppedFirst) {
  Plan plan = PlanWith({{.kind = StepKind::kRead},
                        {.kind = StepKind::kRead},
                        {.kind = StepKind::kRead}});
  plan.rounds[0].steps[1].crash = CrashPoint{};
  Plan dropped = PlanWith({{.kind = StepKind::kRead}});
  dropped.rounds[0].steps[1].crash = CrashPoint{};
  EXPECT_EQ(SimplerEdits(plan).front()(plan), dropped);
}

}  // namespace
}  // namespace lastcommit
