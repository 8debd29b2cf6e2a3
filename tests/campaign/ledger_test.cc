#include "campaign/ledger.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Plan PlanIn(JournalMode mode) {
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

// What a mixed run of that size fills when nothing is wrong.
Ledger::Cells FullCells(std::int64_t trials) {
  Ledger::Cells cells = {{"trials", trials}};
  for (const char* mode : {"delete", "truncate", "persist", "wal"}) {
    cells[std::string("round/fork/none/") + mode] = 1;
    for (const char* phase :
         {"create", "open", "statement", "commit", "between"}) {
      cells[std::string("crash/fork/kill/") + mode + "/" + phase] = 1;
    }
  }
  for (const char* mode : {"delete", "truncate", "persist", "wal"}) {
    cells[std::string("crash/fork/power_loss/") + mode + "/statement"] = 1;
  }
  cells["errors/injected"] = 1;
  cells["errors/same_connection_went_on"] = 1;
  cells["outcome/journal_mode_changed"] = 1;
  cells["crash/fork/kill/wal/checkpoint"] = 1;
  cells["crash/fork/kill/wal/close"] = 1;
  for (const char* outcome :
       {"in_doubt_landed", "in_doubt_lost", "wal_frames_recovered",
        "hot_journal_rolled_back", "spilled",
        "savepoint_rolled_back_after_spill", "statement_failed_after_spill"}) {
    cells[std::string("outcome/") + outcome] = 1;
  }
  return cells;
}

std::vector<std::string> Broken(const Ledger::Cells& cells,
                                FaultChoice fault = FaultChoice::kMixed) {
  Ledger ledger;
  ledger.Add(cells);
  return BrokenPromises(ledger, {.fault = fault});
}

TEST(LedgerTest, AKillFillsTheCellOfItsModeAndPhase) {
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kPersist),
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
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_THAT(ledger.Print(), Not(HasSubstr("  power loss wal")));
  result.rounds[0].lost_power = true;
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("crash/fork/power_loss/wal/commit"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 1);
  EXPECT_THAT(ledger.Print(), HasSubstr("  power loss wal"));
}

TEST(LedgerTest, RealProcessesAreATableUnlessOnlySimulatedDisksWereUsed) {
  constexpr char kTable[] = "crashes of real processes";
  Plan plan = PlanIn(JournalMode::kWal);
  plan.engine = Engine::kSim;
  Ledger ledger;
  EXPECT_THAT(ledger.Print(), HasSubstr(kTable));
  ledger.Add(plan, Killed(Phase::kCommit, Moment::kAfter));
  EXPECT_EQ(ledger.Count("crash/sim/kill/wal/commit"), 1);
  EXPECT_THAT(ledger.Print(), Not(HasSubstr(kTable)));
  EXPECT_THAT(ledger.Print(), HasSubstr("ledger: everything else"));
  ledger.Add(PlanIn(JournalMode::kWal), Killed(Phase::kCommit, Moment::kAfter));
  EXPECT_THAT(ledger.Print(), HasSubstr(kTable));
}

TEST(LedgerTest, ATimedKillHasCellsOfItsOwn) {
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), TimedKill(/*is_inside=*/true));
  EXPECT_EQ(ledger.Count("timed_kill/sent"), 1);
  EXPECT_EQ(ledger.Count("timed_kill/inside"), 1);
  EXPECT_EQ(ledger.Count("timed_kill/judged"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/timed_kill/wal/commit"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
  EXPECT_EQ(ledger.Count("moment/during"), 0);
}

TEST(LedgerTest, ATimedKillThatCameTooLateIsCountedAndSkipped) {
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), TimedKill(/*is_inside=*/false));
  EXPECT_EQ(ledger.Count("timed_kill/sent"), 1);
  EXPECT_EQ(ledger.Count("timed_kill/inside"), 0);
  EXPECT_EQ(ledger.Count("timed_kill/too_late"), 1);
  EXPECT_EQ(ledger.skipped(), 1);
}

TEST(LedgerTest, NineOfTenTimedKillsComeWhileAProgramRuns) {
  Ledger::Cells cells = {{"trials", 100},
                         {"timed_kill/sent", 100},
                         {"timed_kill/inside", 90},
                         {"timed_kill/too_late", 10}};
  EXPECT_THAT(Broken(cells, FaultChoice::kTimedKill), IsEmpty());
  cells["timed_kill/inside"] = 89;
  cells["timed_kill/too_late"] = 11;
  EXPECT_THAT(Broken(cells, FaultChoice::kTimedKill),
              ElementsAre("89 of 100 timed kills came while a program ran, "
                          "fewer than 90 %"));
  EXPECT_THAT(Broken({{"trials", 5}}, FaultChoice::kTimedKill), SizeIs(1));
  EXPECT_THAT(Broken({{"trials", 5}}, FaultChoice::kKill), IsEmpty());
}

