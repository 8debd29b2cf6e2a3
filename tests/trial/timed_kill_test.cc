#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "trial/candidates.h"
#include "trial/memory_kills.h"
#include "trial/plans.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

using ::testing::Each;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::int64_t kNever = PlanLimits::kMaxKillAfterUs;

class TimedKillTest : public TrialTest {};

TEST_F(TimedKillTest, OneThatIsDueAtOnceComesInItsStep) {
  const TrialResult result =
      Run(KilledAfter(PlanOf({RoundWithACommit()}), 0, 0, 0));
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  ASSERT_THAT(result.rounds, SizeIs(1));
  EXPECT_TRUE(result.rounds[0].timed);
  EXPECT_TRUE(result.rounds[0].crashed);
  EXPECT_EQ(result.rounds[0].crash.step, 0u);
  EXPECT_EQ(result.rounds[0].crash.phase, Phase::kCreate);
}

TEST_F(TimedKillTest, OneThatComesTooLateIsSkippedAsNotReached) {
  const TrialResult result =
      Run(KilledAfter(PlanOf({RoundWithACommit()}), 0, 1, kNever));
  EXPECT_EQ(Name(result.verdict), "skipped(not_reached)");
  EXPECT_TRUE(result.rounds[0].timed);
  EXPECT_FALSE(result.rounds[0].crashed);
}

TEST_F(TimedKillTest, TheRoundsAfterOneThatComesTooLateAreRunAndJudged) {
  Plan plan = PlanOf({RoundWithACommit(), RoundWithACommit()});
  plan = KilledAfter(KilledAfter(plan, 0, 1, kNever), 1, 0, 0);
  const TrialResult result = Run(plan);
  EXPECT_EQ(Name(result.verdict), "skipped(not_reached)");
  ASSERT_THAT(result.rounds, SizeIs(2));
  EXPECT_TRUE(result.rounds[0].judged);
  EXPECT_EQ(result.rounds[0].cut, 3);
  EXPECT_TRUE(result.rounds[1].crashed);
  EXPECT_TRUE(result.rounds[1].judged);
}

// A position that was torn would name a step or a call that never was.
TEST_F(TimedKillTest, ThePositionIsOneOfTheProgram) {
  const Plan plan = PlanOf({RoundWithACommit()});
  const std::size_t steps = plan.rounds[0].steps.size();
  std::set<std::size_t> seen;
  for (std::int64_t us = 0; us < 600; us += 7) {
    const TrialResult result =
        Run(KilledAfter(plan, 0, static_cast<std::size_t>(us) % steps, us));
    EXPECT_FALSE(result.verdict.violation.has_value()) << result.verdict.why;
    const RoundFacts& facts = result.rounds[0];
    if (!facts.crashed) continue;
    EXPECT_LT(facts.crash.step, steps);
    EXPECT_GE(facts.crash.step, static_cast<std::size_t>(us) % steps);
    EXPECT_LT(facts.crash.point.io, 200);
    if (facts.crash.point.io == 0) {
      EXPECT_EQ(facts.crash.point.moment, Moment::kBefore);
    }
    seen.insert(facts.crash.step);
  }
  EXPECT_GT(seen.size(), 2u);
}

class HeldInModeTest : public TimedKillTest,
                       public testing::WithParamInterface<saver::JournalMode> {
};

// MEMORY and OFF too: what was written since the last commit is known at any
// instruction.
TEST_P(HeldInModeTest, AtManyMoments) {
  const Plan plan =
      PlanOf(GetParam(), {RoundOf({PutBlob(0, 9), PutBlob(1, 9), PutBlob(0, 9),
                                   PutBlob(2, 9), PutBlob(0, 9)})});
  int kills = 0;
  for (std::int64_t us = 0; us < 120; ++us) {
    const TrialResult result = Run(KilledAfter(plan, 0, 1, us));
    EXPECT_FALSE(result.verdict.violation.has_value())
        << us << ": " << result.verdict.why;
    kills += result.rounds[0].crashed ? 1 : 0;
  }
  EXPECT_GT(kills, 0);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, HeldInModeTest,
    testing::Values(saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
                    saver::JournalMode::kPersist, saver::JournalMode::kWal,
                    saver::JournalMode::kMemory, saver::JournalMode::kOff),
    [](const auto& mode) { return std::string(Name(mode.param)); });

// What a timed kill at that position of the commit gave.
TrialResult FellAt(const CrashPlace& place) {
  TrialResult result;
  result.rounds.emplace_back();
  result.rounds[0].timed = true;
  result.rounds[0].crashed = true;
  result.rounds[0].crash = place;
  return result;
}

