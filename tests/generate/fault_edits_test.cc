// How power losses, errors and the disk get simpler.

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "generate/shrink_edits.h"
#include "gtest/gtest.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

// Crashes in the commit, with that survival.
Plan Crashing(const Survival& survival) {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds = {{{{.kind = StepKind::kOpen},
                   {.kind = StepKind::kBegin},
                   {.kind = StepKind::kCommit,
                    .crash = CrashPoint{0, Moment::kBefore, survival}},
                   {.kind = StepKind::kClose}}}};
  return plan;
}

Plan Failing(std::size_t step, const IoError& error) {
  Plan plan = Crashing({});
  plan.rounds[0].steps[2].crash.reset();
  plan.rounds[0].steps[step].error = error;
  return plan;
}

bool CanBecome(const Plan& plan, const Plan& simpler) {
  const std::vector<Edit> edits = SimplerEdits(plan);
  return std::any_of(edits.begin(), edits.end(),
                     [&](const Edit& edit) { return edit(plan) == simpler; });
}

// The first simpler plan that is accepted, again and again.
Plan Shrunk(Plan plan, const std::function<bool(const Plan&)>& is_accepted) {
  bool has_changed = true;
  while (has_changed) {
    has_changed = false;
    for (const Edit& edit : SimplerEdits(plan)) {
      const std::optional<Plan> simpler = edit(plan);
      if (!simpler.has_value() || !is_accepted(*simpler)) continue;
      plan = *simpler;
      has_changed = true;
      break;
    }
  }
  return plan;
}

bool HasCrash(const Plan& plan) {
  return CrashStep(plan.rounds[0]).has_value();
}

Survival SurvivalIn(const Plan& plan) {
  const Round& round = plan.rounds[0];
  return round.steps[*CrashStep(round)].crash->survival;
}

TEST(FaultEditsTest, APowerLossBecomesAKillOrLosesEverything) {
  const Plan plan = Crashing({SurvivalKind::kSubset, 77});
  EXPECT_TRUE(CanBecome(plan, Crashing({})));
  EXPECT_TRUE(CanBecome(plan, Crashing({SurvivalKind::kNone})));
  EXPECT_TRUE(CanBecome(plan, Crashing({SurvivalKind::kLoseOne, 77})));
  EXPECT_TRUE(CanBecome(plan, Crashing({SurvivalKind::kPrefix})));
  EXPECT_TRUE(CanBecome(plan, Crashing({SurvivalKind::kSubset, 39})));
}

TEST(FaultEditsTest, NoSurvivalBecomesOneThatIsLessSimple) {
  for (const SurvivalKind kind :
       {SurvivalKind::kPrefix, SurvivalKind::kSubset, SurvivalKind::kChosen}) {
    EXPECT_FALSE(CanBecome(Crashing({SurvivalKind::kNone}), Crashing({kind})));
    EXPECT_FALSE(CanBecome(Crashing({}), Crashing({kind})));
  }
}

TEST(FaultEditsTest, ASurvivalStaysWithACrashThatMoves) {
  const Survival survival = {SurvivalKind::kLoseOne, 3};
  const Plan shrunk = Shrunk(Crashing(survival), [&](const Plan& plan) {
    return HasCrash(plan) && SurvivalIn(plan) == survival;
  });
  EXPECT_EQ(shrunk.rounds[0].steps.size(), 2u);
  EXPECT_EQ(CrashStep(shrunk.rounds[0]), 0u);
}

TEST(FaultEditsTest, OfChosenFatesThoseThatMatterStay) {
  std::vector<Fate> fates;
  for (std::int64_t i = 0; i < 9; ++i) {
    fates.push_back({i, FateKind::kHead, 100});
  }
  const Plan plan = Crashing({SurvivalKind::kChosen, 5, fates, 2});
  const Plan shrunk = Shrunk(plan, [&](const Plan& simpler) {
    if (!HasCrash(simpler)) return false;
    const std::vector<Fate> left = SurvivalIn(simpler).fates;
    return std::any_of(left.begin(), left.end(),
                       [](const Fate& fate) { return fate.change == 6; });
  });
  EXPECT_EQ(SurvivalIn(shrunk), (Survival{SurvivalKind::kChosen, 0, {{6}}}));
}

TEST(FaultEditsTest, AnErrorIsDroppedOrComesEarlierOnce) {
  const Plan plan = Failing(1, {ErrorKind::kSync, 9, 0});
  Plan dropped = plan;
  dropped.rounds[0].steps[1].error.reset();
  EXPECT_TRUE(CanBecome(plan, dropped));
  EXPECT_TRUE(CanBecome(plan, Failing(1, {ErrorKind::kSync, 9, 1})));
  EXPECT_TRUE(CanBecome(plan, Failing(1, {ErrorKind::kSync, 1, 0})));
  EXPECT_TRUE(CanBecome(plan, Failing(1, {ErrorKind::kSync, 8, 0})));
  EXPECT_TRUE(CanBecome(plan, Failing(2, {ErrorKind::kSync, 1, 0})));
}

TEST(FaultEditsTest, TheErrorOfARemovedStepMovesToTheNextOne) {
  const IoError error = {ErrorKind::kFull, 1, 1};
  Plan without_begin = Failing(2, error);
  std::vector<Step>& steps = without_begin.rounds[0].steps;
  steps.erase(steps.begin() + 1);
  EXPECT_TRUE(CanBecome(Failing(1, error), without_begin));
}

TEST(FaultEditsTest, ImagesSectorsAndPowersafeOverwriteReachTheirDefaults) {
  Plan plan = Crashing({});
  plan.images = 64;
  plan.profile.sector_size = 512;
  plan.profile.powersafe_overwrite = false;
  const Plan shrunk = Shrunk(plan, HasCrash);
  EXPECT_EQ(shrunk.images, 0);
  EXPECT_EQ(shrunk.profile, Profile());
  Plan fewer = plan;
  fewer.images = 32;
  EXPECT_TRUE(CanBecome(plan, fewer));
  Plan safe = plan;
  safe.profile.powersafe_overwrite = true;
  EXPECT_TRUE(CanBecome(plan, safe));
}

}  // namespace
}  // namespace lastcommit
