// One plan and a driver.

#include "driven/driven_trial.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "directory.h"
#include "disk/shim_vfs.h"
#include "disk/sim_vfs.h"
#include "driven/plans.h"
#include "driven/use_driver.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "keys/pairs.h"
#include "python.h"
#include "queue/specs.h"

namespace lastcommit::driven {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DrivenTrialTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(RegisterShimVfs().ok());
    ASSERT_TRUE(RegisterSimVfs().ok());
  }
  void SetUp() override {
    for (const char* python : {"/usr/bin/python3", "python3"}) {
      python_ = python;
      if (FindPython(python_, PYCACHE)) return;
    }
    GTEST_SKIP() << "needs python3 with sqlite3";
  }

  std::unique_ptr<DrivenTrial> TrialOf(const std::string& bug,
                                       const std::string& program = "planted") {
    DrivenOptions options = options_;
    options.driver.command = DriverInPython(python_, DRIVERS, program, bug);
    options.driver.directory = directory_.path();
    options.directory = directory_.path();
    auto trial = DrivenTrial::Create(options);
    EXPECT_TRUE(trial.ok()) << trial.status();
    return *std::move(trial);
  }
  TrialResult RunIn(DrivenTrial& trial, std::vector<Step> steps, DrivenBy by) {
    const auto result = trial.Run(PlanOf(std::move(steps)), keep_, by);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(TrialResult());
  }
  TrialResult Run(const std::string& bug, std::vector<Step> steps) {
    return RunIn(*TrialOf(bug), std::move(steps), DrivenBy::kNew);
  }

  static Step Delete(int key) {
    return StepOf(pairs::Make(pairs::Kind::kDelete, {.key = key}));
  }

  Directory directory_;
  DrivenOptions options_;
  std::string keep_;
  std::string python_;
};

TEST_F(DrivenTrialTest, CountsWhatItLookedAt) {
  const TrialResult result =
      Run("sound", {Put(1, 1), Put(2, 2),
                    StepOf(pairs::Make(pairs::Kind::kGet, {.key = 1}))});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_EQ(result.steps, 5);
  EXPECT_EQ(result.commits, 3);  // the first is that of the schema
  EXPECT_EQ(result.recorded.answers, 1);
  EXPECT_EQ(result.recorded.states, 2);
  EXPECT_GT(result.recorded.kill_images, 10);
  EXPECT_GT(result.recorded.kills_recovered, 5);
  EXPECT_EQ(result.recorded.losses_recovered, 0);
  EXPECT_EQ(result.recorded.power_images, 0);
}

TEST_F(DrivenTrialTest, WithAPromiseOfPowerItAlsoLosesIt) {
  options_.promises_power = true;
  const TrialResult result = Run("sound", {Put(1, 1), Put(2, 2)});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_GT(result.recorded.losses_recovered, 5);
  EXPECT_GT(result.recorded.power_images, 20);
}

TEST_F(DrivenTrialTest, WithoutThatPromiseALossOfPowerIsNone) {
  const std::vector<Step> steps = {Put(1, 1), Put(2, 2)};
  EXPECT_TRUE(Run("synchronous_normal", steps).verdict.held());
  options_.promises_power = true;
  EXPECT_EQ(Run("synchronous_normal", steps).verdict.violation,
            ViolationClass::kLostCommit);
}

// A new store makes its tables again: what is lost of the database is nothing
// that was put into the store.
TEST_F(DrivenTrialTest, WhatTheStoreMakesGoodIsNotLost) {
  options_.promises_power = true;
  const TrialResult empty = Run("journal_at_full", {});
  EXPECT_TRUE(empty.verdict.held()) << empty.verdict.why;
  EXPECT_GT(empty.recorded.made_good, 0);
  EXPECT_EQ(Run("journal_at_full", {Put(1, 1)}).verdict.violation,
            ViolationClass::kLostCommit);
}

TEST_F(DrivenTrialTest, WhatIsReadOfTheStateIsTheModels) {
  const TrialResult result = Run("forgetful_state", {Put(1, 1), Put(2, 2)});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kWrongRead);
  EXPECT_THAT(result.verdict.why, HasSubstr("found nothing"));
}

