// Kills that the clock sends, at any instruction: on one database that grows
// through all rounds of a long plan, and on fresh databases. The judge looks at
// each round that was killed (integrity_check, foreign_key_check, every
// acknowledged commit, nothing else), so what was judged is counted, and what
// was written before the kills.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generate/timed_kill.h"
#include "props/environment.h"
#include "props/trial_property.h"
#include "results/ledger.h"
#include "results/promises.h"
#include "tests/operations.h"
#include "trial/trial.h"

namespace lastcommit {
namespace {

constexpr int kKills = 50;
// More rounds than kills, should some come too late.
constexpr int kRounds = 60;
static_assert(kRounds <= PlanLimits::kMaxRounds);

constexpr char kPlanted[] = "planted-ack-before-commit";

GenerateOptions TimedKills(const std::string& saver) {
  GenerateOptions options;
  options.saver = saver;
  options.fault = FaultChoice::kTimedKill;
  return options;
}

// What only takes away from a database that is to grow.
bool Shrinks(const Step& step) {
  return Is(step, threads::Kind::kDeleteThread) ||
         step.kind == StepKind::kVacuum;
}

// The rounds of many generated plans on one database, each with a timed kill.
Plan GrowingPlan(const std::string& saver, saver::JournalMode mode,
                 std::uint64_t seed) {
  Plan plan = PlanAt({seed, 0}, TimedKills(saver));
  plan.profile.journal_mode = mode;
  plan.rounds.clear();
  for (std::uint64_t index = 0; plan.rounds.size() < kRounds; ++index) {
    for (Round& round : PlanAt({seed, index}, TimedKills(saver)).rounds) {
      for (Step& step : round.steps) step.kill_after_us.reset();
      std::erase_if(round.steps, Shrinks);
      if (plan.rounds.size() == kRounds || round.steps.size() < 12) continue;
      const std::uint64_t number = plan.rounds.size();
      PlaceTimedKill({seed + number * 7919, seed * 31 + number * 104'729},
                     number == 0, round);
      plan.rounds.push_back(std::move(round));
    }
  }
  return plan;
}

// Changes of each kind that had returned before their process was killed.
class Written {
 public:
  void Add(const Plan& plan, const TrialResult& result) {
    for (std::size_t r = 0; r < result.rounds.size(); ++r) {
      const RoundFacts& facts = result.rounds[r];
      if (!facts.crashed || !facts.judged) continue;
      for (std::size_t i = 0; i < facts.crash.step; ++i) {
        ++counts_[static_cast<std::size_t>(plan.rounds[r].steps[i].kind)];
      }
    }
  }

  std::int64_t Of(StepKind kind) const {
    return counts_[static_cast<std::size_t>(kind)];
  }

  void Print() const {
    std::printf("written before the kills:");
    for (int i = 0; i < kStepKinds; ++i) {
      const auto kind = static_cast<StepKind>(i);
      if (!IsChange(kind)) continue;
      std::printf(" %s %lld", std::string(Name(kind)).c_str(),
                  static_cast<long long>(Of(kind)));
    }
    std::printf("\n");
  }

 private:
  std::array<std::int64_t, kStepKinds> counts_{};
};

TrialProperty TimedKillProperty(std::string name, const std::string& saver) {
  TrialProperty property;
  property.name = std::move(name);
  property.generate = TimedKills(saver);
  property.trials = std::max<std::uint64_t>(PropertyTrials(100), kKills);
  return property;
}

// A trial is one long plan.
TrialProperty GrowingDatabase(const std::string& saver, saver::JournalMode mode,
                              std::uint64_t trials) {
  TrialProperty property = TimedKillProperty("timed_kill_growing", saver);
  property.trials = trials;
  property.bend = [saver, mode](const Plan&, std::uint64_t index) {
    return GrowingPlan(saver, mode, PropertySeed() + index);
  };
  return property;
}

// Checks the property and prints what was killed, judged and written.
void ExpectHeld(TrialProperty property, Written& written) {
  property.observe = [&](const Plan& plan, const TrialResult& result) {
    written.Add(plan, result);
  };
  const PropertyOutcome outcome = CheckTrials(property, PropertySeed(), {});
  const Ledger& ledger = outcome.ledger;
  const std::int64_t judged = ledger.Count("timed_kill/judged");
  EXPECT_EQ(outcome.violation, std::nullopt) << outcome.failure;
  EXPECT_GE(judged, kKills) << outcome.failure;
  EXPECT_EQ(judged, ledger.Count("timed_kill/inside"));
  EXPECT_TRUE(AreInside(ledger));
  std::printf(
      "%s\n%lld of them judged: integrity_check, foreign_key_check, the whole "
      "state\n%s",
      DescribeTimedKills(ledger).c_str(), static_cast<long long>(judged),
      ledger.Print().c_str());
  written.Print();
}

void ExpectEveryKind(const Written& written, bool with_deletes) {
  for (int i = 0; i < kStepKinds; ++i) {
    Step step;
    step.kind = static_cast<StepKind>(i);
    if (!IsChange(step.kind) || (!with_deletes && Shrinks(step))) continue;
    EXPECT_GT(written.Of(step.kind), 0) << Name(step.kind);
  }
}

class GrowingDatabaseTest : public testing::TestWithParam<saver::JournalMode> {
};

TEST_P(GrowingDatabaseTest, SurvivesTimedKills) {
  Written written;
  ExpectHeld(GrowingDatabase("sqlite", GetParam(), 1), written);
  ExpectEveryKind(written, /*with_deletes=*/false);
}

// One kill in some two hundred falls between its acknowledgement and the
// commit.
TEST_P(GrowingDatabaseTest, OfTheTwinDoesNot) {
  const PropertyOutcome outcome =
      CheckTrials(GrowingDatabase(kPlanted, GetParam(), 60), PropertySeed(),
                  {false, ViolationClass::kLostCommit});
  EXPECT_EQ(outcome.violation, ViolationClass::kLostCommit);
}

INSTANTIATE_TEST_SUITE_P(TimedKill, GrowingDatabaseTest,
                         testing::Values(saver::JournalMode::kWal,
                                         saver::JournalMode::kDelete),
                         [](const auto& mode) {
                           return std::string(Name(mode.param));
                         });

TEST(TimedKill, FreshDatabasesSurvive) {
  Written written;
  ExpectHeld(TimedKillProperty("timed_kill_fresh", "sqlite"), written);
  ExpectEveryKind(written, /*with_deletes=*/true);
}

TEST(TimedKill, FreshDatabasesOfTheTwinDoNot) {
  TrialProperty property = TimedKillProperty("timed_kill_fresh", kPlanted);
  property.trials = 2000;
  const PropertyOutcome outcome = CheckTrials(
      property, PropertySeed(), {false, ViolationClass::kLostCommit});
  EXPECT_EQ(outcome.violation, ViolationClass::kLostCommit);
}

}  // namespace
}  // namespace lastcommit