TEST(LedgerTest, TimedKillsAreDescribedWithTheirShare) {
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), TimedKill(true));
  ledger.Add(PlanIn(JournalMode::kWal), TimedKill(true));
  ledger.Add(PlanIn(JournalMode::kWal), TimedKill(false));
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
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("round/fork/none/wal"), 1);
}

TEST(LedgerTest, ARoundThatWasNotJudgedFillsNoCell) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  result.rounds[0].judged = false;
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
  EXPECT_EQ(ledger.Count("moment/after"), 0);
}

TEST(LedgerTest, ACommitInDoubtLandsOrIsLost) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  result.rounds[0].had_candidate = true;
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_lost"), 1);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_landed"), 0);
  result.rounds[0].candidate_landed = true;
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_lost"), 1);
  EXPECT_EQ(ledger.Count("outcome/in_doubt_landed"), 1);
}

TEST(LedgerTest, WhatWasRecoveredAndSpilledIsCounted) {
  TrialResult result = Killed(Phase::kCommit, Moment::kAfter);
  result.rounds[0].hot_journal = true;
  result.rounds[0].wal_frames_recovered = 7;
  result.spilled = true;
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("outcome/hot_journal_rolled_back"), 1);
  EXPECT_EQ(ledger.Count("outcome/wal_frames_recovered"), 1);
  EXPECT_EQ(ledger.Count("outcome/spilled"), 1);
  EXPECT_EQ(ledger.Count("outcome/statement_failed_after_spill"), 0);
}

TEST(LedgerTest, ASkippedPlanFillsNoCellButItsReason) {
  TrialResult result = Killed(Phase::kCommit, Moment::kBefore);
  result.verdict = Verdict::Skipped(SkipReason::kNotReached, "");
  Ledger ledger;
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.trials(), 1);
  EXPECT_EQ(ledger.skipped(), 1);
  EXPECT_EQ(ledger.Count("verdict/skipped(not_reached)"), 1);
  EXPECT_EQ(ledger.Count("crash/fork/kill/wal/commit"), 0);
}

TEST(LedgerTest, CellsOfWorkersAddUp) {
  Ledger ledger;
  ledger.Add({{"trials", 2}, {"steps", 10}});
  ledger.Add({{"trials", 3}});
  EXPECT_EQ(ledger.trials(), 5);
  EXPECT_EQ(ledger.Count("steps"), 10);
  EXPECT_EQ(ledger.Count("never heard of"), 0);
}

TEST(LedgerTest, IsPrintedWithEveryCell) {
  Ledger ledger;
  ledger.Add({{"crash/fork/kill/wal/checkpoint", 4711}, {"trials", 4712}});
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
  ledger.Add(PlanIn(JournalMode::kWal),
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
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("power_loss/wal/full/violated"), 0);
  result.violated_image = ViolatedImage();
  ledger.Add(PlanIn(JournalMode::kWal), result);
  EXPECT_EQ(ledger.Count("power_loss/wal/full/violated"), 1);
}

TEST(BrokenPromisesTest, AFullLedgerHasNone) {
  EXPECT_THAT(Broken(FullCells(kTrialsOfAPromise)), IsEmpty());
}

TEST(BrokenPromisesTest, EachEmptyCellIsOne) {
  for (const auto& [cell, count] : FullCells(kTrialsOfAPromise)) {
    if (cell == "trials") continue;
    Ledger::Cells cells = FullCells(kTrialsOfAPromise);
    cells.erase(cell);
    EXPECT_THAT(Broken(cells), SizeIs(1)) << cell;
    if (cell.find("power_loss") == cell.npos) {
      EXPECT_THAT(Broken(cells), ElementsAre("empty cell: " + cell));
    }
  }
}

TEST(BrokenPromisesTest, ARunThatIsTooSmallPromisesNoCell) {
  EXPECT_THAT(Broken({{"trials", kTrialsOfAPromise - 1}}), IsEmpty());
  EXPECT_THAT(Broken({{"trials", kTrialsOfAPromise}}), SizeIs(40));
}

TEST(BrokenPromisesTest, ARunOfOneKindOfFaultPromisesNoCell) {
  EXPECT_THAT(Broken({{"trials", 5000}}, FaultChoice::kKill), IsEmpty());
  EXPECT_THAT(Broken({{"trials", 5000}}, FaultChoice::kNone), IsEmpty());
}

TEST(BrokenPromisesTest, OfLossesOfPowerAloneEachPhaseIsPromised) {
  const std::int64_t enough = 2 * kTrialsOfAPromise;
  EXPECT_THAT(Broken({{"trials", enough - 1}}, FaultChoice::kPowerLoss),
              IsEmpty());
  const auto broken = Broken({{"trials", enough}}, FaultChoice::kPowerLoss);
  EXPECT_THAT(broken, SizeIs(22));
  EXPECT_THAT(broken, Contains("empty cell: crash/fork/power_loss/wal/close"));
}