// Among the names of keys there are some with all kinds of letters.
TEST_F(DrivenTrialTest, AQuestionMarkInAKeyIsNone) {
  int key = 0;
  while (pairs::KeyName(key).find('?') == std::string::npos) ++key;
  const TrialResult result = Run("sound", {Put(key, 1)});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_EQ(result.recorded.made_good, 0);
}

// Without the driver's own recovery SQLite's says it, too.
TEST_F(DrivenTrialTest, WhatIsLostOfTheDatabaseIsSeenWithoutTheModel) {
  options_.promises_power = true;
  options_.recoveries = 0;
  const TrialResult result = Run("synchronous_normal", {Put(1, 1), Put(2, 2)});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(result.verdict.why,
              AllOf(HasSubstr("acknowledged commits are not there"),
                    HasSubstr("the WAL was not synced")));
}

TEST_F(DrivenTrialTest, ADriverThatDoesNotAnswerHangs) {
  options_.time = absl::Seconds(2);
  const TrialResult result =
      Run("hangs_at_a_delete", {Put(1, 1), Delete(1), Delete(2)});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kHung);
  EXPECT_THAT(result.verdict.why, HasSubstr("round 1, step 3: delete"));
}

TEST_F(DrivenTrialTest, DamageThatTheStoreDoesNotSeeIsDamage) {
  EXPECT_EQ(Run("hidden_damage", {Put(1, 1)}).verdict.violation,
            ViolationClass::kDamaged);
}

// Many images are recovered by one process, each at a path of its own.
TEST_F(DrivenTrialTest, OneThatRemembersItsPathIsRecoveredInPlace) {
  const TrialResult result = Run("remembers_its_path", {Put(1, 1), Put(2, 2)});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_GT(result.recorded.only_elsewhere, 0);
}

// https://www.sqlite.org/atomiccommit.html#_multi_file_commit: each journal has
// the full path of the super-journal.
TEST_F(DrivenTrialTest, ASuperJournalIsFoundInPlace) {
  const TrialResult result = Run("two_databases", {Put(1, 1), Put(1, 2)});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_GT(result.recorded.only_elsewhere, 0);
}

TEST_F(DrivenTrialTest, ALinkOutOfTheDirectoryIsNotFollowed) {
  keep_ = directory_.Path("kept");
  const TrialResult result = Run("links_elsewhere", {Put(1, 1)});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kWrongRead);
  EXPECT_NE(directory_.Get("kept/recording"), "");
}

// Nor does Ctrl-C reach it, which would look like a finding.
TEST_F(DrivenTrialTest, ADriverThatKillsItsGroupIsAlone) {
  EXPECT_EQ(Run("kills_its_group", {Put(1, 1), Delete(1)}).verdict.violation,
            ViolationClass::kCrashed);
}

// A driver goes on from plan to plan, and what is recorded is of one plan.
TEST_F(DrivenTrialTest, EachOfManyPlansIsRecordedByItself) {
  const auto trial = TrialOf("sound");
  for (int i = 0; i < 3; ++i) {
    const TrialResult result =
        RunIn(*trial, {Put(1, 1), Put(2, 2)}, DrivenBy::kUsed);
    EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
    EXPECT_EQ(result.commits, 3);
    EXPECT_EQ(result.recorded.outside, 0);
    EXPECT_GT(result.recorded.kills_recovered, 5);
  }
}

TEST_F(DrivenTrialTest, WhatOneProcessKeepsShowsInLaterPlansOnly) {
  const std::vector<Step> empties = {Put(1, 1)};
  const auto trial = TrialOf("kept_in_the_process");
  EXPECT_TRUE(RunIn(*trial, empties, DrivenBy::kUsed).verdict.held());
  keep_ = directory_.Path("kept");
  const TrialResult later = RunIn(*trial, {Put(2, 2)}, DrivenBy::kUsed);
  EXPECT_EQ(later.verdict.violation, ViolationClass::kWrongRead);
  EXPECT_THAT(later.verdict.why, HasSubstr("one that has not, held this one"));
  EXPECT_NE(directory_.Get("kept/recording"), "");
  // That new one has answered a plan now, and no other one is asked.
  const TrialResult alone = RunIn(*trial, empties, DrivenBy::kUsedAlone);
  EXPECT_EQ(alone.verdict.violation, ViolationClass::kWrongRead);
  EXPECT_EQ(alone.recorded.only_after_others, 0);
  // By itself a plan is run by a driver that has run no other one.
  EXPECT_TRUE(RunIn(*trial, empties, DrivenBy::kNew).verdict.held());
  EXPECT_TRUE(RunIn(*trial, {Put(2, 2)}, DrivenBy::kNew).verdict.held());
}

