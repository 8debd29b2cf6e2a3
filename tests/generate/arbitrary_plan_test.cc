#include "generate/arbitrary_plan.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "generator_golden.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "model/reference_model.h"
#include "operations.h"
#include "plan/codec.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kManyPlans = 2000;

std::vector<Plan> PlansOf(FaultChoice fault, std::uint64_t count = kManyPlans) {
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < count; ++i) {
    plans.push_back(PlanAt({1, i}, {.fault = fault}));
  }
  return plans;
}

int CountCrashes(const Plan& plan) {
  int crashes = 0;
  for (const Round& round : plan.rounds) {
    crashes += CrashStep(round).has_value() ? 1 : 0;
  }
  return crashes;
}

template <typename Predicate>
int CountSteps(const Plan& plan, Predicate predicate) {
  int count = 0;
  for (const Round& round : plan.rounds) {
    for (const Step& step : round.steps) count += predicate(step) ? 1 : 0;
  }
  return count;
}

TEST(ArbitraryPlanTest, IsAFunctionOfSeedAndIndex) {
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(PlanAt({7, i}, {}), PlanAt({7, i}, {}));
  }
}

TEST(ArbitraryPlanTest, DoesNotDependOnThePlansBefore) {
  const Plan alone = PlanAt({7, 1'000'000'000'000}, {});
  PlansOf(FaultChoice::kMixed, 10);
  EXPECT_EQ(PlanAt({7, 1'000'000'000'000}, {}), alone);
}

TEST(ArbitraryPlanTest, IsAnotherOneForEachSeedAndIndex) {
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    for (std::uint64_t index = 0; index < 30; ++index) {
      texts.insert(PrintPlan(PlanAt({seed, index}, {})));
    }
  }
  EXPECT_EQ(texts.size(), 900u);
}

TEST(ArbitraryPlanTest, IsForTheSaverThatWasAskedFor) {
  EXPECT_EQ(PlanAt({1, 1}, {.saver = "other"}).saver, "other");
}

TEST(ArbitraryPlanTest, ATimedKillIsTheOnlyFaultOfItsRound) {
  for (const Plan& plan : PlansOf(FaultChoice::kTimedKill)) {
    EXPECT_TRUE(TimedKillStep(plan.rounds.back()).has_value());
    EXPECT_EQ(CountCrashes(plan), 0);
    for (const Round& round : plan.rounds) {
      EXPECT_LE(std::count_if(round.steps.begin(), round.steps.end(),
                              [](const Step& step) {
                                return step.kill_after_us.has_value();
                              }),
                1);
    }
  }
}

TEST(ArbitraryPlanTest, TimedKillsAreSpreadOverStepsAndOrdersOfMagnitude) {
  std::map<bool, int> late_steps;
  std::map<int, int> magnitudes;
  for (const Plan& plan : PlansOf(FaultChoice::kTimedKill)) {
    const Round& round = plan.rounds.back();
    const std::size_t step = *TimedKillStep(round);
    ++late_steps[step > round.steps.size() / 2];
    const std::int64_t us = *round.steps[step].kill_after_us;
    ++magnitudes[us < 10 ? 1 : us < 100 ? 2 : us < 1000 ? 3 : 4];
  }
  EXPECT_GT(late_steps[false], 300);
  EXPECT_GT(late_steps[true], 300);
  for (const int magnitude : {1, 2, 3}) EXPECT_GT(magnitudes[magnitude], 200);
  EXPECT_GT(magnitudes[4], 0);
}

// A digest a plan, of all choices of faults in turn.
TEST(ArbitraryPlanTest, AHundredPlansOfThisGeneratorVersionAreTheGoldenOnes) {
  constexpr FaultChoice kFaults[] = {FaultChoice::kMixed, FaultChoice::kKill,
                                     FaultChoice::kNone};
  std::string digests;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const std::string text =
        PrintPlan(PlanAt({1, i}, {.fault = kFaults[i % std::size(kFaults)]}));
    digests +=
        absl::StrFormat("%016x\n", XXH3_64bits(text.data(), text.size()));
  }
  ExpectGoldenOfGenerator(std::string(GOLDEN) + "plans_of_seed_1.txt", digests);
}

TEST(ArbitraryPlanTest, TwentyPlansWithTimedKillsAreTheGoldenOnes) {
  std::string digests;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const std::string text =
        PrintPlan(PlanAt({1, i}, {.fault = FaultChoice::kTimedKill}));
    digests +=
        absl::StrFormat("%016x\n", XXH3_64bits(text.data(), text.size()));
  }
  ExpectGoldenOfGenerator(std::string(GOLDEN) + "timed_plans_of_seed_1.txt",
                          digests);
}

