// What a plan may say about changes of the journal mode.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

Plan PlanWith(Step step) {
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds = {
      {{{.kind = StepKind::kOpen}, step, {.kind = StepKind::kClose}}}};
  return plan;
}
Plan Changing(saver::JournalMode mode) {
  return PlanWith({.kind = StepKind::kJournalMode, .journal_mode = mode});
}

absl::Status Parsed(const Plan& plan) {
  return ParsePlan(PrintPlan(plan), "x.plan").status();
}
void ExpectRefused(const Plan& plan, const std::string& message) {
  const absl::Status status = Parsed(plan);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

TEST(JournalModeCodecTest, ModesWithAJournalOnTheDiskAreParsedUnchanged) {
  for (const saver::JournalMode mode :
       {saver::JournalMode::kDelete, saver::JournalMode::kTruncate,
        saver::JournalMode::kPersist, saver::JournalMode::kWal}) {
    const auto plan = ParsePlan(PrintPlan(Changing(mode)), "x.plan");
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(*plan, Changing(mode));
  }
}

TEST(JournalModeCodecTest, OtherModesAreNot) {
  for (const saver::JournalMode mode :
       {saver::JournalMode::kMemory, saver::JournalMode::kOff}) {
    ExpectRefused(Changing(mode), "x.plan:3: to: ");
    Plan plan = Changing(saver::JournalMode::kWal);
    plan.profile.journal_mode = mode;
    ExpectRefused(plan, "x.plan:3: step: the plan begins in ");
  }
}

TEST(JournalModeCodecTest, NoLossOfPowerIsInTheSamePlan) {
  Plan plan = Changing(saver::JournalMode::kWal);
  plan.images = 1;
  ExpectRefused(plan, "x.plan:3: step: the plan has 'images'");
  plan.images = 0;
  plan.rounds[0].steps[2].crash = CrashPoint{};
  EXPECT_THAT(Parsed(plan), IsOk());
  plan.rounds[0].steps[2].crash->survival.kind = SurvivalKind::kNone;
  ExpectRefused(plan, "x.plan:4: survival: ");
  plan.rounds[0].steps[2].crash.reset();
  plan.rounds[0].steps[0].crash = CrashPoint{.survival = {SurvivalKind::kNone}};
  ExpectRefused(plan, "x.plan:3: step: ");
}

TEST(JournalModeCodecTest, WhichModesADatabaseMayBeIn) {
  const Plan reads = PlanWith({.kind = StepKind::kRead});
  EXPECT_FALSE(ChangesJournalMode(reads));
  EXPECT_TRUE(MayBeIn(reads, saver::JournalMode::kWal));
  EXPECT_FALSE(MayBeIn(reads, saver::JournalMode::kDelete));
  const Plan truncates = Changing(saver::JournalMode::kTruncate);
  EXPECT_TRUE(ChangesJournalMode(truncates));
  EXPECT_TRUE(MayBeIn(truncates, saver::JournalMode::kWal));
  EXPECT_TRUE(MayBeIn(truncates, saver::JournalMode::kTruncate));
  EXPECT_TRUE(MayBeIn(truncates, saver::JournalMode::kDelete));
  EXPECT_FALSE(MayBeIn(truncates, saver::JournalMode::kPersist));
}

}  // namespace
}  // namespace lastcommit
