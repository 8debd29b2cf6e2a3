#include "results/promises.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "generate/choices.h"
#include "generate/mix.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "keys/specs.h"
#include "names/names.h"
#include "subject/registry.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// What a run without options has.
const GenerateOptions kEverything = {.engine = EngineChoice::kMixed,
                                     .clients = kAnyClients};

// As large as all promises need, with each of them kept.
NamedCells FullCells(const GenerateOptions& options) {
  NamedCells cells;
  for (const Promise& promise : PromisesOf(options)) {
    for (const Cell& plans : promise.plans) {
      std::int64_t& count = cells[Name(plans)];
      count = std::max(count, promise.due());
    }
  }
  for (const Promise& promise : PromisesOf(options)) {
    cells[Name(promise.cell)] = 1;
  }
  cells["trials"] = std::max(cells["trials"], TrialsOfAPromise(options));
  return cells;
}

PromiseReport Check(const NamedCells& cells,
                    const GenerateOptions& options = kEverything) {
  Ledger ledger;
  ledger.Add(ParseCells(cells));
  return CheckPromises(ledger, options);
}

std::vector<GenerateOptions> AllOptions() {
  std::vector<GenerateOptions> all;
  for (int engine = 0; engine < kEngineChoices; ++engine) {
    for (int fault = 0; fault < kFaultChoices; ++fault) {
      // Of these more is demanded, below.
      if (static_cast<FaultChoice>(fault) == FaultChoice::kTimedKill) continue;
      for (const ClientRange clients :
           {ClientRange(1), ClientRange(2), ClientRange(4), kAnyClients}) {
        all.push_back({.engine = static_cast<EngineChoice>(engine),
                       .fault = static_cast<FaultChoice>(fault),
                       .clients = clients});
      }
    }
  }
  return all;
}

TEST(PromisesTest, AFullLedgerKeepsThemAll) {
  const PromiseReport report = Check(FullCells(kEverything));
  EXPECT_THAT(report.broken, IsEmpty());
  EXPECT_EQ(report.pending, 0);
  EXPECT_EQ(report.kept, static_cast<int>(PromisesOf(kEverything).size()));
}

// Whatever injector is dead: its cell is empty, and that is said.
TEST(PromisesTest, EachCellThatStaysEmptyIsABrokenOne) {
  for (const GenerateOptions& options : AllOptions()) {
    const NamedCells full = FullCells(options);
    for (const Promise& promise : PromisesOf(options)) {
      NamedCells cells = full;
      cells.erase(Name(promise.cell));
      EXPECT_THAT(Check(cells, options).broken,
                  ElementsAre("empty cell: " + Name(promise.cell)));
    }
  }
}

TEST(PromisesTest, EachCombinationThatOptionsLeaveIsPromised) {
  for (const GenerateOptions& options : AllOptions()) {
    const std::int64_t enough = TrialsOfAPromise(options);
    const PromiseReport report = Check({{"trials", enough}}, options);
    const std::vector<Share> mix = MixOf(options);
    EXPECT_THAT(report.broken, SizeIs(mix.size()));
    for (const Share& share : mix) {
      EXPECT_THAT(
          report.broken,
          Contains("empty cell: " + Name(ExercisedCell(share.combination))));
    }
  }
}

TEST(PromisesTest, ARunWithoutOptionsHasEachCombination) {
  EXPECT_THAT(MixOf(kEverything), SizeIs(26));
  // A minute of two cores: docs/ledger.md.
  EXPECT_LE(TrialsOfAPromise(kEverything), 1000);
}

// From which trial on, and after how many plans of it.
std::string DueOf(const Combination& combination) {
  const Cell cell = ExercisedCell(combination);
  std::string due;
  for (const Promise& promise : PromisesOf(kEverything)) {
    if (promise.cell != cell) continue;
    due += (due.empty() ? "" : " / ") + std::to_string(promise.due());
  }
  return due.empty() ? "-" : due;
}

std::string TableOfPromises() {
  std::string table;
  for (const Engine engine : {Engine::kFork, Engine::kSim}) {
    for (const FaultChoice fault :
         {FaultChoice::kNone, FaultChoice::kKill, FaultChoice::kPowerLoss,
          FaultChoice::kIoError}) {
      table += "| " + Word(engine) + " " + Word(fault) + " |";
      for (int clients = 1; clients <= kMaxClients; ++clients) {
        table += " " + DueOf({engine, fault, clients}) + " |";
      }
      table += "\n";
    }
  }
  return table;
}

