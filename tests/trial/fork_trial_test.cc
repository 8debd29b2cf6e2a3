#include "trial/fork_trial.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "operations.h"
#include "trial/plans.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class ForkTrialTest : public TrialTest {
 protected:
  // Runs the plan with the kill; expects that it is reached and that the
  // contract holds.
  RoundFacts Killed(const Plan& plan, std::size_t round, std::size_t step,
                    const CrashPoint& crash) {
    const TrialResult result = Run(KilledAt(plan, round, step, crash));
    EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
    EXPECT_GT(result.rounds.size(), round);
    if (result.rounds.size() <= round) return {};
    EXPECT_TRUE(result.rounds[round].crashed);
    return result.rounds[round];
  }
};

TEST_F(ForkTrialTest, APlanWithoutACrashHolds) {
  const TrialResult result = Run(PlanOf({RoundWithACommit()}));
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  ASSERT_THAT(result.rounds, SizeIs(1));
  EXPECT_FALSE(result.rounds[0].crashed);
  EXPECT_EQ(result.rounds[0].acknowledged, 3);
  EXPECT_EQ(result.rounds[0].cut, 3);
  EXPECT_EQ(result.steps, 8);
  EXPECT_EQ(result.commits, 4);  // the schema is one
}

TEST_F(ForkTrialTest, AKillBeforeTheFirstStepLeavesNoSchema) {
  const RoundFacts facts = Killed(PlanOf({RoundWithACommit()}), 0, 0, {});
  EXPECT_EQ(facts.cut, -1);
  EXPECT_EQ(facts.crash.point, IoPoint{});
}

TEST_F(ForkTrialTest, WhatIsAcknowledgedIsThereAfterAKillBeforeTheNextStep) {
  const RoundFacts facts =
      Killed(PlanOf({RoundWithACommit()}), 0, kCommitStep + 1, {});
  EXPECT_EQ(facts.acknowledged, 2);
  EXPECT_EQ(facts.cut, 2);
  EXPECT_FALSE(facts.had_candidate);
}

TEST_F(ForkTrialTest, AnOpenTransactionIsGoneAfterAKill) {
  const RoundFacts facts =
      Killed(PlanOf({RoundWithACommit()}), 0, kCommitStep, {});
  EXPECT_EQ(facts.cut, 1);
  EXPECT_FALSE(facts.had_candidate);
}

TEST_F(ForkTrialTest, ThePhaseIsWhatTheProcessWasDoing) {
  const CrashPoint first = {1, Moment::kBefore};
  const Plan plan =
      PlanOf({RoundWithACommit(),
              RoundOf({PutBlob(2, 10), StepOf(StepKind::kWalCheckpoint),
                       PutBlob(3, 10), StepOf(StepKind::kReopen)})});
  EXPECT_EQ(Killed(plan, 0, 0, first).crash.phase, Phase::kCreate);
  EXPECT_EQ(Killed(plan, 0, kCommitStep, first).crash.phase, Phase::kCommit);
  EXPECT_EQ(Killed(plan, 0, 3, {}).crash.phase, Phase::kBetween);
  EXPECT_EQ(Killed(plan, 0, 7, first).crash.phase, Phase::kClose);
  EXPECT_EQ(Killed(plan, 1, 0, first).crash.phase, Phase::kOpen);
  EXPECT_EQ(Killed(plan, 1, 1, first).crash.phase, Phase::kCommit);
  EXPECT_EQ(Killed(plan, 1, 2, first).crash.phase, Phase::kCheckpoint);
  EXPECT_EQ(Killed(plan, 1, 4, first).crash.phase, Phase::kClose);
}

TEST_F(ForkTrialTest, EachRoundCanBeKilled) {
  Plan plan = PlanOf({RoundWithACommit(), RoundOf({PutBlob(2, 10)}),
                      RoundOf({}), RoundOf({PutBlob(3, 10)})});
  for (std::size_t r = 0; r < 4; ++r) {
    plan = KilledAt(plan, r, plan.rounds[r].steps.size() - 1, {});
  }
  const TrialResult result = Run(plan);
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  ASSERT_THAT(result.rounds, SizeIs(4));
  for (const RoundFacts& facts : result.rounds) EXPECT_TRUE(facts.crashed);
  EXPECT_EQ(result.rounds.back().cut, 5);
}

