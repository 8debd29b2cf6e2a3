#include "generate/mix.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "store/attached.h"

namespace lastcommit {
namespace {

const GenerateOptions kEverything = {.engine = EngineChoice::kMixed,
                                     .clients = kAnyClients};

using Key = std::tuple<Engine, FaultChoice, int>;

Key KeyOf(const Combination& combination) {
  return {combination.engine, combination.fault, combination.clients};
}

std::vector<Plan> PlansOf(const GenerateOptions& options, std::uint64_t count) {
  std::vector<Plan> plans;
  for (std::uint64_t i = 0; i < count; ++i) {
    plans.push_back(PlanAt({1, i}, options));
  }
  return plans;
}

TEST(MixTest, EachEngineHasEachFaultWithEachNumberOfClientsThatItCan) {
  std::set<Key> all;
  for (const Share& share : MixOf(kEverything)) {
    EXPECT_GT(share.weight, 0);
    EXPECT_TRUE(all.insert(KeyOf(share.combination)).second);
  }
  for (int clients = 1; clients <= kMaxClients; ++clients) {
    for (const FaultChoice fault :
         {FaultChoice::kNone, FaultChoice::kKill, FaultChoice::kPowerLoss,
          FaultChoice::kIoError}) {
      EXPECT_TRUE(all.contains({Engine::kSim, fault, clients}));
      // Real processes of several clients are killed, and nothing else.
      const bool is_of_disk =
          fault == FaultChoice::kPowerLoss || fault == FaultChoice::kIoError;
      EXPECT_EQ(all.contains({Engine::kFork, fault, clients}),
                clients == 1 || !is_of_disk);
    }
  }
}

// Of three or four clients one may have nothing to do in any round, so that the
// plan has fewer.
TEST(MixTest, PlansHaveTheSharesOfTheMix) {
  constexpr std::uint64_t kPlans = 4000;
  std::map<std::tuple<Engine, FaultChoice>, int> expected;
  std::map<std::tuple<Engine, FaultChoice>, int> found;
  std::map<int, int> clients;
  for (const Share& share : MixOf(kEverything)) {
    const Combination& combination = share.combination;
    expected[{combination.engine, combination.fault}] += share.weight;
  }
  for (const Plan& plan : PlansOf(kEverything, kPlans)) {
    const Combination combination = CombinationOf(plan);
    ++found[{combination.engine, combination.fault}];
    ++clients[combination.clients];
  }
  int total = 0;
  for (const auto& [kind, weight] : expected) total += weight;
  EXPECT_EQ(expected.size(), found.size());
  for (const auto& [kind, weight] : expected) {
    const int wanted = static_cast<int>(kPlans) * weight / total;
    EXPECT_NEAR(found[kind], wanted, 30 + wanted / 5);
  }
  for (int count = 1; count <= kMaxClients; ++count) {
    EXPECT_GT(clients[count], static_cast<int>(kPlans) / 10) << count;
  }
}

TEST(MixTest, OptionsNarrowIt) {
  for (const Share& share : MixOf({.engine = EngineChoice::kSim,
                            .fault = FaultChoice::kPowerLoss,
                            .clients = {2, 3}})) {
    EXPECT_EQ(share.combination.engine, Engine::kSim);
    EXPECT_EQ(share.combination.fault, FaultChoice::kPowerLoss);
    EXPECT_GE(share.combination.clients, 2);
    EXPECT_LE(share.combination.clients, 3);
  }
  EXPECT_TRUE(MixOf({.engine = EngineChoice::kFork,
                     .fault = FaultChoice::kIoError,
                     .clients = 2})
                  .empty());
}

// Without a super-journal what an error leaves is not judged.
TEST(MixTest, AttachedDatabasesHaveSuperJournalsUnlessOneClientIsKilled) {
  GenerateOptions options = {.clients = kAnyClients};
  options.engine = EngineChoice::kMixed;
  options.is_attached = true;
  const auto lacks = [](const Profile& profile) {
    return !IsAtomicOverAttached(profile);
  };
  int without = 0;
  for (std::uint64_t index = 0; index < 400; ++index) {
    const Plan plan = PlanAt({1, index}, options);
    if (!lacks(plan.profile)) continue;
    ++without;
    EXPECT_TRUE(MayLackSuperJournals(CombinationOf(plan))) << index;
  }
  EXPECT_GT(without, 20);
  for (const bool is_wal : {true, false}) {
    GenerateOptions fixed = options;
    if (is_wal) {
      fixed.journal_mode = saver::JournalMode::kWal;
    } else {
      fixed.synchronous = saver::Synchronous::kOff;
    }
    for (const Share& share : MixOf(fixed)) {
      EXPECT_EQ(share.combination.clients, 1);
      EXPECT_NE(share.combination.fault, FaultChoice::kIoError);
    }
    fixed.clients = 2;
    EXPECT_TRUE(MixOf(fixed).empty());
  }
}

TEST(MixTest, FreeClientsAreRealAndTheClockKillsOnlyWhenAsked) {
  for (const Share& share : MixOf({.engine = EngineChoice::kMixed,
                            .clients = kAnyClients,
                            .schedule = ScheduleKind::kFree})) {
    EXPECT_EQ(share.combination.engine, Engine::kFork);
  }
  for (const Share& share : MixOf(kEverything)) {
    EXPECT_NE(share.combination.fault, FaultChoice::kTimedKill);
  }
  const std::vector<Share> timed =
      MixOf({.fault = FaultChoice::kTimedKill, .clients = kAnyClients});
  ASSERT_EQ(timed.size(), 1u);
  EXPECT_EQ(timed[0].combination.clients, 1);
}

TEST(MixTest, ThePlanIsOfTheCombinationThatWasAskedFor) {
  for (const Share& share : MixOf(kEverything)) {
    const Combination& wanted = share.combination;
    const GenerateOptions options = {.engine = wanted.engine == Engine::kSim
                                                   ? EngineChoice::kSim
                                                   : EngineChoice::kFork,
                                     .fault = wanted.fault,
                                     .clients = wanted.clients};
    for (const Plan& plan : PlansOf(options, 30)) {
      const Combination found = CombinationOf(plan);
      EXPECT_EQ(found.engine, wanted.engine);
      EXPECT_EQ(found.fault, wanted.fault);
      EXPECT_LE(found.clients, wanted.clients);
    }
  }
}

TEST(MixTest, HasEachScheduleButFree) {
  std::map<ScheduleKind, int> schedules;
  for (const Plan& plan : PlansOf(kEverything, 2000)) {
    if (Clients(plan) > 1) ++schedules[plan.schedule.kind];
  }
  for (int i = 0; i < kScheduleKinds; ++i) {
    const auto kind = static_cast<ScheduleKind>(i);
    if (kind == ScheduleKind::kFree) continue;
    EXPECT_GT(schedules[kind], 20) << Name(kind);
  }
  EXPECT_EQ(schedules[ScheduleKind::kFree], 0);
}

bool FailsIn(const Round& round, std::size_t step, ErrorKind kind) {
  const auto error = ErrorStep(round);
  return error == step && round.steps[*error].error->kind == kind;
}

TEST(MixTest, HasSyncsThatFailAndErrorsOfEachKindWhereARoundRecovers) {
  int syncs = 0;
  std::map<ErrorKind, int> in_recovery;
  for (const Plan& plan : PlansOf(kEverything, 6000)) {
    for (std::size_t r = 0; r < plan.rounds.size(); ++r) {
      const Round& round = plan.rounds[r];
      const auto error = ErrorStep(round);
      if (!error.has_value()) continue;
      const ErrorKind kind = round.steps[*error].error->kind;
      syncs += kind == ErrorKind::kSync ? 1 : 0;
      if (r > 0 && CrashStep(plan.rounds[r - 1]).has_value() &&
          FailsIn(round, 0, kind)) {
        ++in_recovery[kind];
      }
    }
  }
  EXPECT_GT(syncs, 100);
  for (int i = 0; i < kErrorKinds; ++i) {
    EXPECT_GT(in_recovery[static_cast<ErrorKind>(i)], 5)
        << Name(static_cast<ErrorKind>(i));
  }
}

}  // namespace
}  // namespace lastcommit
