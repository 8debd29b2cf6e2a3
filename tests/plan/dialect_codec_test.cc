// A plan in another dialect than the default one.

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "keys/specs.h"
#include "matchers.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

Plan PlanOfKeys() {
  Plan plan;
  plan.saver = "keys";
  plan.dialect = &keys::kVocabulary;
  plan.rounds = {
      {{{.kind = StepKind::kOpen},
        StepOf(keys::Make(keys::Kind::kPut, {.key = 3, .value = {10, 7}})),
        StepOf(keys::Make(keys::Kind::kScan, {.key = 1, .limit = 4})),
        {.kind = StepKind::kClose}}}};
  return plan;
}

std::string WithHeader(std::string text, const std::string& from,
                       const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(DialectCodecTest, TheHeaderNamesItAndTheStepsAreItsOwn) {
  const std::string text = PrintPlan(PlanOfKeys());
  EXPECT_THAT(text, HasSubstr(R"("saver":"keys","dialect":"keys","engine")"));
  EXPECT_THAT(text, HasSubstr(R"({"step":"put","key":3,"size":10,"seed":7})"));
  EXPECT_THAT(text, HasSubstr(R"({"step":"scan","key":1,"limit":4})"));
  const absl::StatusOr<Plan> plan = ParsePlan(text, "plan");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(*plan, PlanOfKeys());
}

TEST(DialectCodecTest, TheDefaultIsNotPrinted) {
  Plan plan;
  plan.rounds = {{{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}}};
  EXPECT_EQ(PrintPlan(plan).find("dialect"), std::string::npos);
}

TEST(DialectCodecTest, AnUnknownDialectIsRefusedWithThoseThatThereAre) {
  const std::string text = WithHeader(
      PrintPlan(PlanOfKeys()), R"("dialect":"keys")", R"("dialect":"kyes")");
  const absl::StatusOr<Plan> plan = ParsePlan(text, "p.plan");
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(std::string(plan.status().message()),
            "p.plan:1: dialect: 'kyes' is not known (allowed threads, keys, "
            "pairs, checkpoints, queue, log)");
}

TEST(DialectCodecTest, OneOfAScriptOrDriverSaysWhatIsMissing) {
  const auto message = [](const char* dialect) {
    const std::string text =
        WithHeader(PrintPlan(PlanOfKeys()), R"("dialect":"keys")", dialect);
    return std::string(ParsePlan(text, "p.plan").status().message());
  };
  EXPECT_THAT(message(R"("dialect":"sql-12345678")"),
              HasSubstr("give the script with --sql=FILE"));
  EXPECT_THAT(message(R"("dialect":"own-12345678")"),
              HasSubstr("give the driver with --driver=COMMAND"));
}

TEST(DialectCodecTest, ARecordedPlanHasNoCrashOfItsOwn) {
  Plan plan = PlanOfKeys();
  plan.engine = Engine::kRecord;
  EXPECT_THAT(ParsePlan(PrintPlan(plan), "plan"), IsOk());
  plan.rounds[0].steps[1].crash = CrashPoint();
  EXPECT_THAT(
      std::string(ParsePlan(PrintPlan(plan), "plan").status().message()),
      HasSubstr("'record' has neither errors nor crashes of all"));
}

TEST(DialectCodecTest, ClientsOfARecordedPlanHaveSwitchesAndADeath) {
  Plan plan = PlanOfKeys();
  plan.engine = Engine::kRecord;
  std::vector<Step>& steps = plan.rounds[0].steps;
  for (const StepKind kind : {StepKind::kClose, StepKind::kOpen}) {
    steps.insert(steps.begin() + 1, {.kind = kind, .client = 1});
  }
  const auto why = [&] {
    return std::string(ParsePlan(PrintPlan(plan), "plan").status().message());
  };
  plan.schedule = {ScheduleKind::kFew, 1, 1};
  steps[1].switches = {{1, 0}};
  steps[1].crash = CrashPoint{.io = 1, .is_of_one = true};
  EXPECT_THAT(ParsePlan(PrintPlan(plan), "plan"), IsOk());
  steps[1].crash->io = 0;
  EXPECT_THAT(why(), HasSubstr("is before or after a call, 1 or a later one"));
  steps[1].crash =
      CrashPoint{.io = 1, .moment = Moment::kDuring, .is_of_one = true};
  EXPECT_THAT(why(), HasSubstr("is before or after a call"));
  steps[1].crash = CrashPoint{.io = 1, .is_of_one = true};
  steps[1].switches.clear();
  plan.schedule = {ScheduleKind::kFree};
  EXPECT_THAT(why(), HasSubstr("leaves no client to be killed"));
  steps[1].crash.reset();
  EXPECT_THAT(ParsePlan(PrintPlan(plan), "plan"), IsOk());
}

TEST(DialectCodecTest, AnOperationOfAnotherDialectIsRefused) {
  const std::string text =
      WithHeader(PrintPlan(PlanOfKeys()), R"("dialect":"keys",)", "");
  const absl::StatusOr<Plan> plan = ParsePlan(text, "p.plan");
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(std::string(plan.status().message()),
              HasSubstr("p.plan:3: step: 'put' is not known"));
}

TEST(DialectCodecTest, AFieldOfAnotherDialectIsUnknown) {
  const std::string text =
      WithHeader(PrintPlan(PlanOfKeys()), R"("key":3)", R"("thread":3)");
  const absl::StatusOr<Plan> plan = ParsePlan(text, "p.plan");
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(std::string(plan.status().message()),
            "p.plan:3: thread: unknown field");
}

}  // namespace
}  // namespace lastcommit
