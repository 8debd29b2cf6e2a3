// Checks, recoveries and dumps of the user's, on what crashes leave.

#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "judge/judge_fixture.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class CheckTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "needs python3 with sqlite3";
    std::filesystem::create_directory(directory_.Path("scratch"));
    options_.check.scratch = directory_.Path("scratch");
    options_.check.jobs = 2;
    options_.check.images = 60;  // of some two hundred
  }

  // A function of checks.py, as a command.
  std::string Command(const std::string& name) const {
    return python_ + " " + PROGRAMS + "checks.py " + name;
  }
  Judgement JudgeMistake(const std::string& program) {
    return JudgeProgram("mistakes.py", program, options_);
  }
  absl::Status StatusOfMistake(const std::string& program) {
    const auto end =
        Record({python_, std::string(PROGRAMS) + "mistakes.py", program});
    EXPECT_TRUE(end.ok()) << end.status();
    return JudgeRecording(Recording(), options_,
                          [](const JudgeProgress&) { return true; })
        .status();
  }

  // "kill check_fails" of each finding.
  static std::vector<std::string> Found(const Judgement& judgement) {
    std::vector<std::string> found;
    const nlohmann::json json = JsonOf(judgement);
    for (const auto& finding : json.at("check").at("findings")) {
      found.push_back(finding.at("crash").get<std::string>() + " " +
                      finding.at("kind").get<std::string>());
    }
    return found;
  }

  JudgeOptions options_;
};

TEST_F(CheckTest, ARowBeforeItsFileIsFoundAfterAKill) {
  options_.check.check = Command("files");
  const Judgement judgement = JudgeMistake("row_before_its_file");
  EXPECT_THAT(Kills(judgement), IsEmpty());  // the database alone is right
  EXPECT_THAT(Found(judgement), ElementsAre("kill check_fails"));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
  EXPECT_THAT(TextOf(judgement),
              HasSubstr("after a kill:          --check fails: exit code 1 ("));
  EXPECT_THAT(TextOf(judgement), HasSubstr("its output: file0 is missing\n"));
}

TEST_F(CheckTest, AFileWithoutASyncIsFoundAfterALossOfPower) {
  options_.check.check = Command("files");
  const Judgement judgement = JudgeMistake("file_before_its_row");
  EXPECT_THAT(Found(judgement), ElementsAre("power check_fails"));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld);
  options_.promise = PromiseLevel::kPower;
  EXPECT_EQ(JudgeIt(options_).exit_code(), ExitCode::kViolated);
}

TEST_F(CheckTest, ASyncedFileBeforeItsRowHolds) {
  options_.check.check = Command("files");
  options_.check.dump = Command("names");
  options_.promise = PromiseLevel::kPower;
  const Judgement judgement = JudgeMistake("synced_file_before_its_row");
  EXPECT_THAT(Found(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld);
  EXPECT_EQ(judgement.check->kill_images, 30);
  EXPECT_EQ(judgement.check->power_images, 30);
}

TEST_F(CheckTest, WhatWasAcknowledgedIsThereForACheck) {
  options_.check.check = Command("acknowledged");
  EXPECT_THAT(Found(JudgeMistake("acknowledged_before_commit")),
              testing::Contains("kill check_fails"));
}

TEST_F(CheckTest, WhatWasAcknowledgedAfterItsCommitHolds) {
  options_.check.check = Command("acknowledged");
  options_.promise = PromiseLevel::kPower;
  const Judgement judgement = JudgeMistake("acknowledged_after_commit");
  EXPECT_THAT(Found(judgement), IsEmpty()) << TextOf(judgement);
}

TEST_F(CheckTest, EachImageHasADirectoryAndAnEnvironmentOfItsOwn) {
  options_.check.recover = Command("environment");
  options_.check.check = Command("private");
  EXPECT_THAT(Found(JudgeMistake("json_renamed")), IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(options_.check.scratch));
}

TEST_F(CheckTest, ARecoveryComesFirst) {
  options_.check.recover = Command("clean");
  options_.check.check = Command("files");
  EXPECT_THAT(Found(JudgeMistake("row_before_its_file")), IsEmpty());
}

TEST_F(CheckTest, ARecoveryThatFailsIsAViolation) {
  options_.check.recover = "test $LASTCOMMIT_CRASH = none";
  options_.check.check = "true";
  const Judgement judgement = JudgeMistake("json_renamed");
  EXPECT_THAT(Found(judgement), ElementsAre("kill recovery_fails"));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
}

// ---- Dumps ----

TEST_F(CheckTest, AFileThatIsRewrittenInPlaceIsFoundWithoutADatabase) {
  options_.check.dump = Command("state");
  const Judgement judgement = JudgeMistake("json_in_place");
  EXPECT_THAT(Found(judgement), ElementsAre("kill dump_fails"));
  EXPECT_EQ(judgement.exit_code(), ExitCode::kViolated);
  EXPECT_THAT(TextOf(judgement), Not(HasSubstr("nothing is lost")));
}

TEST_F(CheckTest, OneThatIsReplacedHolds) {
  options_.check.dump = Command("state");
  options_.promise = PromiseLevel::kPower;
  const Judgement judgement = JudgeMistake("json_renamed");
  EXPECT_THAT(Found(judgement), IsEmpty());
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld);
}