TEST(GeneratorGoldenTest, OtherPlansUnderTheSameVersionNeedANewOne) {
  const std::string golden = WithGeneratorVersion("1\n");
  EXPECT_FALSE(NeedsNewVersion(golden, golden));
  EXPECT_TRUE(NeedsNewVersion(golden, WithGeneratorVersion("2\n")));
  EXPECT_FALSE(NeedsNewVersion("generator version 0\n2\n", golden));
  EXPECT_FALSE(NeedsNewVersion("", golden));
}

class MixOfPlansTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    plans_ = new std::vector<Plan>(PlansOf(FaultChoice::kMixed));
  }
  static void TearDownTestSuite() { delete plans_; }

  // How many plans of the mix satisfy it.
  template <typename Predicate>
  static int Count(Predicate predicate) {
    int count = 0;
    for (const Plan& plan : *plans_) count += predicate(plan) ? 1 : 0;
    return count;
  }
  template <typename Predicate>
  static int CountWithStep(Predicate predicate) {
    return Count(
        [&](const Plan& plan) { return CountSteps(plan, predicate) > 0; });
  }

  static std::vector<Plan>* plans_;
};

std::vector<Plan>* MixOfPlansTest::plans_ = nullptr;

// The parser knows all limits.
TEST_F(MixOfPlansTest, IsPrintedAndParsedUnchanged) {
  for (const Plan& plan : *plans_) {
    const absl::StatusOr<Plan> parsed = ParsePlan(PrintPlan(plan), "generated");
    ASSERT_THAT(parsed, IsOk());
    ASSERT_EQ(*parsed, plan) << PrintPlan(plan);
  }
}

TEST_F(MixOfPlansTest, HasEachKindOfStep) {
  for (int kind = 0; kind < kStepKinds; ++kind) {
    EXPECT_GT(CountWithStep([&](const Step& step) {
                return static_cast<int>(step.kind) == kind;
              }),
              20)
        << Name(static_cast<StepKind>(kind));
  }
}

TEST_F(MixOfPlansTest, LeavesKindsOut) {
  EXPECT_GT(Count([](const Plan& plan) {
              return CountSteps(plan, [](const Step& step) {
                       return step.kind == StepKind::kSavepoint;
                     }) == 0;
            }),
            100);
}

TEST_F(MixOfPlansTest, HasEachProfile) {
  std::map<saver::JournalMode, int> modes;
  std::map<saver::Synchronous, int> levels;
  std::map<int, int> caches;
  std::map<int, int> checkpoints;
  for (const Plan& plan : *plans_) {
    ++modes[plan.profile.journal_mode];
    ++levels[plan.profile.synchronous];
    ++caches[plan.profile.cache_size];
    ++checkpoints[plan.profile.wal_autocheckpoint];
  }
  for (const saver::JournalMode mode :
       {saver::JournalMode::kWal, saver::JournalMode::kDelete,
        saver::JournalMode::kTruncate, saver::JournalMode::kPersist}) {
    EXPECT_GT(modes[mode], 100) << Name(mode);
  }
  EXPECT_EQ(levels.size(), 4u);
  for (const int cache : {0, 1, 2, 5, 10}) EXPECT_GT(caches[cache], 50);
  for (const int frames : {0, 1, 5, 1000}) EXPECT_GT(checkpoints[frames], 50);
}

TEST_F(MixOfPlansTest, HasNoTimedKill) { EXPECT_EQ(Count(HasTimedKill), 0); }

TEST_F(MixOfPlansTest, HasEachNumberOfRounds) {
  for (std::size_t rounds = 1; rounds <= 4; ++rounds) {
    EXPECT_GT(
        Count([&](const Plan& plan) { return plan.rounds.size() == rounds; }),
        50)
        << rounds;
  }
}

TEST_F(MixOfPlansTest, HasEachKindOfCheckpoint) {
  for (const saver::CheckpointMode mode :
       {saver::CheckpointMode::kPassive, saver::CheckpointMode::kFull,
        saver::CheckpointMode::kRestart, saver::CheckpointMode::kTruncate}) {
    EXPECT_GT(CountWithStep([&](const Step& step) {
                return step.kind == StepKind::kWalCheckpoint &&
                       step.mode == mode;
              }),
              20)
        << Name(mode);
  }
}

TEST_F(MixOfPlansTest, HasBatchesThatFailHalfWay) {
  EXPECT_GT(CountWithStep([](const Step& step) {
              return Is(step, threads::Kind::kAppendLogs) &&
                     step.operation.invalid_at() > 0;
            }),
            100);
}

