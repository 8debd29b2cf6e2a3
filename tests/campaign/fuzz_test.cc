#include "campaign/fuzz.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "explain/findings_fixture.h"
#include "explain/plans.h"
#include "gmock/gmock.h"
#include "plan/codec.h"
#include "token/token.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class FuzzTest : public FindingsTest {
 protected:
  FuzzTest() {
    options_.trial_limit = 60;
    options_.findings.directory = findings_.path();
    options_.trial.directory = trials_.path();
  }

  Summary Fuzz() {
    absl::StatusOr<Summary> summary = RunFuzz(options_);
    EXPECT_THAT(summary, IsOk());
    return summary.ok() ? *std::move(summary) : Summary();
  }

  std::vector<std::string> KeptFindings() {
    std::vector<std::string> names;
    for (const auto& kept :
         std::filesystem::directory_iterator(findings_.Path("lost_commit"))) {
      names.push_back(kept.path().filename());
    }
    return names;
  }

  static std::int64_t CountExplained(const Summary& summary) {
    const auto& findings = summary.tally.findings;
    return std::count_if(
        findings.begin(), findings.end(), [](const auto& entry) {
          return entry.second.state == FindingState::kExplained;
        });
  }

  FuzzOptions options_;
};

TEST_F(FuzzTest, RunsAsManyTrialsAsItWasAskedTo) {
  const Summary summary = Fuzz();
  EXPECT_EQ(summary.tally.ledger.trials(), 60);
  EXPECT_FALSE(summary.was_interrupted);
  EXPECT_THAT(summary.tally.findings, IsEmpty());
}

TEST_F(FuzzTest, TooFewTrialsAreNotHeldAndEnoughAre) {
  options_.generate.fault = FaultChoice::kNone;
  options_.trial_limit = kLeastTrials - 1;
  EXPECT_EQ(Fuzz().exit_code, ExitCode::kNotExercised);
  options_.trial_limit = kLeastTrials;
  EXPECT_EQ(Fuzz().exit_code, ExitCode::kHeld);
}

// Every injector in turn is dead: what the plans have is never done.
template <typename Edit>
Plan WithEachStep(Plan plan, Edit edit) {
  for (Round& round : plan.rounds) {
    for (Step& step : round.steps) edit(step);
  }
  return plan;
}

Plan WithoutErrors(Plan plan) {
  return WithEachStep(std::move(plan), [](Step& step) { step.error.reset(); });
}

Plan WithoutCrashes(Plan plan) {
  return WithEachStep(std::move(plan), [](Step& step) { step.crash.reset(); });
}

Plan WithKillsInsteadOfLossesOfPower(Plan plan) {
  plan.images = 0;
  return WithEachStep(std::move(plan), [](Step& step) {
    if (step.crash.has_value()) step.crash->survival = Survival();
  });
}

Plan WithoutSwitches(Plan plan) {
  plan.schedule = Schedule();
  return WithEachStep(std::move(plan),
                      [](Step& step) { step.switches.clear(); });
}

struct DeadInjector {
  std::string name;
  Plan (*run_instead)(Plan);
  EngineChoice engine;
  FaultChoice fault;
  int clients;
  std::string empty_cell;
};

class DeadInjectorTest : public FuzzTest,
                         public testing::WithParamInterface<DeadInjector> {};

TEST_P(DeadInjectorTest, EndsTheRunAsNotExercised) {
  const DeadInjector& dead = GetParam();
  options_.generate.engine = dead.engine;
  options_.generate.fault = dead.fault;
  options_.generate.clients = dead.clients;
  options_.trial_limit = 100;
  options_.run_instead = dead.run_instead;
  const Summary summary = Fuzz();
  EXPECT_EQ(summary.exit_code, ExitCode::kNotExercised);
  EXPECT_THAT(summary.promises.broken,
              Contains("empty cell: " + dead.empty_cell));
  EXPECT_THAT(JudgedInWords(summary), HasSubstr(dead.empty_cell));
  // Alive it bites.
  options_.run_instead = nullptr;
  EXPECT_THAT(Fuzz().promises.broken,
              Not(Contains("empty cell: " + dead.empty_cell)));
}

