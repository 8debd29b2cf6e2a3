#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ReplayTest : public ProgramTest {
 protected:
  ReplayTest() {
    directory_.Put("held.plan", PlanKilledInCommit(kHonest, "held"));
    directory_.Put("violated.plan",
                   PlanKilledInCommit(kDishonest, "violated(lost_commit)"));
  }
};

TEST_F(ReplayTest, APlanThatHoldsExitsWithZero) {
  const Outcome outcome = Run({"replay", "held.plan"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  ExpectGoldenOutput("replay_held.txt", outcome);
}

TEST_F(ReplayTest, APlanThatIsViolatedExitsWithOneAndSaysWhy) {
  const Outcome outcome = Run({"replay", "violated.plan"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "");
  ExpectGoldenOutput("replay_violated.txt", outcome);
}

TEST_F(ReplayTest, AKnownBugOfSqliteIsNamedAndExitsWithOneAllTheSame) {
  const Outcome outcome =
      Run({"replay", REPOSITORY "/corpus/vacuum-power-loss.plan"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("\nlooks like: vacuum-undone (SQLite "));
  EXPECT_THAT(outcome.out, HasSubstr(", and no proof\n1 of 1 violated("));
}

TEST_F(ReplayTest, APlantedBugIsNotNamed) {
  EXPECT_THAT(Run({"replay", "violated.plan"}).out,
              Not(HasSubstr("looks like")));
}

TEST_F(ReplayTest, ACrashThatIsNotReachedExitsWithFour) {
  std::string text = PlanKilledInCommit(kHonest, "held");
  text.replace(text.find("\"io\":1"), 6, "\"io\":9999");
  directory_.Put("far.plan", text);
  const Outcome outcome = Run({"replay", "far.plan"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out, EndsWith("1 of 1 skipped(not_reached)\n"));
}

TEST_F(ReplayTest, RepeatsTwentyTimesOutOfTwenty) {
  const Outcome outcome = Run({"replay", "violated.plan", "--repeat=20"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, EndsWith("20 of 20 violated(lost_commit)\n"));
}

TEST_F(ReplayTest, AnExpectationThatIsMetExitsWithZero) {
  for (const char* plan : {"held.plan", "violated.plan"}) {
    const Outcome outcome = Run({"replay", plan, "--expect"});
    EXPECT_EQ(outcome.exit_code, 0) << plan;
    EXPECT_THAT(outcome.out, EndsWith(": yes\n"));
  }
}

TEST_F(ReplayTest, AnExpectationThatIsNotMetExitsWithOne) {
  directory_.Put("a.plan",
                 PlanKilledInCommit(kHonest, "violated(lost_commit)"));
  const Outcome held = Run({"replay", "a.plan", "--expect"});
  EXPECT_EQ(held.exit_code, 1);
  EXPECT_THAT(held.out, EndsWith("expected violated(lost_commit): NO\n"));
  directory_.Put("b.plan", PlanKilledInCommit(kDishonest, "held"));
  const Outcome violated = Run({"replay", "b.plan", "--expect"});
  EXPECT_EQ(violated.exit_code, 1);
  EXPECT_THAT(violated.out, EndsWith("expected held: NO\n"));
}

TEST_F(ReplayTest, AnExpectationForAnotherSqliteIsSkipped) {
  std::string text = PlanKilledInCommit(kHonest, "violated(lost_commit)");
  text.insert(text.find("}\n"), R"(,"sqlite":{"before":"3.0.1"})");
  directory_.Put("old.plan", text);
  const Outcome outcome = Run({"replay", "old.plan", "--expect"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out,
              EndsWith("skipped: the plan's expectation is for another "
                       "SQLite\n"));
}

TEST_F(ReplayTest, WhatEachRoundLeftIsKeptOnRequest) {
  EXPECT_EQ(Run({"replay", "held.plan", "--keep=kept"}).exit_code, 0);
  EXPECT_TRUE(directory_.Has("kept/round-1/state.db"));
  EXPECT_TRUE(directory_.Has("kept/round-1/state.db-wal"));
}

TEST_F(ReplayTest, NothingIsLeftWhereTrialsRun) {
  const Directory trials;
  EXPECT_EQ(Run({"replay", "held.plan", "--dir", trials.path()}).exit_code, 0);
  EXPECT_THAT(trials.Names(), IsEmpty());
  EXPECT_THAT(directory_.Names(), ElementsAre("held.plan", "violated.plan"));
}

TEST_F(ReplayTest, ShowPrintsThePlanAsAProgram) {
  const Outcome outcome = Run({"show", "violated.plan"});
  EXPECT_EQ(outcome.exit_code, 0);
  ExpectGoldenOutput("show.txt", outcome);
}

class ShrinkTest : public ReplayTest {};

TEST_F(ShrinkTest, WritesTheShrunkPlanBesideThePlan) {
  const Outcome outcome = Run({"shrink", "violated.plan"});
  EXPECT_EQ(outcome.exit_code, 1);
  ExpectGoldenOutput("shrink.txt", outcome);
  EXPECT_EQ(directory_.Get("violated.plan.shrunk")
                .substr(directory_.Get("violated.plan.shrunk").find('\n') + 1),
            "{\"step\":\"open\"}\n"
            "{\"step\":\"begin\"}\n"
            "{\"step\":\"put_checkpoint\"}\n"
            "{\"step\":\"commit\",\"crash\":{\"io\":1,\"moment\":\"before\"}}\n"
            "{\"step\":\"close\"}\n");
  EXPECT_EQ(Run({"replay", "violated.plan.shrunk", "--expect"}).exit_code, 0);
}

TEST_F(ShrinkTest, WritesWhereItIsToldTo) {
  EXPECT_EQ(Run({"shrink", "violated.plan", "--out=small"}).exit_code, 1);
  EXPECT_TRUE(directory_.Has("small"));
  EXPECT_FALSE(directory_.Has("violated.plan.shrunk"));
}

TEST_F(ShrinkTest, EndsAtItsLimitWithWhatThereIs) {
  const Outcome outcome = Run({"shrink", "violated.plan", "--max-trials=1"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("after 1 trials (a limit was reached): "));
}

TEST_F(ShrinkTest, APlanThatHoldsIsNotShrunk) {
  const Outcome outcome = Run({"shrink", "held.plan"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "nothing to shrink: held\n");
  EXPECT_FALSE(directory_.Has("held.plan.shrunk"));
}

TEST_F(ShrinkTest, WhereItCannotBeWrittenIsSaidBeforeAnyTrial) {
  ExpectError(Run({"shrink", "violated.plan", "--out=none/small"}), 2,
              "none/small: cannot create a file in its directory: No such file "
              "or directory");
  EXPECT_THAT(directory_.Names(), ElementsAre("held.plan", "violated.plan"));
}

}  // namespace
}  // namespace lastcommit