TEST_F(ForkTrialTest, ACrashPointBehindTheRoundIsSkippedAsNotReached) {
  const TrialResult result = Run(KilledAt(PlanOf({RoundWithACommit()}), 0, 1,
                                          {1'000'000, Moment::kBefore}));
  EXPECT_EQ(Name(result.verdict), "skipped(not_reached)");
  EXPECT_FALSE(result.rounds[0].crashed);
}

TEST_F(ForkTrialTest, CallsOfLaterStepsCountOn) {
  const RoundFacts facts =
      Killed(PlanOf({RoundWithACommit()}), 0, 2, {10, Moment::kAfter});
  EXPECT_GT(facts.crash.step, 2u);
  EXPECT_LT(facts.crash.point.io, 10);
}

TEST_F(ForkTrialTest, AnExactCrashIsWhereTheCrashReallyWas) {
  const Plan plan =
      KilledAt(PlanOf({RoundWithACommit()}), 0, 1, {40, Moment::kAfter});
  const TrialResult result = Run(plan);
  const Plan exact = WithExactCrashes(plan, result);
  ASSERT_TRUE(CrashStep(exact.rounds[0]).has_value());
  EXPECT_NE(exact, plan);
  EXPECT_EQ(CrashStep(exact.rounds[0]), result.rounds[0].crash.step);
  const TrialResult again = Run(exact);
  EXPECT_EQ(again.rounds[0].crash.step, result.rounds[0].crash.step);
  EXPECT_EQ(again.rounds[0].crash.point, result.rounds[0].crash.point);
  EXPECT_EQ(again.rounds[0].cut, result.rounds[0].cut);
  EXPECT_EQ(WithExactCrashes(exact, again), exact);
}

TEST_F(ForkTrialTest, AnExactCrashLeavesRoundsWithoutOneAlone) {
  const Plan plan = PlanOf({RoundWithACommit()});
  EXPECT_EQ(WithExactCrashes(plan, Run(plan)), plan);
}

