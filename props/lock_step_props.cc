// Several clients on the two engines: real processes in lock step do, call by
// call, what the simulated disk does. A switch is told with the call of the VFS
// that it is beside, its offset and size, so that lists that are equal say that
// SQLite made the same calls, in the same order, of real files and of simulated
// ones.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "generate/arbitrary_plan.h"
#include "plan/codec.h"
#include "props/environment.h"
#include "props/trial_property.h"
#include "subject/registry.h"
#include "trial/call_words.h"
#include "trial/fork_trial.h"
#include "trial/sim_trial.h"

namespace lastcommit {
namespace {

// Where files are real the saver itself makes an empty one, before SQLite opens
// it (src/saver/new_file.h), and then looks at it; in the simulation there is
// none. So client 0 makes the database in a round of its own.
Plan WithADatabase(Plan plan) {
  const Round creation = {
      {{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}};
  plan.rounds.insert(plan.rounds.begin(), creation);
  return plan;
}

// Between the two halves of a sync, of a file and then of its directory, only a
// simulated process can be stopped.
Plan WithoutACrashInsideACall(Plan plan) {
  for (Round& round : plan.rounds) {
    for (Step& step : round.steps) {
      if (step.crash.has_value() && step.crash->moment == Moment::kDuring) {
        step.crash->moment = Moment::kBefore;
      }
    }
  }
  return plan;
}

Plan PlanFor(std::uint64_t index, int clients) {
  GenerateOptions options;
  options.engine = EngineChoice::kFork;
  options.fault = index % 2 == 0 ? FaultChoice::kNone : FaultChoice::kKill;
  options.clients = clients;
  return WithoutACrashInsideACall(
      WithADatabase(PlanAt({PropertySeed(), index}, options)));
}

// What a trial did, a line for each round and each switch.
std::string PrintAll(const TrialResult& result) {
  std::string text = absl::StrCat(
      Name(result.verdict), ", ", result.steps, " steps, ", result.commits,
      " commits, ", result.commits_in_turn, " in turn, ",
      result.checkpoints_across_commits, " checkpoints across commits, ",
      result.refusals, " refusals, ", result.changes_of_client, " changes\n");
  for (const RoundFacts& facts : result.rounds) {
    absl::StrAppend(&text, "round: acknowledged ", facts.acknowledged, ", cut ",
                    facts.cut, ", ", facts.wal_frames_recovered,
                    " frames recovered, hot journal ", facts.hot_journal,
                    facts.crashed
                        ? absl::StrCat(", died in step ", facts.crash.step,
                                       " at I/O call ", facts.crash.point.io)
                        : "",
                    "\n");
  }
  for (const TakenSwitch& taken : result.switches) {
    absl::StrAppend(
        &text, "round ", taken.round, " step ", taken.step, " ",
        PrintSwitches({taken.what}), " to step ", taken.to_step, ", ",
        taken.call.has_value() ? InWords(*taken.call) : "before it", "\n");
  }
  return text;
}

// The first line that differs, of each.
std::string FirstDifference(const std::string& real,
                            const std::string& simulated) {
  const auto at = std::mismatch(real.begin(), real.end(), simulated.begin(),
                                simulated.end());
  const auto line = [](const std::string& text, std::size_t offset) {
    const std::size_t begin =
        offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;
    return text.substr(begin, text.find('\n', offset) - begin);
  };
  const auto offset = static_cast<std::size_t>(at.first - real.begin());
  return absl::StrCat("real:      ", line(real, offset),
                      "\nsimulated: ", line(simulated, offset), "\n");
}

class LockStepTest : public testing::TestWithParam<int> {
 protected:
  LockStepTest() {
    auto fork = ForkTrial::Create({});
    auto sim = SimTrial::Create(absl::Minutes(1));
    EXPECT_TRUE(fork.ok() && sim.ok());
    fork_ = *std::move(fork);
    sim_ = *std::move(sim);
  }

  std::string OnReal(const Plan& plan) {
    const auto result = fork_->Run(plan);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return "";
    switches_ += result->switches.size();
    return PrintAll(*result);
  }
  std::string OnSimulated(Plan plan) {
    plan.engine = Engine::kSim;
    const auto result = sim_->Run(plan);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? PrintAll(*result) : "";
  }

  std::unique_ptr<ForkTrial> fork_;
  std::unique_ptr<SimTrial> sim_;
  std::size_t switches_ = 0;
};

TEST_P(LockStepTest, RealProcessesDoWhatSimulatedOnesDo) {
  const std::uint64_t plans = PropertyTrials(150);
  for (std::uint64_t index = 0; index < plans; ++index) {
    const Plan plan = PlanFor(index, GetParam());
    const std::string real = OnReal(plan);
    const std::string simulated = OnSimulated(plan);
    ASSERT_TRUE(real == simulated)
        << "plan " << index << "\n"
        << FirstDifference(real, simulated) << PrintPlan(plan);
  }
  EXPECT_GT(switches_, plans);
  std::printf("%llu plans agree in %zu switches\n",
              static_cast<unsigned long long>(plans), switches_);
}

// The twin: that one switch is elsewhere is seen.
TEST_P(LockStepTest, AnotherScheduleIsToldApart) {
  std::uint64_t index = 0;
  Plan plan = PlanFor(index, GetParam());
  while (plan.schedule.kind != ScheduleKind::kRandom) {
    plan = PlanFor(index += 2, GetParam());
  }
  const std::string real = OnReal(plan);
  ++plan.schedule.seed;
  EXPECT_NE(real, OnSimulated(plan));
}

INSTANTIATE_TEST_SUITE_P(All, LockStepTest, testing::Values(2, 3));

class ProcessesTest : public testing::TestWithParam<int> {
 protected:
  static std::string FailureOf(const std::string& name, FaultChoice fault,
                               std::optional<ScheduleKind> schedule) {
    TrialProperty property;
    property.name = absl::StrCat(name, "-", GetParam(), "-processes");
    property.generate.engine = EngineChoice::kFork;
    property.generate.fault = fault;
    property.generate.clients = GetParam();
    property.generate.schedule = schedule;
    property.trials = PropertyTrials(150);
    const PropertyOutcome outcome = CheckTrials(property, PropertySeed(), {});
    std::printf("%s", outcome.ledger.Print().c_str());
    return outcome.failure;
  }
};

TEST_P(ProcessesTest, SurviveKillsInLockStep) {
  EXPECT_EQ(FailureOf("lock-step", FaultChoice::kKill, std::nullopt), "");
}

TEST_P(ProcessesTest, ThatRunFreelyShareADatabase) {
  EXPECT_EQ(FailureOf("free", FaultChoice::kMixed, ScheduleKind::kFree), "");
}

INSTANTIATE_TEST_SUITE_P(All, ProcessesTest, testing::Values(2, 3));

struct Caught {
  const char* saver;
  std::optional<ScheduleKind> schedule;
};

class CaughtWithProcessesTest : public testing::TestWithParam<Caught> {};

// Of those that need several clients the ones that few plans are enough for.
TEST_P(CaughtWithProcessesTest, IsCaught) {
  const SaverEntry* entry = FindSaver(GetParam().saver);
  ASSERT_NE(entry, nullptr);
  TrialProperty property;
  property.name = std::string(entry->name);
  property.generate.saver = std::string(entry->name);
  property.generate.engine = EngineChoice::kFork;
  property.generate.fault = FaultChoice::kNone;
  property.generate.clients = entry->needs_clients;
  property.generate.schedule = GetParam().schedule;
  property.trials = 3000;
  const PropertyOutcome outcome =
      CheckTrials(property, PropertySeed(), Catching(*entry));
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.violation, entry->planted);
  std::printf("caught after %llu plans\n",
              static_cast<unsigned long long>(outcome.failed_at));
}

INSTANTIATE_TEST_SUITE_P(
    LockStep, CaughtWithProcessesTest,
    testing::Values(Caught{"planted-counter-read-before-lock", std::nullopt},
                    Caught{"planted-busy-checkpoint-ignored", std::nullopt},
                    Caught{"planted-reader-never-reset", std::nullopt},
                    Caught{"planted-read-as-a-writer", std::nullopt},
                    Caught{"planted-write-lock-kept", std::nullopt}));
INSTANTIATE_TEST_SUITE_P(
    Free, CaughtWithProcessesTest,
    testing::Values(
        Caught{"planted-counter-read-before-lock", ScheduleKind::kFree},
        Caught{"planted-busy-checkpoint-ignored", ScheduleKind::kFree}));

}  // namespace
}  // namespace lastcommit
