// Children that end by themselves, or not at all. SQLite calls an automatic
// extension for each new connection: in the child of a trial, inside a step or
// inside the examination. There it does what a broken saver would do.

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "trial/plans.h"
#include "trial/trial_fixture.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

void (*g_behave)() = nullptr;
bool g_only_while_examined = false;

int OnNewConnection(sqlite3* connection, char** /*error*/,
                    const sqlite3_api_routines* /*api*/) {
  const char* path = sqlite3_db_filename(connection, "main");
  const bool is_copy =
      path != nullptr &&
      std::string_view(path).find("/copy/") != std::string_view::npos;
  if (g_behave != nullptr && is_copy == g_only_while_examined) g_behave();
  return SQLITE_OK;
}

void Hang() {
  while (true) pause();
}
void Abort() {
  std::fprintf(stderr, "a bug was hit\n");
  std::abort();
}
void Exit() { _exit(7); }
void ExitAsIfNothingWere() { _exit(0); }
void DieOfOtherCauses() { kill(getpid(), SIGKILL); }
void Babble() {
  for (int i = 0; i < 10'000; ++i) std::fprintf(stderr, "line %d\n", i);
  std::abort();
}

class IllBehavedChildTest : public TrialTest {
 protected:
  IllBehavedChildTest() : TrialTest(/*hang_timeout=*/absl::Milliseconds(300)) {
    // The function's type is that of an extension's entry, whatever it takes.
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(OnNewConnection));
  }
  ~IllBehavedChildTest() override { sqlite3_reset_auto_extension(); }

  Verdict VerdictWhen(void (*behave)(), bool only_while_examined = false) {
    g_behave = behave;
    g_only_while_examined = only_while_examined;
    return Run(KilledAt(PlanOf({RoundWithACommit()}), 0, kCommitStep, {}))
        .verdict;
  }
};

TEST_F(IllBehavedChildTest, WithoutABugThePlanHolds) {
  EXPECT_EQ(Name(VerdictWhen(nullptr)), "held");
}

TEST_F(IllBehavedChildTest, AHungChildIsEndedAndAViolation) {
  EXPECT_EQ(Name(VerdictWhen(Hang)), "violated(hung)");
}

TEST_F(IllBehavedChildTest, ARecoveryThatHangsIsAViolation) {
  const Verdict verdict = VerdictWhen(Hang, /*only_while_examined=*/true);
  EXPECT_EQ(Name(verdict), "violated(hung)");
  EXPECT_THAT(verdict.why, HasSubstr("while recovering"));
}

TEST_F(IllBehavedChildTest, ACrashIsAViolationWithItsOutput) {
  const Verdict verdict = VerdictWhen(Abort);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("SIGABRT"));
  EXPECT_THAT(verdict.why, HasSubstr("while it ran the plan"));
  EXPECT_THAT(verdict.why, HasSubstr("a bug was hit\\n"));
}

TEST_F(IllBehavedChildTest, ACrashOfTheRecoveryIsAViolationWithItsOutput) {
  const Verdict verdict = VerdictWhen(Abort, /*only_while_examined=*/true);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("while recovering"));
  EXPECT_THAT(verdict.why, HasSubstr("a bug was hit\\n"));
}

TEST_F(IllBehavedChildTest, OutputIsThatOfOneChildAndIsCut) {
  VerdictWhen(Babble);
  EXPECT_LT(VerdictWhen(Babble).why.size(), 10'000u);
  EXPECT_THAT(VerdictWhen(Abort).why, Not(HasSubstr("line")));
}

TEST_F(IllBehavedChildTest, ALeaveWithAnExitCodeIsAViolation) {
  const Verdict verdict = VerdictWhen(Exit);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("exit code 7"));
}

TEST_F(IllBehavedChildTest, ALeaveWithExitCodeZeroIsAViolationToo) {
  EXPECT_EQ(Name(VerdictWhen(ExitAsIfNothingWere)), "violated(crashed)");
  EXPECT_EQ(Name(VerdictWhen(ExitAsIfNothingWere, true)), "violated(crashed)");
}

TEST_F(IllBehavedChildTest, AKillThatNoPlanAskedForIsAViolation) {
  const Verdict verdict = VerdictWhen(DieOfOtherCauses);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("SIGKILL, which no plan asked for"));
  EXPECT_THAT(verdict.why, HasSubstr("while it ran the plan"));
}

TEST_F(IllBehavedChildTest, AKillOfTheExaminationIsAViolationToo) {
  const Verdict verdict =
      VerdictWhen(DieOfOtherCauses, /*only_while_examined=*/true);
  EXPECT_EQ(Name(verdict), "violated(crashed)");
  EXPECT_THAT(verdict.why, HasSubstr("while recovering"));
}

TEST_F(IllBehavedChildTest, AKillBeforeTheTimedOneIsDueIsNotIt) {
  g_behave = DieOfOtherCauses;
  g_only_while_examined = false;
  const TrialResult result = Run(KilledAfter(PlanOf({RoundWithACommit()}), 0, 0,
                                             PlanLimits::kMaxKillAfterUs));
  EXPECT_EQ(Name(result.verdict), "violated(crashed)");
  EXPECT_FALSE(result.rounds[0].crashed);
}

// The recovery hangs as well, and that is for the timer of hanging children.
TEST_F(IllBehavedChildTest, ATimedKillEndsAChildWhereverItIs) {
  g_behave = Hang;
  g_only_while_examined = false;
  const TrialResult result =
      Run(KilledAfter(PlanOf({RoundWithACommit()}), 0, 0, 1000));
  EXPECT_THAT(result.verdict.why, HasSubstr("while recovering"));
  EXPECT_TRUE(result.rounds[0].crashed);
  EXPECT_EQ(result.rounds[0].crash.step, 0u);
  EXPECT_EQ(result.rounds[0].crash.phase, Phase::kCreate);
}

// What the machine refuses is told apart by what the saver said.
TEST_F(IllBehavedChildTest, ALackOfDescriptorsIsNoFullDisk) {
  g_behave = [] {
    const rlimit none = {0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
  };
  g_only_while_examined = false;
  const absl::Status status =
      trial_->Run(PlanOf(saver::JournalMode::kDelete, {RoundWithACommit()}))
          .status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the machine ran out of something at step 0 (open)"));
}

}  // namespace
}  // namespace lastcommit