TEST_F(CheckTest, AStateThatNeverWasIsFoundAfterALossOfPower) {
  options_.check.dump = Command("names");
  const Judgement judgement = JudgeMistake("file_before_its_row");
  EXPECT_THAT(Found(judgement), ElementsAre("power other_state"));
  EXPECT_THAT(judgement.check->findings.at(0).how,
              HasSubstr("is \"file0 0\", and was "));
}

TEST_F(CheckTest, AStateOfBeforeThePromiseIsFoundAfterALossOfPower) {
  options_.check.dump = Command("names");
  const Judgement judgement = JudgeMistake("wal_normal");
  EXPECT_THAT(Found(judgement), testing::Contains("power other_state"));
}

TEST_F(CheckTest, ACommitBetweenTwoPromisesIsAStateUnlessTheyAreAtomic) {
  options_.check.dump = Command("table");
  EXPECT_THAT(Found(JudgeMistake("two_transactions_for_one_step")), IsEmpty());
  options_.timeline.atomic = true;
  EXPECT_THAT(Found(JudgeIt(options_)), testing::Contains("kill other_state"));
}

// ---- Commands that judge nothing ----

TEST_F(CheckTest, ACheckThatFailsWithoutACrashJudgesNothing) {
  options_.check.check = Command("fails");
  const absl::Status status = StatusOfMistake("json_renamed");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(status.message(),
            "--check fails on what the program left without a crash, so that "
            "it judges nothing: exit code 1: always");
}

TEST_F(CheckTest, ADumpThatIsNeverTheSameJudgesNothing) {
  options_.check.dump = Command("clock");
  const absl::Status status = StatusOfMistake("json_renamed");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("--dump puts out something else each time"));
}

// Whether a process has the environment of a command on an image.
bool IsAnyLeft(const std::string& scratch) {
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(process.path() / "environ");
    const std::string environment{std::istreambuf_iterator<char>(file), {}};
    if (environment.find("LASTCOMMIT_PRINTED=" + scratch) !=
        std::string::npos) {
      return true;
    }
  }
  return false;
}

TEST_F(CheckTest, ACommandThatNeverEndsIsKilledWithItsProcesses) {
  options_.check.check = Command("never_ends");
  options_.check.time = absl::Seconds(1);
  options_.check.images = 2;
  const Judgement judgement = JudgeMistake("json_renamed");
  EXPECT_THAT(Found(judgement), ElementsAre("kill check_fails"));
  EXPECT_EQ(judgement.check->findings.at(0).how, "no end within 1s");
  // They have got the signal; this waits until they are gone.
  while (IsAnyLeft(options_.check.scratch)) sched_yield();
}

TEST_F(CheckTest, ImagesAreBounded) {
  options_.check.check = "true";
  options_.check.images = 5;
  const Judgement judgement = JudgeMistake("file_before_its_row");
  EXPECT_EQ(judgement.check->kill_images, 3);
  EXPECT_EQ(judgement.check->power_images, 2);
  EXPECT_GT(judgement.check->not_checked, 100);
  EXPECT_THAT(TextOf(judgement), HasSubstr(" more (--check-images)\n"));
}

TEST_F(CheckTest, ACheckThatIsEndedIsNoVerdict) {
  options_.check.check = "true";
  ASSERT_TRUE(
      Record({python_, std::string(PROGRAMS) + "mistakes.py", "json_renamed"})
          .ok());
  const auto judgement =
      JudgeRecording(Recording(), options_, [](const JudgeProgress& until_now) {
        return until_now.phase != JudgePhase::kChecks;
      });
  ASSERT_TRUE(judgement.ok()) << judgement.status();
  EXPECT_EQ(judgement->exit_code(), ExitCode::kNotExercised);
}

TEST_F(CheckTest, ATextWithAllThatCanBeSaidIsShort) {
  Judgement judgement;
  judgement.states.Add({});
  judgement.check.emplace();
  judgement.check->not_checked = 1;
  judgement.check->ended_at = 1;
  judgement.end.outside = 1;
  judgement.power.skipped = judgement.power.unreadable = 1;
  for (std::size_t i = 0; i < 30; ++i) {
    judgement.timeline.databases.push_back({});
    PowerFinding finding;
    finding.database = i;
    judgement.power.findings.push_back(finding);
    judgement.power.side_files.push_back({"file"});
    KillFinding kill;
    kill.database = i;
    judgement.timeline.kills.push_back(kill);
    judgement.timeline.kill_counts.push_back(1);
    CheckFinding check;
    check.is_power = true;
    check.output = "why";
    judgement.check->findings.push_back(check);
  }
  const std::string text = TextOf(judgement);
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 20) << text;
}

}  // namespace
}  // namespace lastcommit
