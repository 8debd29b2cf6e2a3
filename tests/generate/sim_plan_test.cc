// Plans for the simulated disk, and those with power losses and errors.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "generate/arbitrary_plan.h"
#include "generator_golden.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "xxhash.h"

namespace lastcommit {
namespace {

constexpr std::uint64_t kSimulatedPlans = 2000;

std::vector<Plan> PlansOf(EngineChoice engine, FaultChoice fault,
                          std::uint64_t count = kSimulatedPlans) {
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < count; ++i) {
    plans.push_back(PlanAt({1, i}, {.engine = engine, .fault = fault}));
  }
  return plans;
}

std::vector<Plan> SimPlans(FaultChoice fault) {
  return PlansOf(EngineChoice::kSim, fault);
}

// nullptr: the round has no crash.
const CrashPoint* CrashOf(const Round& round) {
  const auto step = CrashStep(round);
  return step.has_value() ? &*round.steps[*step].crash : nullptr;
}

bool LosesPower(const Round& round) {
  const CrashPoint* crash = CrashOf(round);
  return crash != nullptr && crash->survival.kind != SurvivalKind::kAll;
}

bool IsKilled(const Round& round) {
  return CrashOf(round) != nullptr && !LosesPower(round);
}

template <typename Predicate>
int CountRounds(const std::vector<Plan>& plans, Predicate predicate) {
  int count = 0;
  for (const Plan& plan : plans) {
    count += static_cast<int>(
        std::count_if(plan.rounds.begin(), plan.rounds.end(), predicate));
  }
  return count;
}

template <typename Predicate>
int Count(const std::vector<Plan>& plans, Predicate predicate) {
  return static_cast<int>(std::count_if(plans.begin(), plans.end(), predicate));
}

// How many plans in a row of `plans` have two rounds, one after the other, of
// which the predicate says yes.
template <typename Predicate>
int CountPairs(const std::vector<Plan>& plans, Predicate predicate) {
  return Count(plans, [&](const Plan& plan) {
    for (std::size_t r = 1; r < plan.rounds.size(); ++r) {
      if (predicate(plan.rounds[r - 1], plan.rounds[r])) return true;
    }
    return false;
  });
}

class EachFaultTest : public testing::TestWithParam<FaultChoice> {};

// The parser knows all limits.
TEST_P(EachFaultTest, IsPrintedAndParsedUnchangedOnEachEngine) {
  for (int engine = 0; engine < kEngineChoices; ++engine) {
    for (const Plan& plan :
         PlansOf(static_cast<EngineChoice>(engine), GetParam(), 300)) {
      ASSERT_THAT(ParsePlan(PrintPlan(plan), "generated"), IsOkAndHolds(plan))
          << PrintPlan(plan);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(SimPlan, EachFaultTest, [] {
  std::vector<FaultChoice> all;
  for (int i = 0; i < kFaultChoices; ++i) {
    all.push_back(static_cast<FaultChoice>(i));
  }
  return testing::ValuesIn(all);
}());

TEST(EngineChoiceTest, TimedKillsAreReal) {
  for (const EngineChoice engine :
       {EngineChoice::kFork, EngineChoice::kSim, EngineChoice::kMixed}) {
    for (const Plan& plan : PlansOf(engine, FaultChoice::kTimedKill, 100)) {
      EXPECT_EQ(plan.engine, Engine::kFork);
    }
  }
}

TEST(EngineChoiceTest, RealFilesHaveTheSectorsOfUnixAndNoImages) {
  for (int fault = 0; fault < kFaultChoices; ++fault) {
    for (const Plan& plan :
         PlansOf(EngineChoice::kFork, static_cast<FaultChoice>(fault), 500)) {
      EXPECT_EQ(plan.images, 0);
      EXPECT_EQ(plan.profile.sector_size, Profile().sector_size);
    }
  }
}

// A SIGKILL alone tells none of these from others.
TEST(EngineChoiceTest, OnRealFilesOnlyFaultsOfTheDiskComeWithModesForThem) {
  const auto is_for_disks = [](const Plan& plan) {
    return plan.profile.journal_mode == saver::JournalMode::kOff ||
           plan.profile.journal_mode == saver::JournalMode::kMemory ||
           !plan.profile.powersafe_overwrite;
  };
  for (const Plan& plan : PlansOf(EngineChoice::kFork, FaultChoice::kMixed)) {
    EXPECT_TRUE(HasDiskFaults(plan) || !is_for_disks(plan));
  }
  EXPECT_GT(Count(PlansOf(EngineChoice::kFork, FaultChoice::kPowerLoss),
                  is_for_disks),
            200);
}

TEST(SimPlanTest, NoneHasNoFaultAndKillsAreOnlyKills) {
  for (const Plan& plan : SimPlans(FaultChoice::kNone)) {
    EXPECT_EQ(plan.images, 0);
    EXPECT_FALSE(HasDiskFaults(plan));
    for (const Round& round : plan.rounds) EXPECT_EQ(CrashOf(round), nullptr);
  }
  for (const Plan& plan : SimPlans(FaultChoice::kKill)) {
    EXPECT_EQ(plan.images, 0);
    EXPECT_FALSE(HasDiskFaults(plan));
    EXPECT_TRUE(IsKilled(plan.rounds.back()));
  }
}

TEST(SimPlanTest, PowerLossesEndEachPlanBehindKillsAndOtherPowerLosses) {
  for (const EngineChoice engine : {EngineChoice::kFork, EngineChoice::kSim}) {
    const std::vector<Plan> plans = PlansOf(engine, FaultChoice::kPowerLoss);
    for (const Plan& plan : plans) {
      EXPECT_TRUE(LosesPower(plan.rounds.back()));
      for (const Round& round : plan.rounds) {
        EXPECT_EQ(ErrorStep(round), std::nullopt);
      }
    }
    EXPECT_GT(CountPairs(plans,
                         [](const Round& first, const Round& second) {
                           return IsKilled(first) && LosesPower(second);
                         }),
              300);
    EXPECT_GT(CountPairs(plans,
                         [](const Round& first, const Round& second) {
                           return LosesPower(first) && LosesPower(second);
                         }),
              300);
  }
}

TEST(SimPlanTest, CrashesInRecoveryAndInTheRecoveryFromThat) {
  const auto crashes_in_open = [](const Round& round) {
    return CrashStep(round) == 0u && CrashOf(round)->io > 0;
  };
  const std::vector<Plan> plans = SimPlans(FaultChoice::kPowerLoss);
  EXPECT_GT(CountPairs(plans,
                       [&](const Round& first, const Round& second) {
                         return CrashOf(first) != nullptr &&
                                crashes_in_open(second);
                       }),
            400);
  EXPECT_GT(CountPairs(plans,
                       [&](const Round& first, const Round& second) {
                         return crashes_in_open(first) &&
                                crashes_in_open(second);
                       }),
            100);
}

TEST(SimPlanTest, EachKindOfSurvivalButChosenIsDrawn) {
  std::map<SurvivalKind, int> kinds;
  for (const Plan& plan : SimPlans(FaultChoice::kPowerLoss)) {
    for (const Round& round : plan.rounds) {
      if (CrashOf(round) != nullptr) ++kinds[CrashOf(round)->survival.kind];
    }
  }
  for (int i = 0; i < kSurvivalKinds; ++i) {
    const auto kind = static_cast<SurvivalKind>(i);
    if (kind == SurvivalKind::kChosen) continue;
    EXPECT_GT(kinds[kind], 300) << Name(kind);
  }
  EXPECT_EQ(kinds[SurvivalKind::kChosen], 0);
}

TEST(SimPlanTest, EachErrorPlanHasAnErrorThatTheCrashDoesNotPrecede) {
  for (const EngineChoice engine : {EngineChoice::kFork, EngineChoice::kSim}) {
    for (const Plan& plan : PlansOf(engine, FaultChoice::kIoError)) {
      bool has_error = false;
      for (const Round& round : plan.rounds) {
        const auto error = ErrorStep(round);
        has_error |= error.has_value();
        if (error.has_value() && CrashOf(round) != nullptr) {
          EXPECT_LE(*error, *CrashStep(round));
        }
      }
      EXPECT_TRUE(has_error);
    }
  }
}

TEST(SimPlanTest, ErrorsComeWithCrashesInTheirRoundAndInTheNext) {
  const std::vector<Plan> plans = SimPlans(FaultChoice::kIoError);
  const auto fails = [](const Round& round) {
    return ErrorStep(round).has_value();
  };
  const auto fails_and = [&](auto predicate) {
    return CountRounds(plans, [&](const Round& round) {
      return fails(round) && predicate(round);
    });
  };
  EXPECT_GT(fails_and(IsKilled), 300);
  EXPECT_GT(fails_and(LosesPower), 300);
  EXPECT_GT(fails_and([](const Round& round) { return !CrashOf(round); }), 300);
  EXPECT_GT(CountPairs(plans,
                       [&](const Round& first, const Round& second) {
                         return fails(first) && LosesPower(second);
                       }),
            200);
}

TEST(SimPlanTest, EachErrorIsDrawnAtManyCallsAndSteps) {
  std::map<ErrorKind, int> kinds;
  std::map<std::int64_t, int> counts;
  std::map<StepKind, int> steps;
  int first = 0;
  int late = 0;
  for (const Plan& plan : SimPlans(FaultChoice::kIoError)) {
    for (const Round& round : plan.rounds) {
      for (const Step& step : round.steps) {
        if (!step.error.has_value()) continue;
        ++kinds[step.error->kind];
        ++counts[step.error->count];
        ++steps[step.kind];
        first += step.error->at == 1 ? 1 : 0;
        late += step.error->at > 100 ? 1 : 0;
      }
    }
  }
  for (int i = 0; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    EXPECT_GT(kinds[kind], 50) << Name(kind);
  }
  for (const std::int64_t count : {0, 1, 3}) EXPECT_GT(counts[count], 100);
  EXPECT_GT(counts[1], counts[0] + counts[3]);
  for (const StepKind kind : {StepKind::kOpen, StepKind::kClose,
                              StepKind::kCommit, StepKind::kWalCheckpoint}) {
    EXPECT_GT(steps[kind], 20) << Name(kind);
  }
  EXPECT_GT(first, 200);
  EXPECT_GT(late, 50);
}

TEST(SimPlanTest, TheMixHasEachFaultAndPlansWithoutAny) {
  const std::vector<Plan> plans = SimPlans(FaultChoice::kMixed);
  const auto has = [](auto predicate) {
    return [predicate](const Plan& plan) {
      return std::any_of(plan.rounds.begin(), plan.rounds.end(), predicate);
    };
  };
  EXPECT_GT(Count(plans, has(IsKilled)), 300);
  EXPECT_GT(Count(plans, has(LosesPower)), 800);
  EXPECT_GT(Count(plans, has([](const Round& round) {
                    return ErrorStep(round).has_value();
                  })),
            400);
  EXPECT_GT(Count(plans,
                  [&](const Plan& plan) {
                    return !HasDiskFaults(plan) && !has(IsKilled)(plan);
                  }),
            80);
}

class SimMixTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    plans_ = new std::vector<Plan>(SimPlans(FaultChoice::kMixed));
  }
  static void TearDownTestSuite() { delete plans_; }

  // How often each value is there.
  template <typename Value>
  static auto Tally(Value value) {
    std::map<decltype(value(Plan())), int> counts;
    for (const Plan& plan : *plans_) ++counts[value(plan)];
    return counts;
  }

  static std::vector<Plan>* plans_;
};

std::vector<Plan>* SimMixTest::plans_ = nullptr;

TEST_F(SimMixTest, HasEachJournalModeWithEachSynchronousLevel) {
  auto counts = Tally([](const Plan& plan) {
    return std::pair(plan.profile.journal_mode, plan.profile.synchronous);
  });
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
        saver::JournalMode::kPersist, saver::JournalMode::kWal,
        saver::JournalMode::kMemory, saver::JournalMode::kOff}) {
    for (const saver::Synchronous level :
         {saver::Synchronous::kOff, saver::Synchronous::kNormal,
          saver::Synchronous::kFull, saver::Synchronous::kExtra}) {
      EXPECT_GE(counts[std::pair(mode, level)], 2)
          << Name(mode) << " " << Name(level);
    }
  }
}

