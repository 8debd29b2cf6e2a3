#include "explain/sweep.h"

#include <nlohmann/json.hpp>
#include <string>

#include "explain/findings_fixture.h"
#include "explain/sim_plans.h"
#include "explain/sweep_report.h"
#include "gmock/gmock.h"
#include "operations.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class SweepTest : public FindingsTest {
 protected:
  SweepTest() {
    options_.limits.random = 1;
    options_.limits.changes = 4;
    options_.findings = findings_.path();
  }

  SweepSummary Sweep(const std::string& saver) {
    return SweepUntil(saver, [](const SweepSummary&) { return true; });
  }
  SweepSummary SweepUntil(
      const std::string& saver,
      const std::function<bool(const SweepSummary&)>& keep_going) {
    const absl::StatusOr<Plan> plan =
        PlanToSweep(PlanWithoutPower(saver), std::nullopt);
    EXPECT_THAT(plan, IsOk());
    absl::StatusOr<SweepSummary> summary =
        RunSweep(*trial_, *plan, options_, keep_going);
    EXPECT_THAT(summary, IsOk());
    return summary.ok() ? *std::move(summary) : SweepSummary();
  }

  SweepOptions options_;
};

TEST_F(SweepTest, OurSaverHoldsAtEveryCrashPoint) {
  const SweepSummary summary = Sweep("sqlite");
  EXPECT_EQ(summary.exit_code(), ExitCode::kHeld);
  EXPECT_TRUE(summary.is_complete);
  const SweepCounts total = summary.Total();
  EXPECT_EQ(total.crash_points,
            static_cast<std::int64_t>(summary.crash_points));
  EXPECT_EQ(total.judged + total.no_demand, total.images);
  EXPECT_GT(total.duplicates, 0);
  EXPECT_EQ(total.violations, 0);
  EXPECT_THAT(findings_.Names(), testing::IsEmpty());
}

TEST_F(SweepTest, ADiskThatDropsTheSyncsOfTheWalIsFound) {
  const SweepSummary summary = Sweep(kDropsWalSyncs);
  EXPECT_EQ(summary.exit_code(), ExitCode::kViolated);
  EXPECT_GT(summary.violations.at("lost_commit"), 1);
  EXPECT_THAT(summary.findings, SizeIs(summary.violations.size()));
}

TEST_F(SweepTest, WhatIsKeptReplaysAndSaysWhatSurvives) {
  const SweepSummary summary = Sweep(kDropsWalSyncs);
  ASSERT_FALSE(summary.findings.empty());
  for (const SweepFinding& finding : summary.findings) {
    EXPECT_EQ(finding.repeats, "5 of 5 violated(" + finding.filed_under + ")");
    const absl::StatusOr<Plan> plan = ReadPlanFile(finding.plan_path);
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(Name(Run(*plan).verdict),
              "violated(" + finding.filed_under + ")");
    EXPECT_EQ(Name(*plan->expected), finding.filed_under);
    const std::optional<std::size_t> step = CrashStep(plan->rounds[0]);
    ASSERT_TRUE(step.has_value());
    EXPECT_EQ(plan->rounds[0].steps[*step].crash->survival.kind,
              SurvivalKind::kChosen);
  }
}

TEST_F(SweepTest, NoMoreOfAClassAreKeptThanWereAskedFor) {
  options_.keep = 3;
  const SweepSummary summary = Sweep(kDropsWalSyncs);
  EXPECT_EQ(std::count_if(summary.findings.begin(), summary.findings.end(),
                          [](const SweepFinding& finding) {
                            return finding.filed_under == "lost_commit";
                          }),
            3);
  options_.keep = 0;
  EXPECT_THAT(Sweep(kDropsWalSyncs).findings, testing::IsEmpty());
}

TEST_F(SweepTest, TheSameSweepPrintsTheSame) {
  const std::string once = PrintSweep(Sweep(kDropsWalSyncs), options_);
  EXPECT_EQ(PrintSweep(Sweep(kDropsWalSyncs), options_), once);
}