TEST_F(DrivenTrialTest, WhatANewDriverDoesWrongTooIsNotOfTheOthers) {
  const auto trial = TrialOf("forgetful_state");
  EXPECT_TRUE(RunIn(*trial, {}, DrivenBy::kUsed).verdict.held());
  const TrialResult result = RunIn(*trial, {Put(1, 1)}, DrivenBy::kUsed);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kWrongRead);
  EXPECT_EQ(result.verdict.why.find("other plans"), std::string::npos);
}

TEST_F(DrivenTrialTest, OneThatEndedIsStartedAgain) {
  const auto trial = TrialOf("dies_at_a_delete");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(RunIn(*trial, {Put(1, 1), Delete(1), Delete(2)}, DrivenBy::kUsed)
                  .verdict.violation,
              ViolationClass::kCrashed);
    EXPECT_TRUE(
        RunIn(*trial, {Put(1, 1), Delete(1)}, DrivenBy::kUsed).verdict.held());
  }
}

// What is no answer is an error, whoever shows it.
TEST_F(DrivenTrialTest, WhatAUsedDriverSaysTooMuchIsNotPassedOver) {
  const auto trial = TrialOf("says_more_later");
  EXPECT_TRUE(RunIn(*trial, {Put(1, 1)}, DrivenBy::kUsed).verdict.held());
  const auto result = trial->Run(PlanOf({Put(1, 1)}), "", DrivenBy::kUsed);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(result.status().message(),
              AllOf(HasSubstr("answers request 77"),
                    HasSubstr("a new driver does not")));
}

// The recoverer is a child of the same process: its end is waited for, too.
TEST_F(DrivenTrialTest, AChildThatGoesOnForItsParentMayEnd) {
  const auto trial = TrialOf("leaves_its_child");
  int crashed = 0;
  for (int i = 0; i < 4; ++i) {
    const TrialResult result = RunIn(*trial, {Put(1, 1)}, DrivenBy::kUsed);
    // A new one, whose first process stays, holds it.
    if (result.verdict.held()) continue;
    EXPECT_EQ(result.verdict.violation, ViolationClass::kCrashed);
    EXPECT_EQ(result.recorded.only_after_others, 1);
    ++crashed;
  }
  EXPECT_GT(crashed, 0);
}

// ---- several clients ----

TEST_F(DrivenTrialTest, SeveralDriversTakeTurns) {
  options_.clients = 3;
  const std::vector<Step> steps = {
      Put(1, 1),
      Of(1, {.kind = StepKind::kOpen}),
      Of(1, Put(1, 2)),
      Of(2, {.kind = StepKind::kOpen}),
      Of(2, StepOf(pairs::Make(pairs::Kind::kGet, {.key = 1}))),
      Of(1, {.kind = StepKind::kClose}),
      Of(2, Put(1, 3)),
      Of(2, {.kind = StepKind::kClose})};
  const auto trial = TrialOf("sound_of_several");
  for (int i = 0; i < 3; ++i) {
    const TrialResult result = RunIn(*trial, steps, DrivenBy::kUsed);
    EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
    EXPECT_EQ(result.recorded.answers, 1);
    EXPECT_GT(result.recorded.kills_recovered, 10);
  }
  // The same trial also runs plans with fewer.
  EXPECT_TRUE(RunIn(*trial, {Put(1, 1)}, DrivenBy::kUsed).verdict.held());
}

