#include "campaign/story.h"

#include <sqlite3.h>

#include <algorithm>
#include <string>

#include "campaign/plans.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "golden.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

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
      {.kind = StepKind::kPutCheckpoint,
       .thread = 3,
       .ns = 1,
       .id = 3,
       .parent = 2,
       .content = content},
      {.kind = StepKind::kPutCheckpoint, .content = content, .invalid_at = 0},
      {.kind = StepKind::kAppendLog, .content = content, .invalid_at = 0},
      {.kind = StepKind::kAppendLog, .content = content},
      {.kind = StepKind::kAppendLogs, .content = content, .count = 5},
      {.kind = StepKind::kAppendLogs,
       .content = content,
       .count = 5,
       .invalid_at = 4},
      {.kind = StepKind::kRollbackTo, .up = 2},
      {.kind = StepKind::kRollbackTo},
      {.kind = StepKind::kRelease},
      {.kind = StepKind::kRollback},
      {.kind = StepKind::kDeleteThread, .thread = 8},
      {.kind = StepKind::kRead},
      {.kind = StepKind::kLiveRead},
      {.kind = StepKind::kWalCheckpoint, .mode = CheckpointMode::kTruncate},
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

TEST(StoryTest, IsPrintableAsciiInLines) {
  for (std::uint64_t i = 0; i < 200; ++i) {
    const std::string text = ReadableProgram(PlanAt({2, i}, {}));
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
