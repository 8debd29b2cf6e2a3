// Several clients, each a real process, on real files.

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "disk/sim_vfs.h"
#include "gmock/gmock.h"
#include "operations.h"
#include "trial/plans.h"
#include "trial/sim_trial.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

Step Of(int client, threads::Kind kind) {
  return Op(kind, {}, {.client = client});
}
Step Of(int client, StepKind kind) {
  Step step = StepOf(kind);
  step.client = client;
  return step;
}

constexpr std::size_t kFirstCommit = 2;

// Client 1 commits twice, then client 0 once, who also reads at the end.
Plan PlanOfTwo() {
  return PlanOf(
      {{{Of(0, StepKind::kOpen), Of(1, StepKind::kOpen),
         Of(1, threads::Kind::kAppendLog), Of(1, threads::Kind::kAppendLog),
         Of(0, threads::Kind::kAppendLog), Of(0, StepKind::kRead),
         Of(1, StepKind::kClose), Of(0, StepKind::kClose)}}});
}

Plan WithSwitches(Plan plan, std::size_t step, std::vector<Switch> switches) {
  plan.rounds[0].steps[step].switches = std::move(switches);
  return plan;
}

Plan KilledInFirstCommit(bool is_of_one) {
  CrashPoint crash;
  crash.io = 1;
  crash.moment = Moment::kAfter;
  crash.is_of_one = is_of_one;
  return KilledAt(PlanOfTwo(), 0, kFirstCommit, crash);
}

bool HasChildren() {
  return waitpid(-1, nullptr, WNOHANG) >= 0 || errno != ECHILD;
}

class ClientProcessesTest : public TrialTest {
 protected:
  ClientProcessesTest() : TrialTest(absl::Seconds(2)) {}

  absl::StatusCode CodeOf(const Plan& plan) {
    return trial_->Run(plan).status().code();
  }
};

TEST_F(ClientProcessesTest, EachIsAProcessOfItsOwn) {
  const TrialResult result = Run(PlanOfTwo());
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.steps, 8);
  EXPECT_EQ(result.commits, 4);  // with that of the schema
  EXPECT_EQ(result.commits_in_turn, 2);
  EXPECT_FALSE(HasChildren());
}

TEST_F(ClientProcessesTest, SwitchesComeAtTheCallsOfTheSimulatedDisk) {
  EXPECT_THAT(RegisterSimVfs(), IsOk());
  auto sim = SimTrial::Create(absl::Minutes(1));
  ASSERT_THAT(sim, IsOk());
  Plan plan =
      WithSwitches(PlanOfTwo(), kFirstCommit, {{0, 0}, {7, 0}, {20, 0}});
  const TrialResult real = Run(plan);
  plan.engine = Engine::kSim;
  const absl::StatusOr<TrialResult> simulated = (*sim)->Run(plan);
  ASSERT_THAT(simulated, IsOk());
  ASSERT_EQ(real.switches.size(), simulated->switches.size());
  EXPECT_GE(real.switches.size(), 2u);
  for (std::size_t i = 0; i < real.switches.size(); ++i) {
    EXPECT_EQ(real.switches[i].what, simulated->switches[i].what);
    EXPECT_EQ(real.switches[i].to_step, simulated->switches[i].to_step);
    EXPECT_EQ(real.switches[i].call, simulated->switches[i].call);
  }
  EXPECT_EQ(real.changes_of_client, simulated->changes_of_client);
}

// With the write lock in its hands: the kernel takes it away.
TEST_F(ClientProcessesTest, WhoIsKilledAloneIsInNobodysWay) {
  const TrialResult result = Run(KilledInFirstCommit(/*is_of_one=*/true));
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_FALSE(result.rounds[0].crashed);
  ASSERT_TRUE(result.rounds[0].has_death);
  EXPECT_EQ(result.rounds[0].death.step, kFirstCommit);
  EXPECT_EQ(result.rounds[0].death.point.io, 1);
  EXPECT_EQ(result.refusals, 0);
  EXPECT_EQ(result.steps, 5);  // all but those of client 1 from there on
}

