#include "explain/shape.h"

#include "explain/plans.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(ShapeTest, HasClassModeKindsAndCrash) {
  EXPECT_EQ(ShapeOf(PlanKilledInCommit(kHonest), ViolationClass::kLostCommit),
            "lost_commit wal: open put_blob begin put_blob* commit! put_blob "
            "close");
}

TEST(ShapeTest, SeparatesRoundsAndMarksAKillBeforeAStep) {
  Plan plan;
  plan.profile.journal_mode = saver::JournalMode::kDelete;
  plan.rounds = {{{{.kind = StepKind::kOpen, .crash = CrashPoint{}},
                   {.kind = StepKind::kClose}}},
                 {{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}}};
  EXPECT_EQ(ShapeOf(plan, ViolationClass::kDamaged),
            "damaged delete: open!! close / open close");
}

TEST(ShapeTest, SaysWhichPowerLossAndWhichError) {
  Plan plan = PlanKilledInCommit(kHonest);
  Step& commit = plan.rounds[0].steps[5];
  commit.crash->survival = {SurvivalKind::kSubset, 7};
  plan.rounds[0].steps[0].error = IoError{ErrorKind::kSync, 3};
  EXPECT_EQ(ShapeOf(plan, ViolationClass::kLostCommit),
            "lost_commit wal: open?sync put_blob begin put_blob* "
            "commit!subset put_blob close");
  commit.crash->io = 0;
  commit.error = IoError{ErrorKind::kFull};
  EXPECT_EQ(ShapeOf(plan, ViolationClass::kLostCommit),
            "lost_commit wal: open?sync put_blob begin put_blob* "
            "commit?full!!subset put_blob close");
}

TEST(ShapeTest, SaysWhoseAStepIsAndWhereOthersGoOn) {
  Plan plan;
  plan.rounds = {{{{.kind = StepKind::kOpen},
                   {.kind = StepKind::kOpen, .client = 1, .switches = {{3, 0}}},
                   {.kind = StepKind::kCommit, .client = 1},
                   {.kind = StepKind::kClose, .client = 1},
                   {.kind = StepKind::kClose, .crash = CrashPoint{1}}}}};
  EXPECT_EQ(ShapeOf(plan, ViolationClass::kLostCommit),
            "lost_commit wal: open 1.open~ 1.commit 1.close close!");
}

TEST(ShapeTest, DoesNotDependOnNumbers) {
  Plan plan = PlanKilledInCommit(kHonest);
  const std::string shape = ShapeOf(plan, ViolationClass::kLostCommit);
  plan.profile.cache_size = 3;
  plan.rounds[0].steps[1].operation.content.size = 1;
  plan.rounds[0].steps[5].crash->io = 2;
  EXPECT_EQ(ShapeOf(plan, ViolationClass::kLostCommit), shape);
}

}  // namespace
}  // namespace lastcommit
