#include "results/ledger.h"

#include <cstdint>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Plan PlanIn(saver::JournalMode mode) {
  Plan plan;
  plan.profile.journal_mode = mode;
  return plan;
}

TrialResult Killed(Phase phase, Moment moment) {
  RoundFacts facts;
  facts.crashed = true;
  facts.judged = true;
  facts.crash.phase = phase;
  facts.crash.point = {1, moment};
  TrialResult result;
  result.rounds = {facts};
  return result;
}

TEST(LedgerTest, AKillFillsTheCellOfItsModeAndPhase) {
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kPersist),
             Killed(Phase::kCommit, Moment::kDuring));
  EXPECT_EQ(ledger.Count("crash/fork/kill/persist/commit"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
  EXPECT_EQ(ledger.Count("moment/during"), 1);
  EXPECT_EQ(ledger.Count("round/fork/none/persist"), 0);
}

TrialResult TimedKill(bool is_inside) {
  TrialResult result = Killed(Phase::kCommit, Moment::kDuring);
  result.rounds[0].timed = true;
  result.rounds[0].crashed = is_inside;
  if (!is_inside) {
    result.verdict = Verdict::Skipped(SkipReason::kNotReached, "");
  }
  return result;
}

TEST(LedgerTest, ALossOfPowerHasCellsOfItsOwnAndIsPrinted) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_THAT(ledger.Print(), Not(HasSubstr("  power loss wal")));
  result.rounds[0].lost_power = true;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("crash/fork/power_loss/wal/commit"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 1);
  EXPECT_THAT(ledger.Print(), HasSubstr("  power loss wal"));
}

TEST(LedgerTest, RealProcessesAreATableUnlessOnlySimulatedDisksWereUsed) {
  constexpr char kTable[] = "crashes of real processes";
  Plan plan = PlanIn(saver::JournalMode::kWal);
  plan.engine = Engine::kSim;
  Ledger ledger;
  EXPECT_THAT(ledger.Print(), HasSubstr(kTable));
  ledger.Add(plan, Killed(Phase::kCommit, Moment::kAfter));
  EXPECT_EQ(ledger.Count("crash/sim/kill/wal/commit"), 1);
  EXPECT_THAT(ledger.Print(), Not(HasSubstr(kTable)));
  EXPECT_THAT(ledger.Print(), HasSubstr("ledger: everything else"));
  ledger.Add(PlanIn(saver::JournalMode::kWal),
             Killed(Phase::kCommit, Moment::kAfter));
  EXPECT_THAT(ledger.Print(), HasSubstr(kTable));
}

TEST(LedgerTest, ATimedKillHasCellsOfItsOwn) {
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), TimedKill(/*is_inside=*/true));
  EXPECT_EQ(ledger.Count("timed_kill/sent"), 1);
  EXPECT_EQ(ledger.Count("timed_kill/inside"), 1);
  EXPECT_EQ(ledger.Count("timed_kill/judged"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/timed_kill/wal/commit"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
  EXPECT_EQ(ledger.Count("moment/during"), 0);
}

TEST(LedgerTest, ATimedKillThatCameTooLateIsCountedAndSkipped) {
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), TimedKill(/*is_inside=*/false));
  EXPECT_EQ(ledger.Count("timed_kill/sent"), 1);
  EXPECT_EQ(ledger.Count("timed_kill/inside"), 0);
  EXPECT_EQ(ledger.Count("timed_kill/too_late"), 1);
  EXPECT_EQ(ledger.skipped(), 1);
}

TEST(LedgerTest, TimedKillsAreDescribedWithTheirShare) {
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), TimedKill(true));
  ledger.Add(PlanIn(saver::JournalMode::kWal), TimedKill(true));
  ledger.Add(PlanIn(saver::JournalMode::kWal), TimedKill(false));
  EXPECT_EQ(DescribeTimedKills(ledger),
            "timed kills: 3 sent, 2 came while a program ran (66.7 %), 1 too "
            "late");
  EXPECT_EQ(DescribeTimedKills(Ledger()),
            "timed kills: 0 sent, 0 came while a program ran (0.0 %), 0 too "
            "late");
}

