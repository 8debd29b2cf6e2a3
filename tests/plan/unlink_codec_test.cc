// What a plan may say of another program that removes files.

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

constexpr Step kOpen = {.kind = StepKind::kOpen};
constexpr Step kClose = {.kind = StepKind::kClose};
constexpr Step kUnlink = {.kind = StepKind::kUnlink};

Plan PlanWith(std::vector<Step> steps) {
  steps.insert(steps.begin(), kOpen);
  steps.push_back(kClose);
  Plan plan;
  plan.engine = Engine::kSim;
  plan.rounds = {{std::move(steps)}};
  return plan;
}

absl::Status Parsed(const Plan& plan) {
  return ParsePlan(PrintPlan(plan), "x.plan").status();
}
void ExpectRefused(const Plan& plan, const std::string& message) {
  const absl::Status status = Parsed(plan);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(std::string(status.message()), HasSubstr(message));
}

TEST(UnlinkCodecTest, EachFileParsesBack) {
  for (int i = 0; i < kDatabaseFiles; ++i) {
    const auto file = static_cast<DatabaseFile>(i);
    EXPECT_EQ(ParseDatabaseFile(Name(file)), file);
    const Plan plan = PlanWith({{.kind = StepKind::kUnlink, .file = file}});
    const auto parsed = ParsePlan(PrintPlan(plan), "x.plan");
    ASSERT_THAT(parsed, IsOk());
    EXPECT_EQ(*parsed, plan);
    EXPECT_TRUE(RemovesFiles(*parsed));
    EXPECT_FALSE(MayLosePower(*parsed));
  }
  EXPECT_EQ(PrintStep(kUnlink), R"({"step":"unlink"})");
  EXPECT_EQ(ParseDatabaseFile("journal"), std::nullopt);
}

TEST(UnlinkCodecTest, ItMayBeKilled) {
  Plan plan = PlanWith({kUnlink});
  plan.rounds[0].steps[2].crash = CrashPoint{};
  EXPECT_THAT(Parsed(plan), IsOk());
}

TEST(UnlinkCodecTest, NobodyOpensTheNameBehindItInItsRound) {
  for (const StepKind kind :
       {StepKind::kReopen, StepKind::kLiveRead, StepKind::kBackup}) {
    const Step opens = {.kind = kind};
    EXPECT_THAT(Parsed(PlanWith({opens, kUnlink})), IsOk());
    ExpectRefused(PlanWith({kUnlink, opens}),
                  "x.plan:4: step: '" + std::string(Name(kind)) +
                      "' behind an 'unlink' of its round");
    Plan later = PlanWith({kUnlink});
    later.rounds.push_back(PlanWith({opens}).rounds[0]);
    EXPECT_THAT(Parsed(later), IsOk());
  }
}

TEST(UnlinkCodecTest, WhatElseThePlanMustNotHave) {
  Plan images = PlanWith({kUnlink});
  images.images = 1;
  ExpectRefused(images, "x.plan:3: step: the plan has 'images'");
  const Step losing = {.kind = StepKind::kRead,
                       .crash = CrashPoint{.survival = {SurvivalKind::kNone}}};
  const Step failing = {.kind = StepKind::kRead, .error = IoError{}};
  const Step changing = {.kind = StepKind::kJournalMode,
                         .journal_mode = saver::JournalMode::kWal};
  ExpectRefused(PlanWith({kUnlink, losing}), "and a loss of power in one plan");
  ExpectRefused(PlanWith({failing, kUnlink}), "and an error in one plan");
  ExpectRefused(PlanWith({changing, kUnlink}),
                "x.plan:4: step: 'unlink' and 'journal_mode' in one plan "
                "(line 3 has the other)");
  Step open = kOpen;
  Step close = kClose;
  open.client = close.client = 1;
  ExpectRefused(PlanWith({open, kUnlink, close}),
                "and several clients in one plan");
}

}  // namespace
}  // namespace lastcommit