INSTANTIATE_TEST_SUITE_P(
    All, DeadInjectorTest,
    testing::Values(
        DeadInjector{"ErrorsOfOneClient", WithoutErrors, EngineChoice::kSim,
                     FaultChoice::kIoError, 1, "exercised/sim/io-error/1"},
        DeadInjector{"ErrorsOfTwoClients", WithoutErrors, EngineChoice::kSim,
                     FaultChoice::kIoError, 2, "exercised/sim/io-error/2"},
        DeadInjector{"ErrorsOnRealFiles", WithoutErrors, EngineChoice::kFork,
                     FaultChoice::kIoError, 1, "exercised/fork/io-error/1"},
        DeadInjector{"Kills", WithoutCrashes, EngineChoice::kFork,
                     FaultChoice::kKill, 1, "exercised/fork/kill/1"},
        DeadInjector{"LossesOfPower", WithKillsInsteadOfLossesOfPower,
                     EngineChoice::kSim, FaultChoice::kPowerLoss, 1,
                     "exercised/sim/power-loss/1"},
        DeadInjector{"LossesOfPowerOnRealFiles",
                     WithKillsInsteadOfLossesOfPower, EngineChoice::kFork,
                     FaultChoice::kPowerLoss, 1, "exercised/fork/power-loss/1"},
        DeadInjector{"Switches", WithoutSwitches, EngineChoice::kSim,
                     FaultChoice::kNone, 2, "clients/sim/switches"}),
    [](const auto& test) { return test.param.name; });

TEST_F(FuzzTest, TheDigestDoesNotDependOnTheNumberOfWorkers) {
  const std::string digest = Fuzz().tally.digest();
  options_.jobs = 2;
  EXPECT_EQ(Fuzz().tally.digest(), digest);
  options_.jobs = 3;
  EXPECT_EQ(Fuzz().tally.digest(), digest);
}

TEST_F(FuzzTest, TheDigestIsAnotherOneForEachSeedAndSize) {
  options_.trial_limit = 10;
  const std::string digest = Fuzz().tally.digest();
  options_.trial_limit = 11;
  EXPECT_NE(Fuzz().tally.digest(), digest);
  options_.trial_limit = 10;
  options_.seed = 2;
  EXPECT_NE(Fuzz().tally.digest(), digest);
}

TEST_F(FuzzTest, ThereIsNoCrashIfNoneWasAskedFor) {
  options_.generate.fault = FaultChoice::kNone;
  const Summary summary = Fuzz();
  for (const auto& [cell, count] : summary.tally.ledger.cells()) {
    EXPECT_NE(cell.group, CellGroup::kCrash) << Name(cell);
  }
}

TEST_F(FuzzTest, APlantedBugIsFoundAndEndsTheRunAsViolated) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.trial_limit = 500;
  options_.stop_after = 1;
  const Summary summary = Fuzz();
  EXPECT_EQ(summary.exit_code, ExitCode::kViolated);
  ASSERT_THAT(summary.tally.findings, SizeIs(1));
  const Finding& finding = summary.groups[0].first;
  EXPECT_EQ(finding.verdict, "violated(lost_commit)");
  EXPECT_THAT(ParseToken(finding.token), IsOk());
  EXPECT_LT(summary.tally.ledger.trials(), 500);
  EXPECT_THAT(findings_.Names(), SizeIs(1));
}

TEST_F(FuzzTest, ShrinkingIsNoPartOfTheWayToTheFirstFinding) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.trial_limit = 500;
  options_.stop_after = 1;
  const Summary summary = Fuzz();
  ASSERT_TRUE(summary.first_finding.has_value());
  ASSERT_THAT(summary.tally.findings, SizeIs(1));
  const Finding& finding = summary.tally.findings.begin()->second;
  EXPECT_GT(finding.shrink_trials, 0);
  EXPECT_EQ(summary.first_finding->trials,
            static_cast<std::int64_t>(finding.key.index) + 1);
  EXPECT_GT(summary.first_finding->after, absl::ZeroDuration());
  EXPECT_LT(summary.first_finding->after, summary.took);
  const nlohmann::json json = SummaryToJson(options_, summary);
  EXPECT_EQ(json.at("trials_to_first_finding"), finding.key.index + 1);
  EXPECT_EQ(json.at("seconds_to_first_finding"),
            absl::ToDoubleSeconds(summary.first_finding->after));
}

TEST_F(FuzzTest, LaterFindingsDoNotMoveTheFirst) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.shrunk_per_class = 0;
  const Summary summary = Fuzz();
  ASSERT_GT(summary.tally.findings.size(), 1u);
  ASSERT_TRUE(summary.first_finding.has_value());
  EXPECT_EQ(summary.first_finding->trials,
            static_cast<std::int64_t>(
                summary.tally.findings.begin()->second.key.index) +
                1);
}

TEST_F(FuzzTest, ARunThatFoundNothingHasNoFirstFinding) {
  options_.trial_limit = 10;
  const Summary summary = Fuzz();
  EXPECT_FALSE(summary.first_finding.has_value());
  const nlohmann::json json = SummaryToJson(options_, summary);
  EXPECT_TRUE(json.at("trials_to_first_finding").is_null());
  EXPECT_TRUE(json.at("seconds_to_first_finding").is_null());
}