TEST(LedgerTest, ARoundWithoutACrashFillsTheCellOfItsMode) {
  TrialResult result;
  result.rounds = {RoundFacts()};
  result.rounds[0].judged = true;
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("round/fork/none/wal"), 1);
}

TEST(LedgerTest, ARoundThatWasNotJudgedFillsNoCell) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  result.rounds[0].judged = false;
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
  EXPECT_EQ(ledger.Count("moment/after"), 0);
}

TEST(LedgerTest, ACommitInDoubtLandsOrIsLost) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  result.rounds[0].had_candidate = true;
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_lost"), 1);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_landed"), 0);
  result.rounds[0].candidate_landed = true;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_lost"), 1);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_landed"), 1);
}

TEST(LedgerTest, WhatWasRecoveredAndSpilledIsCounted) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  result.rounds[0].hot_journal = true;
  result.rounds[0].wal_frames_recovered = 7;
  result.spilled = true;
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("outcome/hot_journal_rolled_back"), 1);
  EXPECT_EQ(ledger.Count("outcome/wal_frames_recovered"), 1);
  EXPECT_EQ(ledger.Count("outcome/spilled"), 1);
  EXPECT_EQ(ledger.Count("outcome/statement_failed_after_spill"), 0);
}

TEST(LedgerTest, ASkippedPlanFillsNoCellButItsReason) {
  TrialResult result = Killed(Phase::kCommit, Moment::kBefore);
  result.verdict = Verdict::Skipped(SkipReason::kNotReached, "");
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.trials(), 1);
  EXPECT_EQ(ledger.skipped(), 1);
  EXPECT_EQ(ledger.Count("verdict/skipped(not_reached)"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
}

TEST(LedgerTest, CellsOfWorkersAddUp) {
  Ledger ledger;
  ledger.Add(ParseCells({{"trials", 2}, {"steps", 10}}));
  ledger.Add(ParseCells({{"trials", 3}}));
  EXPECT_EQ(ledger.trials(), 5);
  EXPECT_EQ(ledger.Count("steps"), 10);
  EXPECT_EQ(ledger.Count("never heard of"), 0);
}

TEST(LedgerTest, IsPrintedWithEveryCell) {
  Ledger ledger;
  ledger.Add(
      ParseCells({{"crash/fork/kill/wal/checkpoint", 4711}, {"trials", 4712}}));
  EXPECT_THAT(ledger.Print(), HasSubstr("4711"));
  EXPECT_THAT(ledger.Print(), HasSubstr("trials"));
  EXPECT_THAT(ledger.Print(), HasSubstr("4712"));
}

TrialResult AfterPowerLoss(const ImageCounts& images) {
  TrialResult result;
  result.images = images;
  return result;
}

TEST(LedgerTest, ImagesFillTheRowOfTheContract) {
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal),
             AfterPowerLoss({.judged = 30, .with_lost_commits = 7}));
  EXPECT_EQ(ledger.Count("power_loss/wal/full/judged"), 30);
  EXPECT_EQ(ledger.Count("power_loss/wal/full/lost_commits"), 7);
  EXPECT_EQ(ledger.Count("power_loss/wal/full/violated"), 0);
  EXPECT_EQ(ledger.Count("power_loss/wal/normal/judged"), 0);
}

TEST(LedgerTest, AViolationAfterALossOfPowerIsInItsRowAndNoOtherIs) {
  TrialResult result;
  result.verdict = Verdict::Violated(ViolationClass::kLostCommit, "");
  Ledger ledger;
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("power_loss/wal/full/violated"), 0);
  result.violated_image = ViolatedImage();
  ledger.Add(PlanIn(saver::JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("power_loss/wal/full/violated"), 1);
}

Plan PlanOfClients(int clients) {
  Plan plan;
  plan.engine = Engine::kSim;
  Round round;
  for (int client = 0; client < clients; ++client) {
    round.steps.push_back({.kind = StepKind::kOpen, .client = client});
  }
  plan.rounds = {round};
  return plan;
}