// Walks a plan with the model and counts what its steps of the kind answer.
TEST_F(MixOfPlansTest, MostChangesFindSomethingToWorkOn) {
  std::map<std::string_view, int> all;
  std::map<std::string_view, int> accepted;
  for (const Plan& plan : *plans_) {
    ReferenceModel model;
    for (const Round& round : plan.rounds) {
      for (const Step& step : round.steps) {
        if (IsChange(step.kind)) ++all[NameOf(step)];
        if (model.Apply(step).code == absl::StatusCode::kOk) {
          ++accepted[NameOf(step)];
        }
      }
    }
  }
  for (const auto& [name, count] : all) {
    EXPECT_GT(accepted[name] * 100, count * 55) << name;
    if (name == "delete_thread") continue;  // never refused
    EXPECT_LT(accepted[name], count) << name;
  }
}

TEST_F(MixOfPlansTest, CopiesAreWorkedOn) {
  int plans = 0;
  for (const Plan& plan : *plans_) {
    ReferenceModel model;
    std::set<int> copies;
    bool is_worked_on = false;
    for (const Round& round : plan.rounds) {
      for (const Step& step : round.steps) {
        if (model.Apply(step).code != absl::StatusCode::kOk) continue;
        if (Is(step, threads::Kind::kCopyThread)) {
          copies.insert(ArgumentsOf(step).into);
        } else if (IsChange(step.kind)) {
          is_worked_on =
              is_worked_on || copies.contains(ArgumentsOf(step).thread);
        }
      }
    }
    plans += is_worked_on ? 1 : 0;
  }
  EXPECT_GT(plans, 100);
}

TEST_F(MixOfPlansTest, StreamsInPiecesSmallerAndLargerThanAPage) {
  const auto count = [](auto predicate) {
    return CountWithStep([&](const Step& step) {
      return Is(step, threads::Kind::kStreamBlob) && predicate(step);
    });
  };
  EXPECT_GT(
      count([](const Step& step) { return ArgumentsOf(step).chunk < 512; }),
      50);
  EXPECT_GT(
      count([](const Step& step) { return ArgumentsOf(step).chunk > 4096; }),
      50);
  EXPECT_GT(count([](const Step& step) {
              return step.operation.content.size > 50'000;
            }),
            50);
}

TEST_F(MixOfPlansTest, GoesBackToOuterSavepoints) {
  EXPECT_GT(CountWithStep([](const Step& step) { return step.up > 0; }), 15);
}

TEST_F(MixOfPlansTest, HasPlansWithoutACrash) {
  const int calm =
      Count([](const Plan& plan) { return CountCrashes(plan) == 0; });
  EXPECT_GT(calm, 100);
  EXPECT_LT(calm, 600);
}

TEST_F(MixOfPlansTest, HasPlansThatCrashAgainAndAgain) {
  EXPECT_GT(Count([](const Plan& plan) { return CountCrashes(plan) > 2; }), 20);
}

TEST_F(MixOfPlansTest, CrashesAtEachMomentAndInEachStepOfTheFrame) {
  for (const Moment moment :
       {Moment::kBefore, Moment::kDuring, Moment::kAfter}) {
    EXPECT_GT(CountWithStep([&](const Step& step) {
                return step.crash.has_value() && step.crash->moment == moment;
              }),
              100)
        << Name(moment);
  }
  for (const StepKind kind :
       {StepKind::kOpen, StepKind::kCommit, StepKind::kClose}) {
    EXPECT_GT(CountWithStep([&](const Step& step) {
                return step.crash.has_value() && step.kind == kind;
              }),
              50)
        << Name(kind);
  }
}

TEST_F(MixOfPlansTest, HasBigDatabases) {
  EXPECT_GT(Count([](const Plan& plan) {
              return CountSteps(plan, [](const Step& step) {
                       return Is(step, threads::Kind::kAppendLogs) &&
                              step.operation.count() >= 100;
                     }) > 1;
            }),
            10);
}

TEST(FaultChoiceTest, KillHasACrashInEachPlan) {
  for (const Plan& plan : PlansOf(FaultChoice::kKill)) {
    EXPECT_GT(CountCrashes(plan), 0);
    EXPECT_TRUE(CrashStep(plan.rounds.back()).has_value());
  }
}

TEST(FaultChoiceTest, NoneHasACrashInNoPlan) {
  for (const Plan& plan : PlansOf(FaultChoice::kNone)) {
    EXPECT_EQ(CountCrashes(plan), 0);
  }
}

}  // namespace
}  // namespace lastcommit
