#include "explain/story.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>

#include "explain/plans.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "golden.h"
#include "gtest/gtest.h"
#include "operations.h"
#include "output/version.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Each kind of step with each of its fields.
Plan PlanWithEverything() {
  const Content content = {1000, 42};
  Plan plan = PlanKilledInCommit(kHonest);
  plan.rounds.push_back({{{.kind = StepKind::kOpen, .crash = CrashPoint{}},
                          {.kind = StepKind::kClose}}});
  plan.rounds.push_back({{
      {.kind = StepKind::kOpen},
      {.kind = StepKind::kBegin},
      {.kind = StepKind::kSavepoint},
      Op(threads::Kind::kPutCheckpoint,
         {.thread = 3, .ns = 1, .id = 3, .parent = 2, .content = content}),
      Op(threads::Kind::kPutCheckpoint, {.content = content, .invalid_at = 0}),
      Op(threads::Kind::kAppendLog, {.content = content, .invalid_at = 0}),
      Op(threads::Kind::kAppendLog, {.content = content}),
      Op(threads::Kind::kAppendLogs, {.content = content, .count = 5}),
      Op(threads::Kind::kAppendLogs,
         {.content = content, .count = 5, .invalid_at = 4}),
      {.kind = StepKind::kRollbackTo, .up = 2},
      {.kind = StepKind::kRollbackTo},
      {.kind = StepKind::kRelease},
      {.kind = StepKind::kRollback},
      Op(threads::Kind::kCopyThread, {.thread = 8, .into = 2}),
      Op(threads::Kind::kDeleteThread, {.thread = 8}),
      {.kind = StepKind::kRead},
      {.kind = StepKind::kLiveRead},
      {.kind = StepKind::kWalCheckpoint,
       .mode = saver::CheckpointMode::kTruncate},
      {.kind = StepKind::kVacuum},
      {.kind = StepKind::kReopen, .crash = CrashPoint{12, Moment::kDuring}},
      {.kind = StepKind::kClose},
  }});
  plan.rounds.push_back({{{.kind = StepKind::kOpen},
                          {.kind = StepKind::kBegin, .kill_after_us = 120},
                          {.kind = StepKind::kCommit},
                          {.kind = StepKind::kClose}}});
  return plan;
}

TEST(StoryTest, APlanReadsAsTheGoldenProgram) {
  ExpectGolden(std::string(GOLDEN) + "program.txt",
               ReadableProgram(PlanWithEverything()));
}

TEST(StoryTest, APlanWithFaultsOfTheDiskReadsAsTheGoldenProgram) {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.images = 32;
  plan.profile.sector_size = 512;
  plan.profile.powersafe_overwrite = false;
  const auto add = [&](const Step& step) {
    plan.rounds.push_back({{step, {.kind = StepKind::kClose}}});
  };
  for (int i = 0; i < kSurvivalKinds; ++i) {
    const Survival survival = {static_cast<SurvivalKind>(i), 12};
    add({.kind = StepKind::kOpen,
         .crash = CrashPoint{7, Moment::kAfter, survival}});
  }
  const std::vector<Fate> fates = {{3}, {5, FateKind::kHead, 100}};
  for (const Survival& survival :
       {Survival{SurvivalKind::kChosen, 0, fates, 2},
        Survival{SurvivalKind::kChosen, 0, fates},
        Survival{.kind = SurvivalKind::kChosen, .directory = 0}}) {
    add({.kind = StepKind::kOpen,
         .crash = CrashPoint{0, Moment::kBefore, survival}});
  }
  for (int i = 0; i < kErrorKinds; ++i) {
    add({.kind = StepKind::kOpen,
         .error = IoError{static_cast<ErrorKind>(i), i + 1, i % 4}});
  }
  for (const std::int64_t at : {11, 12, 13, 21, 111, 112}) {
    add({.kind = StepKind::kOpen, .error = IoError{ErrorKind::kSync, at}});
  }
  add({.kind = StepKind::kOpen,
       .crash = CrashPoint{2, Moment::kDuring},
       .error = IoError{ErrorKind::kWrite, 2}});
  ExpectGolden(std::string(GOLDEN) + "disk_faults.txt", ReadableProgram(plan));
}