TEST_F(FuzzTest, FindingsOfAClassAreAllKeptAndTheFirstOnesShrunk) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.shrunk_per_class = 1;
  options_.findings.shrink.max_trials = 1;
  const Summary summary = Fuzz();
  EXPECT_EQ(summary.tally.ledger.trials(), 60);
  const std::int64_t found =
      summary.tally.ledger.Count("verdict/violated(lost_commit)");
  EXPECT_GT(found, 1);
  EXPECT_EQ(std::ssize(summary.tally.findings), found);
  EXPECT_EQ(std::ssize(KeptFindings()), found);
  EXPECT_EQ(CountExplained(summary), 1);
}

TEST_F(FuzzTest, AShapeThatWasShrunkOnceIsCountedAfterwards) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.shrunk_per_class = 5;
  const Summary summary = Fuzz();
  ASSERT_EQ(CountExplained(summary), 5);
  std::set<std::string> shapes;
  for (const auto& [key, finding] : summary.tally.findings) {
    if (finding.shape.empty()) continue;
    EXPECT_EQ(finding.counted, !shapes.insert(finding.shape).second)
        << finding.key.index;
  }
  EXPECT_LT(shapes.size(), 5u);
}

TEST_F(FuzzTest, OneThatIsOnlyCountedLeavesItsPlaceToOthers) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.shrunk_per_class = 3;
  const Summary summary = Fuzz();
  const auto& findings = summary.tally.findings;
  const std::int64_t counted =
      std::count_if(findings.begin(), findings.end(),
                    [](const auto& entry) { return entry.second.counted; });
  ASSERT_GT(counted, 0);
  EXPECT_EQ(CountExplained(summary), options_.shrunk_per_class + counted);
}

TEST_F(FuzzTest, WorkersTogetherShrinkNoMoreThanTheFirstOnes) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.jobs = 3;
  options_.shrunk_per_class = 1;
  options_.findings.shrink.max_trials = 1;
  EXPECT_EQ(CountExplained(Fuzz()), 1);
}

TEST_F(FuzzTest, OfManyFindingsOfAClassThePlansAreNotKept) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.shrunk_per_class = 0;
  options_.kept_per_class = 2;
  const Summary summary = Fuzz();
  EXPECT_GT(summary.tally.findings.size(), 2u);
  EXPECT_THAT(KeptFindings(), SizeIs(2));
}

TEST_F(FuzzTest, ALimitOfTimeEndsTheRun) {
  options_.trial_limit.reset();
  options_.time_limit = absl::Milliseconds(50);
  EXPECT_FALSE(Fuzz().was_interrupted);
}

TEST_F(FuzzTest, WhatCannotBeWrittenIsSaidBeforeTheRun) {
  options_.trial_limit.reset();  // or it would never end
  options_.json_path = findings_.Path("none/a.json");
  EXPECT_THAT(RunFuzz(options_), StatusIs(absl::StatusCode::kNotFound));
  options_.json_path = "";
  options_.trial.directory = trials_.Path("none");
  EXPECT_THAT(RunFuzz(options_), StatusIs(absl::StatusCode::kNotFound));
  options_.findings.directory = "/dev/null/none";
  EXPECT_FALSE(RunFuzz(options_).ok());
}

TEST_F(FuzzTest, AnErrorOfAWorkerEndsTheRun) {
  options_.generate.saver = "none";
  const Summary summary = Fuzz();
  EXPECT_EQ(summary.exit_code, ExitCode::kTesterFailed);
  EXPECT_THAT(summary.error, HasSubstr("no saver named"));
}

TEST_F(FuzzTest, AFindingThatCannotBeKeptIsStillAFinding) {
  options_.generate.saver = kDishonest;
  options_.generate.fault = FaultChoice::kKill;
  options_.json_path = findings_.Path("run.json");
  findings_.Put("lost_commit", "in the way");
  const Summary summary = Fuzz();
  EXPECT_EQ(summary.exit_code, ExitCode::kViolated);
  EXPECT_NE(summary.error, "");
  ASSERT_THAT(summary.tally.findings, SizeIs(1));
  const Finding& finding = summary.groups[0].first;
  EXPECT_EQ(finding.verdict, "violated(lost_commit)");
  // All that is left of it.
  EXPECT_THAT(finding.story,
              HasSubstr("\nplan:    it could not be kept; it is\n" +
                        PrintPlan(PlanAt(finding.key, options_.generate))));
  EXPECT_THAT(findings_.Get("run.json"), HasSubstr("lost_commit"));
}

}  // namespace
}  // namespace lastcommit