TEST_F(DrivenTrialTest, WhatAnotherClientHasPutIsSeen) {
  options_.clients = 2;
  const Step get = StepOf(pairs::Make(pairs::Kind::kGet, {.key = 1}));
  const TrialResult result =
      Run("remembers_values",
          {Put(1, 1), Of(1, {.kind = StepKind::kOpen}), Of(1, Put(1, 2)), get,
           Of(1, {.kind = StepKind::kClose})});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kWrongAnswer);
  EXPECT_THAT(result.verdict.why, HasSubstr("step 4, client 0: get"));
}

// Whoever closes it removes the WAL, which the other one still has open.
TEST_F(DrivenTrialTest, AWalThatIsClearedAwayTakesCommitsWithIt) {
  options_.clients = 2;
  const TrialResult result =
      Run("clears_away", {Of(1, {.kind = StepKind::kOpen}), Of(1, Put(0, 1)),
                          Of(1, {.kind = StepKind::kClose})});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kLostCommit)
      << result.verdict.why;
}

// Nobody waits for the others' answers.
TEST_F(DrivenTrialTest, WhenOneOfSeveralEndsAllDo) {
  options_.clients = 2;
  const TrialResult result =
      Run("ends_alone", {Put(1, 1), Of(1, {.kind = StepKind::kOpen}),
                         Of(1, Delete(1)), Of(1, {.kind = StepKind::kClose})});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kCrashed);
  EXPECT_THAT(result.verdict.why, AllOf(HasSubstr("step 3, client 1: delete"),
                                        HasSubstr("no room for one more")));
}

// Its call is the recording's, too.
TEST_F(DrivenTrialTest, WhatIsUnderWayWhenOneEndsIsRecorded) {
  options_.clients = 2;
  const auto trial = TrialOf("ends_at_its_start");
  for (int i = 0; i < 12; ++i) {
    const TrialResult result =
        RunIn(*trial,
              {Put(1, 1), Of(1, {.kind = StepKind::kOpen}),
               Of(1, {.kind = StepKind::kClose})},
              DrivenBy::kNew);
    EXPECT_EQ(result.verdict.violation, ViolationClass::kCrashed)
        << result.verdict.why;
  }
}

// What shows only where requests overlap, in generated plans of two clients.
class OverlapTest : public DrivenTrialTest {
 protected:
  void SetUp() override {
    DrivenTrialTest::SetUp();
    options_.clients = 2;
    generate_.saver = "planted";
    generate_.engine = EngineChoice::kRecord;
    generate_.clients = {2, 2};
    for (int kind = 0; kind < kStepKinds; ++kind) {
      const auto step = static_cast<StepKind>(kind);
      if (step != StepKind::kOpen && step != StepKind::kClose &&
          step != StepKind::kReopen && step != StepKind::kRead &&
          step != StepKind::kChange && step != StepKind::kQuery) {
        generate_.lacks.push_back(step);
      }
    }
  }

  // The first violation within so many plans; what was counted until then.
  TrialResult Look(const std::string& bug, std::uint64_t plans,
                   const Vocabulary& dialect = pairs::kVocabulary,
                   const std::string& program = "planted") {
    generate_.dialect = &dialect;
    const auto trial = TrialOf(bug, program);
    TrialResult sum;
    for (std::uint64_t i = 0; i < plans && !sum.verdict.violation; ++i) {
      const auto result =
          trial->Run(PlanAt({1, i}, generate_), keep_, DrivenBy::kUsed);
      EXPECT_TRUE(result.ok()) << result.status();
      if (!result.ok()) break;
      sum.verdict = result->verdict;
      sum.refusals += result->refusals;
      sum.commits_in_turn += result->commits_in_turn;
      sum.switches.insert(sum.switches.end(), result->switches.begin(),
                          result->switches.end());
      sum.recorded.overlaps += result->recorded.overlaps;
      for (const RoundFacts& facts : result->rounds) {
        deaths_ += facts.has_death ? 1 : 0;
      }
    }
    return sum;
  }

  GenerateOptions generate_;
  int deaths_ = 0;
};