TEST_F(ClientProcessesTest, AKillOfAllEndsThoseThatWait) {
  const TrialResult result = Run(KilledInFirstCommit(/*is_of_one=*/false));
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_TRUE(result.rounds[0].crashed);
  EXPECT_EQ(result.steps, 2);
  EXPECT_FALSE(HasChildren());
}

TEST_F(ClientProcessesTest, ThoseThatRunFreelyAreJudgedAsWell) {
  Plan plan = PlanOfTwo();
  plan.schedule.kind = ScheduleKind::kFree;
  const TrialResult result = Run(plan);
  EXPECT_EQ(Name(result.verdict), "held") << result.verdict.why;
  EXPECT_EQ(result.steps, 8);
  EXPECT_THAT(result.switches, testing::IsEmpty());
  Plan killed = KilledInFirstCommit(/*is_of_one=*/true);
  killed.schedule.kind = ScheduleKind::kFree;
  EXPECT_EQ(Name(Run(killed).verdict), "held");
}

TEST_F(ClientProcessesTest, WhatOnlyTheSimulationHasIsRefused) {
  Plan power_loss = KilledInFirstCommit(/*is_of_one=*/false);
  power_loss.rounds[0].steps[kFirstCommit].crash->survival.kind =
      SurvivalKind::kNone;
  EXPECT_EQ(CodeOf(power_loss), absl::StatusCode::kInvalidArgument);
  Plan error = PlanOfTwo();
  error.rounds[0].steps[kFirstCommit].error = IoError();
  EXPECT_EQ(CodeOf(error), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(KilledAfter(PlanOfTwo(), 0, kFirstCommit, 10)),
            absl::StatusCode::kInvalidArgument);
  Plan free = PlanOfTwo();
  free.schedule.kind = ScheduleKind::kFree;
  free.profile.journal_mode = saver::JournalMode::kOff;
  EXPECT_EQ(CodeOf(free), absl::StatusCode::kInvalidArgument);
}

// What one of them does whenever it opens a database, and the others wait.
void (*g_behave)() = nullptr;

int OnNewConnection(sqlite3* connection, char** /*error*/,
                    const sqlite3_api_routines* /*api*/) {
  const char* path = sqlite3_db_filename(connection, "main");
  const bool is_copy =
      path != nullptr &&
      std::string_view(path).find("/copy/") != std::string_view::npos;
  if (g_behave != nullptr && !is_copy) g_behave();
  return SQLITE_OK;
}

void Hang() {
  while (true) pause();
}
void Leave() { _exit(0); }
void DieOfOtherCauses() { kill(getpid(), SIGKILL); }

class IllBehavedClientTest : public ClientProcessesTest {
 protected:
  IllBehavedClientTest() {
    // The function's type is that of an extension's entry, whatever it takes.
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(OnNewConnection));
  }
  ~IllBehavedClientTest() override { sqlite3_reset_auto_extension(); }

  Verdict VerdictWhen(void (*behave)()) {
    g_behave = behave;
    Verdict verdict = Run(PlanOfTwo()).verdict;
    EXPECT_FALSE(HasChildren());
    return verdict;
  }
};

TEST_F(IllBehavedClientTest, WithoutABugThePlanHolds) {
  EXPECT_EQ(Name(VerdictWhen(nullptr)), "held");
}

TEST_F(IllBehavedClientTest, OneThatCrashesTakesThoseThatWaitAlong) {
  const Verdict verdict = VerdictWhen(std::abort);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("SIGABRT"));
}

TEST_F(IllBehavedClientTest, OneThatLeavesEarlyHasCrashed) {
  EXPECT_EQ(Name(VerdictWhen(Leave)), "violated(crashed)");
}

TEST_F(IllBehavedClientTest, AKillThatNoPlanAskedForIsAViolation) {
  const Verdict verdict = VerdictWhen(DieOfOtherCauses);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("which no plan asked for"));
}

TEST_F(IllBehavedClientTest, OneThatHangsIsEndedWithThoseThatWait) {
  EXPECT_EQ(Name(VerdictWhen(Hang)), "violated(hung)");
}

}  // namespace
}  // namespace lastcommit