TEST_F(SimMixTest, HasEachSizeOfPagesAndSectors) {
  const auto pages =
      Tally([](const Plan& plan) { return plan.profile.page_size; });
  EXPECT_EQ(pages.size(), 8u);  // 512 to 65536
  auto sectors =
      Tally([](const Plan& plan) { return plan.profile.sector_size; });
  for (const int size : {512, 1024, 4096, 8192, 65536}) {
    EXPECT_GT(sectors[size], 30) << size;
  }
  EXPECT_GT(sectors[4096], 1000);
  auto psow =
      Tally([](const Plan& plan) { return plan.profile.powersafe_overwrite; });
  EXPECT_GT(psow[false], 180);
  EXPECT_LT(psow[false], 400);
}

TEST_F(SimMixTest, HasFewAndManyImages) {
  auto counts = Tally([](const Plan& plan) { return plan.images; });
  for (const int images : {0, 8, 16, 32, 64}) {
    EXPECT_GT(counts[images], 300) << images;
  }
}

// A digest a plan, of all choices in turn.
TEST(SimPlanTest, SixtyPlansOfThisGeneratorVersionAreTheGoldenOnes) {
  constexpr FaultChoice kFaults[] = {FaultChoice::kMixed, FaultChoice::kKill,
                                     FaultChoice::kPowerLoss,
                                     FaultChoice::kIoError};
  std::string digests;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::string text = PrintPlan(PlanAt(
        {1, i}, {.engine = static_cast<EngineChoice>(i / 4 % kEngineChoices),
                 .fault = kFaults[i % 4]}));
    digests +=
        absl::StrFormat("%016x\n", XXH3_64bits(text.data(), text.size()));
  }
  ExpectGoldenOfGenerator(std::string(GOLDEN) + "sim_plans_of_seed_1.txt",
                          digests);
}

}  // namespace
}  // namespace lastcommit