TrialResult TrialOfClients() {
  TrialResult result;
  result.commits_in_turn = 3;
  result.checkpoints_across_commits = 1;
  result.refusals = 2;
  result.changes_of_client = 9;
  result.switches.resize(4);
  return result;
}

TEST(LedgerTest, WhatClientsDoToEachOtherIsCounted) {
  Ledger ledger;
  ledger.Add(PlanOfClients(2), TrialOfClients());
  ledger.Add(PlanOfClients(2), TrialOfClients());
  ledger.Add(PlanOfClients(3), TrialOfClients());
  EXPECT_EQ(ledger.Count("clients/2"), 2);
  EXPECT_EQ(ledger.Count("clients/3"), 1);
  EXPECT_EQ(ledger.Count("clients/sim/commits_in_turn"), 9);
  EXPECT_EQ(ledger.Count("clients/sim/checkpoints_across_commits"), 3);
  EXPECT_EQ(ledger.Count("clients/sim/refusals"), 6);
  EXPECT_EQ(ledger.Count("clients/sim/switches"), 12);
  EXPECT_EQ(ledger.Count("clients/sim/changes_of_client"), 27);
  EXPECT_EQ(ledger.Count("clients/sim/kills_of_one"), 0);
  EXPECT_THAT(ledger.Print(), HasSubstr("  clients/sim/switches "));
}

TEST(LedgerTest, OneClientHasNoCellsOfClients) {
  Ledger ledger;
  ledger.Add(PlanOfClients(1), TrialOfClients());
  EXPECT_THAT(ledger.Print(), Not(HasSubstr("clients/")));
}

TEST(LedgerTest, OfASkippedTrialOnlyTheNumberOfClientsIsCounted) {
  TrialResult result = TrialOfClients();
  result.verdict = Verdict::Skipped(SkipReason::kNotReached, "");
  Ledger ledger;
  ledger.Add(PlanOfClients(2), result);
  EXPECT_EQ(ledger.Count("clients/2"), 1);
  EXPECT_EQ(ledger.Count("clients/sim/refusals"), 0);
}

TEST(LedgerTest, AKillOfOneIsCountedIfItHappened) {
  Plan plan = PlanOfClients(2);
  plan.rounds[0].steps[1].crash = CrashPoint{.is_of_one = true};
  TrialResult result = Killed(Phase::kCommit, Moment::kBefore);
  Ledger ledger;
  ledger.Add(plan, result);  // the death comes too late
  EXPECT_EQ(ledger.Count("clients/sim/kills_of_one"), 0);
  result.rounds[0].has_death = true;
  result.rounds[0].death.phase = Phase::kStatement;
  ledger.Add(plan, result);
  result.rounds[0].crashed = false;
  ledger.Add(plan, result);
  EXPECT_EQ(ledger.Count("clients/sim/kills_of_one"), 2);
  EXPECT_EQ(ledger.Count("clients/sim/kills_of_one_then_all"), 1);
}

// A plan of that combination, and a trial in which its fault happened.
struct Tried {
  Plan plan;
  TrialResult result;
};

Tried TriedWith(const Step& step) {
  Tried tried;
  Round round;
  round.steps = {{.kind = StepKind::kOpen}, step, {.kind = StepKind::kClose}};
  tried.plan.rounds = {round};
  tried.result.rounds = {RoundFacts()};
  tried.result.rounds[0].judged = true;
  return tried;
}

std::int64_t Exercised(const Tried& tried) {
  Ledger ledger;
  ledger.Add(tried.plan, tried.result);
  const Combination combination = CombinationOf(tried.plan);
  EXPECT_EQ(ledger.Count(PlansCell(combination)), 1);
  return ledger.Count(ExercisedCell(combination));
}