std::vector<Plan> CandidatesAt(const CrashPlace& place) {
  return DeterministicCandidates(
      KilledAfter(PlanOf({RoundWithACommit()}), 0, 1, 50), FellAt(place));
}

Plan KilledInCommit(const CrashPoint& point) {
  return KilledAt(PlanOf({RoundWithACommit()}), 0, kCommitStep, point);
}

TEST(CandidatesTest, AKillInACallMayBeBeforeInOrBehindIt) {
  const std::vector<Plan> plans =
      CandidatesAt({.step = kCommitStep, .point = {3, Moment::kDuring}});
  EXPECT_EQ(plans.front(), KilledInCommit({3, Moment::kDuring}));
  for (const CrashPoint& point :
       {CrashPoint{3, Moment::kBefore}, CrashPoint{3, Moment::kAfter},
        CrashPoint{4, Moment::kDuring}, CrashPoint{2, Moment::kAfter}}) {
    EXPECT_THAT(plans, testing::Contains(KilledInCommit(point)));
  }
}

TEST(CandidatesTest, AKillBehindTheLastCallMayBeTheBeginningOfTheNextStep) {
  EXPECT_THAT(CandidatesAt({.step = kCommitStep, .point = {3, Moment::kAfter}}),
              testing::Contains(KilledAt(PlanOf({RoundWithACommit()}), 0,
                                         kCommitStep + 1, {})));
}

TEST(CandidatesTest, AKillBeforeTheFirstCallIsOneBeforeItOrTheStep) {
  const std::vector<Plan> plans =
      CandidatesAt({.step = kCommitStep, .point = {}});
  EXPECT_THAT(plans, testing::Contains(KilledInCommit({1, Moment::kBefore})));
  EXPECT_THAT(plans, testing::Contains(KilledInCommit({})));
}

TEST(CandidatesTest, NoneIsTimedAndTheirNumberIsLimited) {
  Plan plan = PlanOf({});
  TrialResult result;
  for (int i = 0; i < 100; ++i) {
    plan.rounds.push_back(RoundWithACommit());
    plan.rounds.back().steps[1].kill_after_us = 50;
    result.rounds.push_back(
        FellAt({.step = kCommitStep, .point = {3, Moment::kDuring}}).rounds[0]);
  }
  const std::vector<Plan> plans = DeterministicCandidates(plan, result);
  EXPECT_THAT(plans, SizeIs(kMaxCandidates));
  EXPECT_THAT(plans, Each(testing::ResultOf(HasTimedKill, false)));
}

// As docs/clients.md counts them: the order of the steps, and 60 schedules.
TEST(CandidatesTest, OfProcessesThatRanFreelyTakeTurnsEachInAnotherWay) {
  Plan plan = PlanOf({RoundWithACommit()});
  plan.schedule.kind = ScheduleKind::kFree;
  std::vector<Plan> plans = DeterministicCandidates(plan, TrialResult());
  EXPECT_THAT(plans, SizeIs(61));
  EXPECT_THAT(plans, Each(testing::ResultOf(RunsFreely, false)));
  EXPECT_EQ(plans.front().schedule, Schedule());
  for (std::size_t i = 0; i < plans.size(); ++i) {
    EXPECT_EQ(std::count(plans.begin(), plans.end(), plans[i]), 1) << i;
    plans[i].schedule = plan.schedule;
    EXPECT_EQ(plans[i], plan) << i;
  }
}

TEST(CandidatesTest, AKillThatCameTooLateIsLeftOut) {
  TrialResult result = FellAt({});
  result.rounds[0].crashed = false;
  EXPECT_THAT(DeterministicCandidates(
                  KilledAfter(PlanOf({RoundWithACommit()}), 0, 1, 50), result),
              testing::ElementsAre(PlanOf({RoundWithACommit()})));
}

TEST(MemoryKillsTest, AreReadFromTheKernelsCounters) {
  EXPECT_EQ(OutOfMemoryKillsIn("pgfault 12\noom_kill 3\nnuma_hit 9\n"), 3);
  EXPECT_EQ(OutOfMemoryKillsIn("oom_kill 0"), 0);
  EXPECT_EQ(OutOfMemoryKillsIn("pgfault 12\noom_killer 3\n"), std::nullopt);
  EXPECT_EQ(OutOfMemoryKillsIn("oom_kill many\n"), std::nullopt);
  EXPECT_EQ(OutOfMemoryKillsIn(""), std::nullopt);
}

}  // namespace
}  // namespace lastcommit