TEST_F(OverlapTest, WhoLooksBetweenTwoTransactionsIsAnswered) {
  const TrialResult result = Look("shows_a_gap", 30);
  EXPECT_TRUE(result.verdict.violation == ViolationClass::kWrongRead ||
              result.verdict.violation == ViolationClass::kWrongAnswer)
      << result.verdict.why;
  EXPECT_THAT(result.verdict.why, HasSubstr("in no order of what overlapped"));
}

TEST_F(OverlapTest, WhatWasRefusedIsNotDone) {
  const TrialResult result = Look("takes_busy_for_done", 30);
  EXPECT_TRUE(result.verdict.violation.has_value());
  EXPECT_THAT(result.verdict.why, HasSubstr("in no order of what overlapped"));
}

TEST_F(OverlapTest, WhoIsKilledAloneLeavesAMark) {
  const TrialResult result = Look("marks_its_work", 30);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kWrongAnswer);
  EXPECT_THAT(result.verdict.why, HasSubstr("another process is at work"));
  EXPECT_GT(deaths_, 0);
}

TEST_F(OverlapTest, TwoWorkersDoNotGetOneJob) {
  generate_.lacks_operations = {&queue::SpecOf(queue::Kind::kClaimWaiting),
                                &queue::SpecOf(queue::Kind::kRequeue)};
  const TrialResult result =
      Look("claims_unchecked", 40, queue::kVocabulary, "planted_queue");
  EXPECT_EQ(result.verdict.violation, ViolationClass::kWrongAnswer);
  EXPECT_THAT(result.verdict.why,
              AllOf(HasSubstr("claim by"), HasSubstr("in no order")));
}

TEST_F(OverlapTest, WhoWaitsInItsOwnWayLetsOthersGoOn) {
  const TrialResult result = Look("waits_by_select", 10);
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_GT(result.recorded.overlaps, 20);
}

// A thread that has nothing to do with the store makes no difference.
TEST_F(OverlapTest, WhoOnlySleepsKeepsTheTurn) {
  const TrialResult first = Look("has_a_ticker", 5);
  const TrialResult second = Look("sound_of_several", 5);
  EXPECT_TRUE(first.verdict.held()) << first.verdict.why;
  EXPECT_GT(first.switches.size(), 10u);
  EXPECT_EQ(first.switches.size(), second.switches.size());
  EXPECT_EQ(first.commits_in_turn, second.commits_in_turn);
}

TEST_F(OverlapTest, BusyIsAnAnswer) {
  const TrialResult result = Look("says_busy", 20);
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_GT(result.refusals, 0);
  EXPECT_GT(result.recorded.overlaps, 20);
  EXPECT_GT(deaths_, 0);
}

// A kill at its first call that changes a file; the other one goes on, and what
// was under way is not there.
TEST_F(OverlapTest, OneIsKilledAndTheOtherGoesOn) {
  Step put = Of(1, Put(1, 2));
  put.crash = CrashPoint{.io = 1, .is_of_one = true};
  const Step get = StepOf(pairs::Make(pairs::Kind::kGet, {.key = 1}));
  const TrialResult result = Run(
      "sound_of_several", {Put(1, 1), Of(1, {.kind = StepKind::kOpen}), put,
                           get, Put(2, 3), Of(1, {.kind = StepKind::kClose})});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  ASSERT_EQ(result.rounds.size(), 1u);
  EXPECT_TRUE(result.rounds[0].has_death);
  EXPECT_EQ(result.rounds[0].death.step, 3u);
  EXPECT_EQ(result.commits, 3);  // the first is that of the schema
  EXPECT_EQ(result.recorded.answers, 1);
}

// ---- operations without a model ----

class OwnTrialTest : public DrivenTrialTest {
 protected:
  TrialResult RunOwn(const std::string& bug, int deposits, int seeds = 100) {
    const auto trial = TrialOf(bug, "planted_own");
    const auto hello =
        AskHello({DriverInPython(python_, DRIVERS, "planted_own", bug),
                  directory_.path()});
    EXPECT_TRUE(hello.ok()) << hello.status();
    std::vector<Step> steps;
    for (int i = 0; i < deposits; ++i) {
      Operation deposit(*hello->dialect->FindOperation("deposit"));
      deposit.content = {20, static_cast<std::uint64_t>(i % seeds) + 1};
      steps.push_back(StepOf(deposit));
    }
    Plan plan = PlanOf(std::move(steps));
    plan.dialect = hello->dialect;
    const auto result = trial->Run(plan, keep_, DrivenBy::kNew);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(TrialResult());
  }
};