TEST_F(ForkTrialTest, ASpillIsSeen) {
  Plan plan =
      PlanOf({RoundOf({StepOf(StepKind::kBegin), PutBlob(0, 100'000),
                       PutBlob(1, 100'000), StepOf(StepKind::kCommit)})});
  EXPECT_FALSE(Run(plan).spilled);
  plan.profile.cache_size = 1;
  EXPECT_TRUE(Run(plan).spilled);
}

TEST_F(ForkTrialTest, AJournalInMemoryIsNoDemandOnceTheDatabaseIsWritten) {
  const Plan plan = PlanOf(saver::JournalMode::kMemory, {RoundWithACommit()});
  bool is_demanded = true;
  for (std::int64_t io = 1; io < 8; ++io) {
    const TrialResult result =
        Run(KilledAt(plan, 0, kCommitStep, {io, Moment::kAfter}));
    EXPECT_FALSE(result.verdict.violation.has_value()) << result.verdict.why;
    if (Name(result.verdict) == "skipped(no_demand)") is_demanded = false;
  }
  EXPECT_FALSE(is_demanded);
}

// Its cache has spilled into the database file.
TEST_F(ForkTrialTest, WithoutAJournalAReopenInATransactionIsNotJudged) {
  Plan plan = PlanOf(
      saver::JournalMode::kOff,
      {RoundOf({PutBlob(0, 20000), StepOf(StepKind::kBegin), PutBlob(1, 80000),
                StepOf(StepKind::kReopen), StepOf(StepKind::kRead)})});
  plan.profile.cache_size = 1;
  EXPECT_EQ(Name(Run(plan).verdict), "skipped(no_demand)");
  plan.profile.journal_mode = saver::JournalMode::kDelete;
  EXPECT_EQ(Name(Run(plan).verdict), "held");
}

TEST_F(ForkTrialTest, ACloseThatLeavesItsWalIsFoundBeforeTheNextRound) {
  Plan plan = PlanOf({RoundWithACommit(), RoundOf({})});
  plan.saver = "planted-wal-left-by-close";
  const TrialResult result = Run(plan);
  EXPECT_EQ(Name(result.verdict), "violated(unclean_close)");
  EXPECT_THAT(result.rounds, SizeIs(1));
}

TEST_F(ForkTrialTest, AnUnknownSaverIsNotFound) {
  Plan plan = PlanOf({RoundWithACommit()});
  plan.saver = "none";
  EXPECT_THAT(trial_->Run(plan), StatusIs(absl::StatusCode::kNotFound));
}

// Never run as if the fault were not there.
TEST_F(ForkTrialTest, APlanWithAFaultThatItDoesNotHaveIsRefused) {
  const Plan plan = KilledAt(PlanOf({RoundWithACommit()}), 0, kCommitStep, {});
  std::vector<Plan> plans(2, plan);
  plans[0].engine = Engine::kSim;
  plans[1].profile.sector_size = 512;
  for (const Plan& refused : plans) {
    EXPECT_THAT(trial_->Run(refused),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST_F(ForkTrialTest, ATrialLeavesNothingBehind) {
  Run(KilledAt(PlanOf({RoundWithACommit()}), 0, kCommitStep, {}));
  ASSERT_THAT(directory_.Names(), SizeIs(1));
  EXPECT_TRUE(
      std::filesystem::is_empty(directory_.Path(directory_.Names().front())));
  trial_.reset();
  EXPECT_THAT(directory_.Names(), IsEmpty());
}

// A plan gets its expectation after it was seen to fail; that must not move
// what it does.
TEST_F(ForkTrialTest, TheExpectationOfAPlanChangesNoByteOnDisk) {
  Plan plan = KilledAt(PlanOf({RoundWithACommit()}), 0, kCommitStep + 1, {});
  const Directory before;
  EXPECT_THAT(trial_->RunAndKeep(plan, before.path()), IsOk());
  plan.expected = ViolationClass::kLostCommit;
  plan.sqlite = {3011000, 3050002};
  const Directory after;
  EXPECT_THAT(trial_->RunAndKeep(plan, after.path()), IsOk());
  EXPECT_NE(before.Get("round-1/state.db-wal"), "");
  for (const char* file : {"round-1/state.db", "round-1/state.db-wal"}) {
    EXPECT_EQ(before.Get(file), after.Get(file)) << file;
  }
}

TEST_F(ForkTrialTest, WhatARoundLeftIsKeptOnRequest) {
  const Directory kept;
  Plan plan = PlanOf({RoundWithACommit(), RoundOf({})});
  plan = KilledAt(plan, 0, kCommitStep, {});
  EXPECT_THAT(trial_->RunAndKeep(plan, kept.path()), IsOk());
  EXPECT_TRUE(kept.Has("round-1/state.db"));
  EXPECT_TRUE(kept.Has("round-1/state.db-wal"));
  EXPECT_TRUE(kept.Has("round-2/state.db"));
  EXPECT_FALSE(kept.Has("round-2/state.db-wal"));
}

TEST_F(ForkTrialTest, ADirectoryThatIsMissingIsNotFound) {
  EXPECT_THAT(ForkTrial::Create({.directory = directory_.Path("none")}),
              StatusIs(absl::StatusCode::kNotFound));
}

// The same commit, killed at each of its I/O calls.
class KilledCommitTest
    : public ForkTrialTest,
      public testing::WithParamInterface<saver::JournalMode> {
 protected:
  std::vector<RoundFacts> KilledEverywhere(Moment moment) {
    constexpr std::int64_t kMoreThanEnough = 100;
    const Plan plan = PlanOf(GetParam(), {RoundWithACommit()});
    std::vector<RoundFacts> all;
    for (std::int64_t io = 1; io < kMoreThanEnough; ++io) {
      const RoundFacts facts = Killed(plan, 0, kCommitStep, {io, moment});
      if (facts.crash.step != kCommitStep) break;
      EXPECT_EQ(facts.crash.point.io, io);
      all.push_back(facts);
    }
    return all;
  }
};

std::int64_t CountLanded(const std::vector<RoundFacts>& all) {
  return std::count_if(all.begin(), all.end(), [](const RoundFacts& facts) {
    return facts.candidate_landed;
  });
}

TEST_P(KilledCommitTest, HoldsAtEachCallAndMoment) {
  for (const Moment moment :
       {Moment::kBefore, Moment::kDuring, Moment::kAfter}) {
    for (const RoundFacts& facts : KilledEverywhere(moment)) {
      EXPECT_TRUE(facts.had_candidate);
      EXPECT_EQ(facts.acknowledged, 1);
      EXPECT_EQ(facts.cut, facts.candidate_landed ? 2 : 1);
    }
  }
}

// Both sides: a kill that never loses, or never keeps, has shown nothing.
TEST_P(KilledCommitTest, IsLostEarlyAndLandsLate) {
  const std::vector<RoundFacts> all = KilledEverywhere(Moment::kAfter);
  ASSERT_THAT(all, SizeIs(testing::Gt(2)));
  EXPECT_FALSE(all.front().candidate_landed);
  EXPECT_TRUE(all.back().candidate_landed);
  EXPECT_TRUE(std::is_partitioned(
      all.begin(), all.end(),
      [](const RoundFacts& facts) { return !facts.candidate_landed; }));
  EXPECT_LT(CountLanded(all), static_cast<std::int64_t>(all.size()));
}

TEST_P(KilledCommitTest, LeavesSomethingToRecover) {
  std::int64_t recovered = 0;
  for (const RoundFacts& facts : KilledEverywhere(Moment::kAfter)) {
    recovered += facts.hot_journal || facts.wal_frames_recovered > 0 ? 1 : 0;
  }
  EXPECT_GT(recovered, 0);
}

TEST_P(KilledCommitTest, HoldsWhenCreationIsKilledAnywhere) {
  const Plan plan = PlanOf(GetParam(), {RoundOf({PutBlob(0, 9), PutBlob(0, 9)}),
                                        RoundOf({PutBlob(0, 9)})});
  int kills = 0;
  for (const std::int64_t io : {1, 2, 3, 5, 8, 13, 21}) {
    const RoundFacts facts = Killed(plan, 0, 0, {io, Moment::kAfter});
    kills += facts.crash.phase == Phase::kCreate ? 1 : 0;
  }
  EXPECT_GT(kills, 3);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, KilledCommitTest,
    testing::Values(saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
                    saver::JournalMode::kPersist, saver::JournalMode::kWal),
    [](const auto& mode) { return std::string(Name(mode.param)); });

// A full disk is nothing that a saver has to answer for.
class FullDirectoryTest : public testing::Test {
 protected:
  void Mount(const std::string& options) {
    const std::string reason = directory_.MountTmpfs(options);
    if (!reason.empty()) GTEST_SKIP() << reason;
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    auto trial = ForkTrial::Create({.directory = directory_.path()});
    EXPECT_THAT(trial, IsOk());
    trial_ = *std::move(trial);
  }

  Directory directory_;
  std::unique_ptr<ForkTrial> trial_;
};

// Also what looks like a violation.
TEST_F(FullDirectoryTest, NothingIsJudged) {
  Mount("size=2m");
  if (IsSkipped()) return;
  Plan plan = PlanOf(saver::JournalMode::kDelete,
                     {RoundOf({PutBlob(0, 5000), StepOf(StepKind::kRead)})});
  plan.saver = "planted-blob-as-text";
  plan.profile.page_size = 512;
  const absl::StatusOr<TrialResult> result = trial_->Run(plan);
  ASSERT_THAT(result, IsOk());
  EXPECT_EQ(Name(result->verdict), "violated(wrong_read)");
  directory_.Put("filler", std::string(1'880'000, 'x'));
  EXPECT_THAT(trial_->Run(plan),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

class FullDirectoryInModeTest
    : public FullDirectoryTest,
      public testing::WithParamInterface<saver::JournalMode> {};

TEST_P(FullDirectoryInModeTest, IsResourceExhaustedAndNoViolation) {
  Mount("size=2m");
  if (IsSkipped()) return;
  const Plan plan = PlanOf(
      GetParam(), {RoundOf({PutBlob(0, 1'500'000), PutBlob(1, 1'500'000)})});
  EXPECT_THAT(trial_->Run(plan),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(trial_->Run(PlanOf({RoundOf({PutBlob(0, 100)})})), IsOk());
}

// The saver gives the transaction up and says Aborted, and why; what was full
// may be free again.
TEST_P(FullDirectoryInModeTest, InATransactionIsResourceExhaustedToo) {
  Mount("size=2m");
  if (IsSkipped()) return;
  const Step logs =
      Op(threads::Kind::kAppendLogs, {.content = {200'000, 1}, .count = 15});
  Plan plan =
      PlanOf(GetParam(), {RoundOf({StepOf(StepKind::kBegin), PutBlob(0, 100),
                                   logs, StepOf(StepKind::kRollback)})});
  plan.profile.cache_size = 2;
  EXPECT_THAT(trial_->Run(plan),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

INSTANTIATE_TEST_SUITE_P(
    Modes, FullDirectoryInModeTest,
    testing::Values(saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
                    saver::JournalMode::kPersist, saver::JournalMode::kWal),
    [](const auto& mode) { return std::string(Name(mode.param)); });

}  // namespace
}  // namespace lastcommit