TEST(LedgerTest, APlanIsExercisedIfItsFaultWasDone) {
  Step commit = {.kind = StepKind::kCommit};
  EXPECT_EQ(Exercised(TriedWith(commit)), 1);
  commit.crash = CrashPoint();
  Tried killed = TriedWith(commit);
  EXPECT_EQ(Exercised(killed), 0);
  killed.result.rounds[0].crashed = true;
  EXPECT_EQ(Exercised(killed), 1);
  commit.crash->survival.kind = SurvivalKind::kNone;
  Tried lost = TriedWith(commit);
  lost.result.rounds[0].crashed = true;
  EXPECT_EQ(Exercised(lost), 0);
  lost.result.rounds[0].lost_power = true;
  EXPECT_EQ(Exercised(lost), 1);
  commit.error = IoError();
  Tried failed = TriedWith(commit);
  EXPECT_EQ(Exercised(failed), 0);
  failed.result.errors = 1;
  EXPECT_EQ(Exercised(failed), 1);
}

TEST(LedgerTest, ASkippedPlanIsNotExercised) {
  Tried tried = TriedWith({.kind = StepKind::kCommit});
  tried.result.verdict = Verdict::Skipped(SkipReason::kNoDemand, "");
  EXPECT_EQ(Exercised(tried), 0);
}

TEST(LedgerTest, AnErrorIsCountedByItsKindIfItBit) {
  Step commit = {.kind = StepKind::kCommit};
  commit.error = IoError{.kind = ErrorKind::kSync};
  Tried tried = TriedWith(commit);
  Ledger ledger;
  ledger.Add(tried.plan, tried.result);
  EXPECT_EQ(ledger.Count("errors/fork/sync"), 0);
  tried.result.rounds[0].counts.errors = 2;
  ledger.Add(tried.plan, tried.result);
  EXPECT_EQ(ledger.Count("errors/fork/sync"), 1);
  EXPECT_EQ(ledger.Count("errors/fork/write"), 0);
}

TEST(LedgerTest, AnErrorInAnOpenIsInRecoveryIfThereIsSomethingToRecover) {
  Tried tried = TriedWith({.kind = StepKind::kCommit});
  tried.plan.rounds.push_back(tried.plan.rounds[0]);
  tried.result.rounds.push_back(tried.result.rounds[0]);
  tried.result.rounds[1].counts.errors_in_open = 1;
  Ledger ledger;
  ledger.Add(tried.plan, tried.result);
  EXPECT_EQ(ledger.Count("errors/fork/in_recovery"), 0);
  tried.result.rounds[0].hot_journal = true;
  ledger.Add(tried.plan, tried.result);
  EXPECT_EQ(ledger.Count("errors/fork/in_recovery"), 1);
}

TEST(LedgerTest, ALossOfPowerIsCountedByItsKindIfItTookSomething) {
  Step commit = {.kind = StepKind::kCommit};
  commit.crash = CrashPoint();
  commit.crash->survival.kind = SurvivalKind::kSubset;
  Tried tried = TriedWith(commit);
  tried.result.rounds[0].crashed = true;
  tried.result.rounds[0].lost_power = true;
  Ledger ledger;
  ledger.Add(tried.plan, tried.result);
  EXPECT_EQ(ledger.Count("survival/fork/subset"), 0);
  tried.result.rounds[0].lost_changes = 3;
  ledger.Add(tried.plan, tried.result);
  EXPECT_EQ(ledger.Count("survival/fork/subset"), 1);
}

TEST(LedgerTest, JudgedIsWhatHeldOrWasViolated) {
  Ledger ledger;
  ledger.Add(ParseCells({{"trials", 10},
                         {"verdict/held", 4},
                         {"verdict/violated(damaged)", 2},
                         {"verdict/worker_died", 1},
                         {"verdict/skipped(no_demand)", 3}}));
  EXPECT_EQ(ledger.judged(), 6);
}

TEST(LedgerTest, ExercisedPlansAreATableByClients) {
  Ledger ledger;
  ledger.Add(ParseCells(
      {{"plans/sim/io-error/2", 40}, {"exercised/sim/io-error/2", 17}}));
  EXPECT_THAT(ledger.Print(), HasSubstr("  sim io-error "));
  EXPECT_THAT(ledger.Print(), HasSubstr(" 17 of 40 "));
  EXPECT_THAT(ledger.Print(), Not(HasSubstr("fork io-error")));
}

}  // namespace
}  // namespace lastcommit
