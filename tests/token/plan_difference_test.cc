#include "token/plan_difference.h"

#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "token/walks.h"

namespace lastcommit {
namespace {

void ExpectRoundTrip(const Plan& generated, const Plan& plan) {
  const absl::StatusOr<Plan> decoded =
      DecodeDifference(generated, EncodeDifference(generated, plan));
  ASSERT_THAT(decoded, IsOk());
  ASSERT_EQ(*decoded, plan) << PrintPlan(generated) << PrintPlan(plan);
}

TEST(PlanDifferenceTest, NoDifferenceIsNoBytes) {
  for (std::uint64_t index = 0; index < 200; ++index) {
    const Plan plan = PlanAt({1, index}, {});
    EXPECT_EQ(EncodeDifference(plan, plan), "");
    EXPECT_THAT(DecodeDifference(plan, ""), IsOkAndHolds(plan));
  }
}

TEST(PlanDifferenceTest, WhatShrinkingDidIsDecodedUnchanged) {
  ForEachWalk([](const CaseKey& key, const GenerateOptions& options,
                 const std::vector<Plan>& walk) {
    for (const Plan& plan : walk) ExpectRoundTrip(PlanAt(key, options), plan);
  });
}

// Nothing in common but the saver, and whether faults are of the disk: no
// shrinking adds those.
TEST(PlanDifferenceTest, AnyPlanIsADifferenceOfAnyOther) {
  const std::pair<FaultChoice, FaultChoice> faults[] = {
      {FaultChoice::kKill, FaultChoice::kKill},
      {FaultChoice::kPowerLoss, FaultChoice::kIoError},
      {FaultChoice::kIoError, FaultChoice::kKill}};
  for (const auto& [generated, other] : faults) {
    for (std::uint64_t index = 0; index < 200; ++index) {
      ExpectRoundTrip(PlanAt({1, index}, {.fault = generated}),
                      PlanAt({2, index}, {.fault = other}));
    }
  }
}

TEST(PlanDifferenceTest, TheEndsOfAllLimitsAreDecodedUnchanged) {
  Plan plan;
  plan.profile = {JournalMode::kOff, Synchronous::kExtra,
                  PlanLimits::kMinPageSize, PlanLimits::kMaxCacheSize,
                  PlanLimits::kMaxWalAutocheckpoint};
  plan.rounds = {
      {{{.kind = StepKind::kOpen},
        {.kind = StepKind::kPutCheckpoint,
         .thread = PlanLimits::kMaxName,
         .ns = PlanLimits::kMaxName,
         .id = PlanLimits::kMaxName,
         .parent = PlanLimits::kMaxName,
         .content = {PlanLimits::kMaxContentBytes, ~std::uint64_t{0}}},
        {.kind = StepKind::kAppendLogs,
         .count = PlanLimits::kMaxBatch,
         .invalid_at = PlanLimits::kMaxBatch - 1},
        {.kind = StepKind::kRollbackTo, .up = PlanLimits::kMaxUp},
        {.kind = StepKind::kWalCheckpoint, .mode = CheckpointMode::kTruncate},
        {.kind = StepKind::kClose,
         .crash = CrashPoint{PlanLimits::kMaxIo, Moment::kAfter}}}}};
  for (std::uint64_t index = 0; index < 20; ++index) {
    ExpectRoundTrip(PlanAt({1, index}, {}), plan);
  }
}

// Base plans of the simulated engine: what others cannot have costs no bits.
Plan SimPlanAt(std::uint64_t index) {
  Plan plan = PlanAt({4, index}, {.fault = FaultChoice::kKill});
  plan.engine = Engine::kSim;
  return plan;
}

TEST(PlanDifferenceTest, EachFaultOfTheDiskIsDecodedUnchanged) {
  int plans = 0;
  for (std::uint64_t index = 0; plans < 100; ++index) {
    Plan base = SimPlanAt(index);
    if (!MayLosePower(base)) continue;
    ++plans;
    Round& round = base.rounds.back();
    CrashPoint& crash = *round.steps[*CrashStep(round)].crash;
    const auto number = index * 1000;
    crash.survival = {static_cast<SurvivalKind>(1 + index % 5),
                      index % 5 == 0 ? 0 : number};
    round.steps[index % round.steps.size()].error = {
        static_cast<ErrorKind>(index % kErrorKinds),
        static_cast<std::int64_t>(1 + number),
        static_cast<std::int64_t>(index % 3)};
    base.images = static_cast<int>(index);
    ExpectRoundTrip(SimPlanAt(index), base);
    ExpectRoundTrip(base, base);
    Plan plan = base;
    plan.rounds.back().steps[*CrashStep(round)].crash->io += 1;
    ExpectRoundTrip(base, plan);
    ExpectRoundTrip(base, SimPlanAt(index));
    ExpectRoundTrip(SimPlanAt(index + 1), base);
  }
}

TEST(PlanDifferenceTest, TheLimitsOfTheDisksFaultsAreDecodedUnchanged) {
  Plan plan = SimPlanAt(0);
  plan.images = PlanLimits::kMaxImages;
  plan.profile.sector_size = PlanLimits::kMaxSectorSize;
  plan.profile.powersafe_overwrite = false;
  plan.rounds = {{{{.kind = StepKind::kOpen,
                    .crash = CrashPoint{PlanLimits::kMaxIo,
                                        Moment::kDuring,
                                        {SurvivalKind::kChosen,
                                         ~std::uint64_t{0},
                                         {{0},
                                          {1, FateKind::kHead, 0},
                                          {2, FateKind::kTail, kMaxFateNumber},
                                          {5, FateKind::kHeadGarbage, 7},
                                          {kMaxFateNumber, FateKind::kZeros}},
                                         kMaxFateNumber}}},
                   {.kind = StepKind::kClose,
                    .error = IoError{ErrorKind::kInterrupt, PlanLimits::kMaxIo,
                                     PlanLimits::kMaxErrors}}}}};
  for (std::uint64_t index = 0; index < 20; ++index) {
    ExpectRoundTrip(SimPlanAt(index), plan);
  }
}

TEST(PlanDifferenceTest, AnyBytesAreAPlanOfTheSimulatedDiskOrRefused) {
  Dice dice(2);
  int plans = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const Plan generated = SimPlanAt(i % 100);
    std::string bytes;
    for (std::size_t size = dice.Below(90); size > 0; --size) {
      bytes += static_cast<char>(dice.Below(256));
    }
    const absl::StatusOr<Plan> plan = DecodeDifference(generated, bytes);
    if (!plan.ok()) continue;
    ++plans;
    ExpectRoundTrip(generated, *plan);
  }
  EXPECT_GT(plans, 50);
}

// Whatever the bytes are, what comes out is a plan or an error.
TEST(PlanDifferenceTest, AnyBytesAreAPlanOrRefused) {
  Dice dice(1);
  int plans = 0;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const Plan generated = PlanAt({3, i % 100}, {});
    std::string bytes;
    for (std::size_t size = dice.Below(90); size > 0; --size) {
      bytes += static_cast<char>(dice.Below(256));
    }
    const absl::StatusOr<Plan> plan = DecodeDifference(generated, bytes);
    if (!plan.ok()) {
      ASSERT_THAT(plan, StatusIs(absl::StatusCode::kInvalidArgument));
      continue;
    }
    ++plans;
    ExpectRoundTrip(generated, *plan);
  }
  EXPECT_GT(plans, 100);
}

}  // namespace
}  // namespace lastcommit