// Two clients, as in a race for the beginning of the WAL, and one that dies
// alone; then four, with steps that are too long for their columns.
Plan PlanOfClients() {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds.push_back({{
      {.kind = StepKind::kOpen},
      {.kind = StepKind::kOpen, .client = 1},
      Op(threads::Kind::kAppendLog, {.content = {300, 7}}),
      {.kind = StepKind::kWalCheckpoint,
       .mode = saver::CheckpointMode::kRestart,
       .switches = {{0, 1}, {17, 1}, {40, 1}}},
      {.kind = StepKind::kBegin, .client = 1},
      Op(threads::Kind::kPutCheckpoint,
         {.thread = 3, .id = 3, .parent = 2, .content = {300, 42}},
         {.client = 1}),
      {.kind = StepKind::kSavepoint, .client = 1},
      {.kind = StepKind::kRollbackTo, .client = 1},
      {.kind = StepKind::kRollbackTo, .client = 1, .up = 1},
      Op(threads::Kind::kAppendLog, {.thread = 1},
         {.error = IoError{ErrorKind::kBusy, 2}}),
      {.kind = StepKind::kCommit,
       .client = 1,
       .crash = CrashPoint{.io = 3, .is_of_one = true},
       .switches = {{2, 0}}},
      {.kind = StepKind::kRead},
      {.kind = StepKind::kClose, .client = 1},
      {.kind = StepKind::kClose},
  }});
  Round four;
  for (int client = 0; client < kMaxClients; ++client) {
    four.steps.push_back({.kind = StepKind::kOpen, .client = client});
  }
  for (int client = 0; client < kMaxClients; ++client) {
    four.steps.push_back(Op(threads::Kind::kCommitStep,
                            {.thread = 12345,
                             .ns = 1,
                             .id = 54321,
                             .parent = 12321,
                             .task = 9,
                             .content = {1000, 42},
                             .count = 3},
                            {.client = client}));
  }
  four.steps[5].crash = CrashPoint{7, Moment::kDuring};
  for (int client = kMaxClients - 1; client >= 0; --client) {
    four.steps.push_back({.kind = StepKind::kClose, .client = client});
  }
  plan.rounds.push_back(four);
  plan.rounds.push_back(
      {{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}});
  return plan;
}

TEST(StoryTest, SeveralClientsReadAsTheGoldenProgram) {
  ExpectGolden(std::string(GOLDEN) + "clients.txt",
               ReadableProgram(PlanOfClients()));
}

// Of the switches of the plan the first was made, and the last; the schedule
// made others, in one step too many to be read.
TEST(StoryTest, WhatWasReallyRunReadsAsTheGoldenProgram) {
  Plan plan = PlanOfClients();
  plan.schedule = {ScheduleKind::kDirected, 77, 10};
  const auto call = [](VfsCallKind kind, FileRole role, std::int64_t offset,
                       std::int64_t amount) {
    VfsCall made;
    made.kind = kind;
    made.role = role;
    made.offset = offset;
    made.amount = amount;
    return made;
  };
  TrialResult result;
  result.rounds.resize(1);  // it ended there
  result.switches = {
      {0, 3, {0, 1}, 4},
      {0, 3, {18, 1}, 5, call(VfsCallKind::kShmLock, FileRole::kShm, 0, 1)},
      {0, 3, {40, 1}, 5, call(VfsCallKind::kShmLock, FileRole::kShm, 3, 5)},
      {0, 10, {2, 0}, 9, call(VfsCallKind::kLock, FileRole::kDatabase, 2, 0)}};
  const VfsCall write = call(VfsCallKind::kWrite, FileRole::kWal, 32, 24);
  for (std::int64_t at = 1; at <= 14; ++at) {
    result.switches.push_back({0, 5, {at, 0}, 3, write});
  }
  ExpectGolden(std::string(GOLDEN) + "clients_ran.txt",
               ReadableProgram(plan, result));
}

TEST(StoryTest, EveryScheduleIsSaid) {
  Plan plan = PlanOfClients();
  const auto line = [&](ScheduleKind kind) {
    plan.schedule = {kind, 12, 3};
    const std::string text = ReadableProgram(plan);
    const std::size_t begin = text.find("schedule: ");
    return begin == std::string::npos
               ? ""
               : text.substr(begin, text.find('\n', begin) - begin);
  };
  EXPECT_EQ(line(ScheduleKind::kRandom),
            "schedule: random, another client at 3 % of the yield points (seed "
            "12)");
  EXPECT_EQ(line(ScheduleKind::kFew),
            "schedule: few, another client at 3 of 1000 yield points (seed "
            "12)");
  EXPECT_EQ(line(ScheduleKind::kRoundRobin),
            "schedule: round_robin, the next client at every 3rd yield point "
            "of a step");
  EXPECT_EQ(line(ScheduleKind::kDirected),
            "schedule: directed, in 3 % of the checkpoints, commits, opens and "
            "closes others go on once (seed 12)");
  plan.schedule = {};
  EXPECT_THAT(ReadableProgram(plan), Not(HasSubstr("schedule")));
}

TEST(StoryTest, IsPrintableAsciiInLines) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const int clients = 1 + static_cast<int>(i) % kMaxClients;
    const auto engine = clients == 1 ? EngineChoice::kFork : EngineChoice::kSim;
    const std::string text =
        ReadableProgram(PlanAt({2, i}, {.engine = engine, .clients = clients}));
    EXPECT_TRUE(text.ends_with('\n'));
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
      return c == '\n' || (c >= ' ' && c <= '~');
    })) << text;
  }
}

TEST(StoryTest, TheNameOfASaverIsEscaped) {
  Plan plan = PlanKilledInCommit("a\x1b[31m\n");
  EXPECT_THAT(ReadableProgram(plan), HasSubstr("saver a\\x1b[31m\\n,"));
}

TEST(StoryTest, TheSqliteUnderTestIsTheOneThatIsLinked) {
  EXPECT_THAT(SqliteUnderTest(), HasSubstr(sqlite3_libversion()));
  EXPECT_THAT(SqliteUnderTest(), HasSubstr(sqlite3_sourceid()));
}

}  // namespace
}  // namespace lastcommit