TEST(PromisesTest, TheTableInTheDocumentationIsThat) {
  std::ifstream file(PROJECT "docs/ledger.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(page, HasSubstr(TableOfPromises()));
}

TEST(PromisesTest, ASmallRunPromisesNothingAndSaysSo) {
  for (const GenerateOptions& options : AllOptions()) {
    if (MixOf(options).empty()) continue;
    const std::int64_t enough = TrialsOfAPromise(options);
    EXPECT_GE(enough, kLeastTrials);
    NamedCells cells = FullCells(options);
    cells["trials"] = enough - 1;
    EXPECT_THAT(Check(cells, options).broken,
                Contains(HasSubstr("trials are too few")));
  }
}

TEST(PromisesTest, ARunWithoutATrialIsBroken) {
  EXPECT_THAT(Check({}).broken, ElementsAre("no trial was run"));
  EXPECT_THAT(Check({}, {.fault = FaultChoice::kNone}).broken,
              ElementsAre("no trial was run"));
}

// An injector that is dead is seen as soon as it should have bitten.
TEST(PromisesTest, PlansThatAreNeverBittenAreBrokenInASmallRunToo) {
  NamedCells cells = {{"trials", 60}, {"plans/sim/io-error/2", 33}};
  const std::string empty = "empty cell: exercised/sim/io-error/2";
  EXPECT_THAT(Check(cells).broken, Not(Contains(empty)));
  cells["plans/sim/io-error/2"] = 34;
  EXPECT_THAT(Check(cells).broken, Contains(empty));
}

TEST(PromisesTest, ThoseOfKindsWaitForEnoughPlans) {
  NamedCells cells = FullCells(kEverything);
  cells.erase("errors/fork/sync");
  cells["plans/fork/io-error/1"] = 100;
  const PromiseReport report = Check(cells);
  EXPECT_THAT(report.broken, IsEmpty());
  EXPECT_GT(report.pending, 0);
}

std::vector<std::string> CellsOf(const GenerateOptions& options) {
  std::vector<std::string> cells;
  for (const Promise& promise : PromisesOf(options)) {
    cells.push_back(Name(promise.cell));
  }
  return cells;
}

TEST(PromisesTest, NothingIsPromisedThatTheOptionsLeaveOut) {
  const auto kills =
      CellsOf({.engine = EngineChoice::kFork, .fault = FaultChoice::kKill});
  EXPECT_THAT(kills, Contains("crash/fork/kill/wal/close"));
  for (const std::string& cell : kills) {
    EXPECT_THAT(cell, Not(HasSubstr("sim")));
    EXPECT_THAT(cell, Not(HasSubstr("errors/")));
    EXPECT_THAT(cell, Not(HasSubstr("clients/")));
    EXPECT_THAT(cell, Not(HasSubstr("power_loss")));
  }
}

TEST(PromisesTest, NothingIsPromisedThatTheSaverDoesNotHave) {
  GenerateOptions options = kEverything;
  options.dialect = &keys::kVocabulary;
  options.lacks = {StepKind::kJournalMode, StepKind::kUnlink};
  const std::vector<std::string> cells = CellsOf(options);
  EXPECT_THAT(cells, Not(Contains("outcome/journal_mode_changed")));
  EXPECT_THAT(cells, Not(Contains("outcome/statement_failed_after_spill")));
  EXPECT_THAT(cells, Not(Contains(HasSubstr("removal/"))));
  EXPECT_THAT(CellsOf(kEverything), Contains("outcome/journal_mode_changed"));
}

TEST(PromisesTest, NothingIsPromisedThatAScriptDoesNotHave) {
  GenerateOptions options = kEverything;
  options.lacks = {StepKind::kBegin};
  options.journal_mode = saver::JournalMode::kWal;
  const std::vector<std::string> cells = CellsOf(options);
  EXPECT_THAT(cells, Not(Contains("outcome/spilled")));
  EXPECT_THAT(cells,
              Not(Contains("outcome/savepoint_rolled_back_after_spill")));
  EXPECT_THAT(cells, Not(Contains(HasSubstr("/delete/"))));
  EXPECT_THAT(cells, Contains("crash/sim/kill/wal/checkpoint"));
  const std::vector<std::string> all = CellsOf(kEverything);
  EXPECT_THAT(all, Contains("outcome/spilled"));
  EXPECT_THAT(all, Contains(HasSubstr("/delete/")));
}

TEST(PromisesTest, AScriptInDeleteModePromisesNoWal) {
  GenerateOptions options = kEverything;
  options.journal_mode = saver::JournalMode::kDelete;
  const std::vector<std::string> cells = CellsOf(options);
  for (const char* cell :
       {"outcome/wal_frames_recovered", "errors/sim/truncate",
        "clients/sim/checkpoints_across_commits"}) {
    EXPECT_THAT(cells, Not(Contains(cell)));
    EXPECT_THAT(CellsOf(kEverything), Contains(cell));
  }
  EXPECT_THAT(cells, Contains("errors/sim/write"));
}

// In WAL mode they have one client.
TEST(PromisesTest, SeveralClientsOfAttachedDatabasesHaveNoCheckpoints) {
  GenerateOptions options = kEverything;
  options.is_attached = true;
  EXPECT_THAT(CellsOf(options),
              Not(Contains("clients/sim/checkpoints_across_commits")));
}

// With a rollback journal a close makes calls only if there is a transaction to
// roll back.
TEST(PromisesTest, OnlyAWalHasCheckpointsAndCallsInItsClose) {
  const auto cells = CellsOf(kEverything);
  EXPECT_THAT(cells, Contains("crash/sim/kill/wal/checkpoint"));
  EXPECT_THAT(cells, Contains("crash/sim/power_loss/wal/close"));
  EXPECT_THAT(cells, Not(Contains("crash/sim/kill/delete/checkpoint")));
  EXPECT_THAT(cells, Not(Contains("crash/sim/kill/persist/close")));
}

std::vector<std::string> CellsOfClients(ScheduleKind schedule) {
  return CellsOf({.clients = 2, .schedule = schedule});
}

TEST(PromisesTest, WithoutSwitchesInsideOfStepsClientsPromiseOnlyTurns) {
  const std::string switches = "clients/fork/switches";
  const std::string across = "clients/fork/checkpoints_across_commits";
  EXPECT_THAT(CellsOfClients(ScheduleKind::kFew), Contains(switches));
  EXPECT_THAT(CellsOfClients(ScheduleKind::kFew), Contains(across));
  const auto plan = CellsOfClients(ScheduleKind::kPlan);
  EXPECT_THAT(plan, Not(Contains(switches)));
  EXPECT_THAT(plan, Not(Contains(across)));
  EXPECT_THAT(plan, Contains("clients/fork/refusals"));
  EXPECT_THAT(plan, Contains("schedule/fork/plan"));
  EXPECT_THAT(plan, Not(Contains("schedule/fork/few")));
  EXPECT_THAT(CellsOfClients(ScheduleKind::kFree),
              Not(Contains("clients/fork/refusals")));
}

TEST(PromisesTest, NineOfTenTimedKillsComeWhileAProgramRuns) {
  const GenerateOptions options = {.fault = FaultChoice::kTimedKill};
  NamedCells cells = FullCells(options);
  cells["trials"] = kLeastTrials;
  cells["timed_kill/sent"] = 100;
  cells["timed_kill/inside"] = 90;
  EXPECT_THAT(Check(cells, options).broken, IsEmpty());
  cells["timed_kill/inside"] = 89;
  EXPECT_THAT(Check(cells, options).broken,
              ElementsAre("89 of 100 timed kills came while a program ran, "
                          "fewer than 90 %"));
}

NamedCells Skipping(std::int64_t not_reached, std::int64_t no_demand) {
  return {{"trials", 100},
          {"verdict/skipped(not_reached)", not_reached},
          {"verdict/skipped(no_demand)", no_demand}};
}

std::vector<std::string> BrokenOf(const NamedCells& cells, FaultChoice fault) {
  return Check(cells, {.fault = fault}).broken;
}

// The contract has rows without a demand for them.
TEST(PromisesTest, AFaultOfTheDiskMayMeetNoDemand) {
  for (const FaultChoice fault :
       {FaultChoice::kPowerLoss, FaultChoice::kIoError, FaultChoice::kMixed}) {
    EXPECT_THAT(BrokenOf(Skipping(20, 60), fault),
                Not(Contains(HasSubstr("skipped"))));
    EXPECT_THAT(BrokenOf(Skipping(21, 60), fault),
                Contains("21 of 100 plans were skipped, more than 20 %"));
  }
}

TEST(PromisesTest, MoreThanAFifthSkippedIsBroken) {
  for (const FaultChoice fault : {FaultChoice::kKill, FaultChoice::kNone}) {
    EXPECT_THAT(BrokenOf(Skipping(20, 0), fault),
                Not(Contains(HasSubstr("skipped"))));
    EXPECT_THAT(BrokenOf(Skipping(15, 6), fault),
                Contains("21 of 100 plans were skipped, more than 20 %"));
  }
}

// A store that is driven from outside, and what its driver promises.
std::vector<std::string> PromisedOf(const char* name, bool promises_power) {
  SaverEntry entry = {name, "driven", std::nullopt, nullptr, nullptr};
  entry.is_driven = true;
  entry.promises_power = promises_power;
  RegisterSaver(std::move(entry));
  std::vector<std::string> cells;
  for (const Promise& promise :
       PromisesOf({.saver = name, .engine = EngineChoice::kRecord})) {
    cells.push_back(Name(promise.cell));
  }
  return cells;
}

TEST(PromisesTest, LossesOfPowerAreDemandedOfWhoeverPromisesToSurviveThem) {
  const auto process = PromisedOf("driven-process", false);
  const auto power = PromisedOf("driven-power", true);
  for (const char* cell : {"recorded/kill_images", "recorded/kills_recovered",
                           "recorded/states", "recorded/answers"}) {
    EXPECT_THAT(process, Contains(cell));
    EXPECT_THAT(power, Contains(cell));
  }
  for (const char* cell :
       {"recorded/power_images", "recorded/losses_recovered"}) {
    EXPECT_THAT(process, Not(Contains(cell)));
    EXPECT_THAT(power, Contains(cell));
  }
}

}  // namespace
}  // namespace lastcommit
