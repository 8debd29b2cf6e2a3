#include "results/cell.h"

#include <string>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(CellTest, ItsNameIsItsFieldsInOrder) {
  EXPECT_EQ(Name(Cell{.group = CellGroup::kCrash,
                      .engine = Engine::kFork,
                      .crash = CrashKind::kTimedKill,
                      .journal_mode = saver::JournalMode::kWal,
                      .phase = Phase::kCommit}),
            "crash/fork/timed_kill/wal/commit");
  EXPECT_EQ(Name(PlansCell({Engine::kSim, FaultChoice::kIoError, 2})),
            "plans/sim/io-error/2");
  EXPECT_EQ(Name(Cell{.group = CellGroup::kTrials}), "trials");
}

TEST(CellTest, AGroupMayHaveCellsOfTwoForms) {
  EXPECT_EQ(ParseCell("clients/3").clients, 3);
  EXPECT_EQ(ParseCell("clients/sim/refusals").engine, Engine::kSim);
  EXPECT_EQ(ParseCell("clients/sim/refusals").what, "refusals");
  EXPECT_EQ(ParseCell("errors/injected").engine, std::nullopt);
  EXPECT_EQ(ParseCell("errors/fork/sync").engine, Engine::kFork);
}

TEST(CellTest, EachNameIsThatOfItsCell) {
  for (const std::string name :
       {"trials", "verdict/violated(lost_commit)", "exercised/fork/kill/1",
        "round/sim/none/persist", "crash/sim/power_loss/delete/close",
        "moment/during", "timed_kill/too_late", "power_loss/wal/full/judged",
        "images/distinct", "errors/trials", "survival/sim/file_prefixes",
        "clients/4", "schedule/fork/round_robin", "removal/sim/wal",
        "outcome/spilled"}) {
    EXPECT_EQ(Name(ParseCell(name)), name);
    EXPECT_NE(ParseCell(name).group, CellGroup::kUnknown) << name;
  }
}

TEST(CellTest, WhatIsNoNameOfACellIsKeptAsItIs) {
  for (const std::string name :
       {"", "/", "trials/2", "verdict", "verdict/", "clients/02", "clients/x",
        "crash/wal/commit", "crash/fork/kill/wal/lunch", "plans/sim/io-error",
        "never heard of"}) {
    EXPECT_EQ(ParseCell(name).group, CellGroup::kUnknown) << name;
    EXPECT_EQ(Name(ParseCell(name)), name);
  }
}

}  // namespace
}  // namespace lastcommit