// The contract has rows without a demand for them.
TEST(BrokenPromisesTest, AFaultOfTheDiskMayMeetNoDemand) {
  Ledger::Cells cells = {{"trials", 100}, {"verdict/skipped(no_demand)", 60}};
  for (const FaultChoice fault :
       {FaultChoice::kPowerLoss, FaultChoice::kIoError}) {
    EXPECT_THAT(Broken(cells, fault), IsEmpty());
  }
  cells["verdict/skipped(not_reached)"] = 21;
  EXPECT_THAT(Broken(cells, FaultChoice::kIoError), SizeIs(1));
}

TEST(BrokenPromisesTest, MoreThanAFifthSkippedIsOne) {
  const auto skipping = [](std::int64_t not_reached, std::int64_t no_demand) {
    return Ledger::Cells{{"trials", 100},
                         {"verdict/skipped(not_reached)", not_reached},
                         {"verdict/skipped(no_demand)", no_demand}};
  };
  for (const FaultChoice fault :
       {FaultChoice::kMixed, FaultChoice::kKill, FaultChoice::kNone}) {
    EXPECT_THAT(Broken(skipping(20, 0), fault), IsEmpty());
    EXPECT_THAT(Broken(skipping(15, 6), fault),
                ElementsAre("21 of 100 plans were skipped, more than 20 %"));
  }
}

TEST(BrokenPromisesTest, ARunWithoutATrialIsOne) {
  EXPECT_THAT(Broken({}), ElementsAre("no trial was run"));
  EXPECT_THAT(Broken({}, FaultChoice::kNone), ElementsAre("no trial was run"));
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
  EXPECT_EQ(ledger.Count("clients/commits_in_turn"), 9);
  EXPECT_EQ(ledger.Count("clients/checkpoints_across_commits"), 3);
  EXPECT_EQ(ledger.Count("clients/refusals"), 6);
  EXPECT_EQ(ledger.Count("clients/switches"), 12);
  EXPECT_EQ(ledger.Count("clients/changes_of_client"), 27);
  EXPECT_EQ(ledger.Count("clients/kills_of_one"), 0);
  EXPECT_THAT(ledger.Print(), HasSubstr("  clients/switches "));
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
  EXPECT_EQ(ledger.Count("clients/refusals"), 0);
}

TEST(LedgerTest, AKillOfOneIsCountedIfItHappened) {
  Plan plan = PlanOfClients(2);
  plan.rounds[0].steps[1].crash = CrashPoint{.is_of_one = true};
  TrialResult result = Killed(Phase::kCommit, Moment::kBefore);
  Ledger ledger;
  ledger.Add(plan, result);  // the death comes too late
  EXPECT_EQ(ledger.Count("clients/kills_of_one"), 0);
  result.rounds[0].has_death = true;
  result.rounds[0].death.phase = Phase::kStatement;
  ledger.Add(plan, result);
  result.rounds[0].crashed = false;
  ledger.Add(plan, result);
  EXPECT_EQ(ledger.Count("clients/kills_of_one"), 2);
  EXPECT_EQ(ledger.Count("clients/kills_of_one_then_all"), 1);
}

// What a large run of several clients fills when nothing is wrong.
Ledger::Cells CellsOfClients() {
  return {{"trials", kTrialsOfAPromise},
          {"clients/commits_in_turn", 1},
          {"clients/checkpoints_across_commits", 1},
          {"clients/refusals", 1},
          {"clients/switches", 1},
          {"outcome/journal_mode_changed", 1}};
}

std::vector<std::string> BrokenOfClients(
    const Ledger::Cells& cells, std::optional<ScheduleKind> schedule = {}) {
  Ledger ledger;
  ledger.Add(cells);
  return BrokenPromises(
      ledger,
      {.engine = EngineChoice::kSim, .clients = 2, .schedule = schedule});
}

TEST(LedgerTest, SeveralClientsPromiseToMeet) {
  EXPECT_THAT(BrokenOfClients(CellsOfClients()), IsEmpty());
  for (const char* cell :
       {"clients/commits_in_turn", "clients/checkpoints_across_commits",
        "clients/refusals", "clients/switches",
        "outcome/journal_mode_changed"}) {
    Ledger::Cells cells = CellsOfClients();
    cells.erase(cell);
    EXPECT_THAT(BrokenOfClients(cells),
                ElementsAre(std::string("empty cell: ") + cell));
    cells["trials"] = kTrialsOfAPromise - 1;
    EXPECT_THAT(BrokenOfClients(cells), IsEmpty());
  }
}

TEST(LedgerTest, WithoutSwitchesInsideOfStepsClientsPromiseOnlyTurns) {
  Ledger::Cells cells = CellsOfClients();
  cells.erase("clients/switches");
  cells.erase("clients/checkpoints_across_commits");
  EXPECT_THAT(BrokenOfClients(cells, ScheduleKind::kPlan), IsEmpty());
  EXPECT_THAT(BrokenOfClients(cells, ScheduleKind::kFew), SizeIs(2));
  cells.erase("clients/commits_in_turn");
  EXPECT_THAT(BrokenOfClients(cells, ScheduleKind::kPlan),
              ElementsAre("empty cell: clients/commits_in_turn"));
}

}  // namespace
}  // namespace lastcommit