TEST_F(OwnTrialTest, TheStoreIsComparedWithWhatItHeldAfterItsCommits) {
  const TrialResult result = RunOwn("sound", 3);
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_EQ(result.recorded.answers, 0);
  EXPECT_EQ(result.recorded.states, 0);
  EXPECT_EQ(result.recorded.not_compared, 7);
  // The new file, the tables, three deposits.
  EXPECT_GE(result.recorded.references, 4);
  EXPECT_LE(result.recorded.references, 7);
  EXPECT_GT(result.recorded.commits_in_doubt, 0);
  EXPECT_GT(result.recorded.kills_recovered, 5);
}

// One stores nothing, a later one with the same seed does.
TEST_F(OwnTrialTest, WhatTwoOperationsHaveIsNobodysOwn) {
  const TrialResult result = RunOwn("stores_every_other", 2, /*seeds=*/1);
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_EQ(result.recorded.done, 2);
}

// A value that comes into the database after its operation was answered.
TEST_F(OwnTrialTest, WhatIsAnsweredBeforeItIsCommittedIsLost) {
  const TrialResult result = RunOwn("answers_first", 2);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(result.verdict.why,
              HasSubstr("comes into the database only later"));
}

TEST_F(OwnTrialTest, AnEarlierCommitThanTheAcknowledgedOneIsLost) {
  const TrialResult result = RunOwn("forgets_the_wal", 2);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kLostCommit);
  EXPECT_THAT(result.verdict.why, HasSubstr("at an earlier commit"));
}

TEST_F(OwnTrialTest, WhatItNeverHeldIsNoCommit) {
  options_.promises_power = true;
  const TrialResult result = RunOwn("half_in_a_file", 2);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kNotACut);
  EXPECT_THAT(result.verdict.why, HasSubstr("of no copy of what it held"));
}

// Elsewhere, and by a process that has done other things, it may go wrong: then
// it is tried in place, as the crash is.
TEST_F(OwnTrialTest, WhatACopyIsSaidToBeIsTriedInPlace) {
  const TrialResult result = RunOwn("knows_its_place", 1);
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
}

// A wait is said to be one.
TEST_F(OwnTrialTest, OfACopyOverWhichItHangsThatIsSaid) {
  options_.time = absl::Seconds(1);
  const TrialResult result = RunOwn("waits_for_its_wal", 3);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kHung)
      << result.verdict.why;
  EXPECT_THAT(result.verdict.why, HasSubstr("a copy of what it held after"));
}

// It does not open what was closed well.
TEST_F(OwnTrialTest, ACopyHasToOpen) {
  const TrialResult result = RunOwn("needs_its_wal", 1);
  EXPECT_EQ(result.verdict.violation, ViolationClass::kOpenFailed);
  EXPECT_THAT(result.verdict.why, HasSubstr("a copy of what it held after"));
}

TEST_F(DrivenTrialTest, ImagesOverWhichADriverEndsAreRecoveredByNewOnes) {
  const TrialResult result =
      Run("ends_with_its_third_store", {Put(1, 1), Put(2, 2)});
  EXPECT_TRUE(result.verdict.held()) << result.verdict.why;
  EXPECT_GT(result.recorded.only_elsewhere, 2);
  EXPECT_GT(result.recorded.kills_recovered,
            2 * result.recorded.only_elsewhere);
}

TEST_F(DrivenTrialTest, KeepsTheCrashAsItWasAndTheRecording) {
  keep_ = directory_.Path("kept");
  const TrialResult result = Run("empty_after_a_crash", {Put(1, 1)});
  EXPECT_EQ(result.verdict.violation, ViolationClass::kLostCommit);
  EXPECT_NE(directory_.Get("kept/recording"), "");
  EXPECT_NE(directory_.Get("kept/crash/store.db-wal"), "");
}

}  // namespace
}  // namespace lastcommit::driven