TEST_F(SweepTest, WhoIsInterruptedHasWhatWasDoneAndPromisesNothing) {
  options_.limits.random = 20;
  const SweepSummary summary =
      SweepUntil("sqlite", [](const SweepSummary&) { return false; });
  EXPECT_GT(summary.Total().images, 0);
  EXPECT_TRUE(summary.was_interrupted);
  EXPECT_EQ(summary.exit_code(), ExitCode::kNotExercised);
  EXPECT_THAT(PrintSweep(summary, options_),
              HasSubstr("interrupted, NOT EXERCISED: "));
}

TEST_F(SweepTest, ALimitOfImagesPromisesNothing) {
  options_.limits.images = 50;
  const SweepSummary summary = Sweep("sqlite");
  EXPECT_EQ(summary.Total().images, 50);
  EXPECT_EQ(summary.exit_code(), ExitCode::kNotExercised);
}

TEST_F(SweepTest, JsonSaysWhatTheTableSays) {
  const SweepSummary summary = Sweep(kDropsWalSyncs);
  const nlohmann::json value = SweepToJson(summary, options_);
  EXPECT_EQ(value.at("total").at("violations"), summary.Total().violations);
  EXPECT_EQ(value.at("calls").size(), summary.rows.size());
  EXPECT_EQ(value.at("outcome"), "VIOLATED");
  EXPECT_EQ(value.at("exit_code"), 1);
}

TEST(PlanToSweepTest, OneThatDiesAloneDiesInEachCrash) {
  Plan plan = PlanWithoutPower("sqlite");
  std::vector<Step>& steps = plan.rounds.back().steps;
  steps[1].crash = CrashPoint{.io = 3, .is_of_one = true};
  const absl::StatusOr<Plan> swept = PlanToSweep(plan, std::nullopt);
  ASSERT_THAT(swept, IsOk());
  EXPECT_EQ(DeathStep(swept->rounds.back()), 1u);
  EXPECT_EQ(CrashStep(swept->rounds.back()), std::nullopt);
}

TEST(PlanToSweepTest, LaterRoundsAreLeftOutAndEarlierOnesCrashAsTheyDo) {
  Plan plan = PlanWithoutPower("sqlite");
  plan.rounds.resize(3, plan.rounds[0]);
  const absl::StatusOr<Plan> swept = PlanToSweep(plan, 2);
  ASSERT_THAT(swept, IsOk());
  ASSERT_THAT(swept->rounds, SizeIs(2));
  EXPECT_TRUE(CrashStep(swept->rounds[0]).has_value());
  EXPECT_FALSE(CrashStep(swept->rounds[1]).has_value());
}

TEST(PlanToSweepTest, WhatCannotBeSweptIsRefused) {
  Plan plan = PlanWithoutPower("sqlite");
  EXPECT_THAT(PlanToSweep(plan, 2),
              StatusIs(absl::StatusCode::kInvalidArgument));
  plan.engine = Engine::kFork;
  EXPECT_THAT(PlanToSweep(plan, std::nullopt),
              StatusIs(absl::StatusCode::kInvalidArgument));
  plan.engine = Engine::kSim;
  EXPECT_THAT(PlanToSweep(plan, std::nullopt), IsOk());
  plan.rounds[0].steps[1] = {.kind = StepKind::kUnlink};
  EXPECT_THAT(PlanToSweep(plan, std::nullopt),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(SweepTest, APlanThatFailsWithoutACrashIsNotSwept) {
  Plan plan = PlanWithoutPower("planted-blob-as-text");
  plan.rounds[0].steps[1] = Op(threads::Kind::kPutBlob, {.content = {4000, 1}});
  plan.rounds[0].steps[2] = {.kind = StepKind::kRead};
  const absl::StatusOr<SweepSummary> summary = RunSweep(
      *trial_, plan, options_, [](const SweepSummary&) { return true; });
  ASSERT_THAT(summary, IsOk());
  EXPECT_EQ(summary->Total().images, 0);
  EXPECT_EQ(summary->exit_code(), ExitCode::kViolated);
  EXPECT_THAT(PrintSweep(*summary, options_),
              HasSubstr("VIOLATED: nothing was swept: without a crash in round "
                        "1 it is violated("));
}

}  // namespace
}  // namespace lastcommit
