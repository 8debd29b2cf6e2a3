#include "judge/reruns.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "judge/judge_fixture.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

class RerunTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "needs python3 with sqlite3";
    std::filesystem::create_directory(directory_.Path("empty"));
    std::filesystem::create_directory(directory_.Path("scratch"));
  }

  RerunOptions Reruns(const std::string& file, const std::string& program,
                      std::int64_t count,
                      RerunFault fault = RerunFault::kKill) {
    RerunOptions options;
    options.command = {python_, std::string(PROGRAMS) + file, program};
    options.count = count;
    options.fault = fault;
    options.directory = directory_.Path("empty");
    options.recording = Recording();
    options.scratch = directory_.Path("scratch");
    return options;
  }

  void RecordFirst(const RerunOptions& rerun) {
    RecordOptions options = OptionsFor(rerun.command);
    options.output = directory_.Path("output");
    const auto end = RecordWith(options);
    EXPECT_TRUE(end.ok()) << end.status();
  }
  // Records it once, and runs it again.
  RerunOutcome Run(const RerunOptions& options) {
    RecordFirst(options);
    const auto outcome =
        Rerun(options, [](const RerunOutcome&) { return true; });
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : RerunOutcome();
  }
};

// ---- Real kills ----

TEST_F(RerunTest, EachRealKillLeavesWhatItsRecordingSays) {
  const RerunOutcome outcome =
      Run(Reruns("mistakes.py", "wal_full", /*count=*/20));
  EXPECT_EQ(outcome.runs, 20);
  EXPECT_EQ(outcome.one_process, 0);
  EXPECT_EQ(outcome.violated, 0);
  EXPECT_EQ(outcome.exit_code(), ExitCode::kHeld);
  EXPECT_THAT(TextOf(outcome, ExitCode::kHeld),
              AllOf(HasSubstr("real kills: 20 of 20; each left what its own "
                              "recording says, byte for byte; nothing is lost"),
                    HasSubstr("HELD (with 20 real kills)\n")));
}

TEST_F(RerunTest, OfSeveralProcessesOneIsKilledNowAndThen) {
  const RerunOutcome outcome =
      Run(Reruns("disturbed.py", "four_at_once", /*count=*/20));
  EXPECT_EQ(outcome.runs + outcome.too_short, 20);
  EXPECT_GT(outcome.runs, 15);
  EXPECT_GT(outcome.one_process, 0);
  EXPECT_LT(outcome.one_process, outcome.runs);
  EXPECT_EQ(outcome.violated, 0) << TextOf(outcome, outcome.exit_code());
}

TEST_F(RerunTest, WhatARealKillShowsIsAViolation) {
  RerunOptions options = Reruns("mistakes.py", "journal_off", 10);
  options.kept = directory_.Path("kept");
  const RerunOutcome outcome = Run(options);
  EXPECT_GT(outcome.violated, 0);
  EXPECT_EQ(outcome.exit_code(), ExitCode::kViolated);
  ASSERT_TRUE(outcome.first.has_value());
  const std::string text = TextOf(outcome, ExitCode::kViolated);
  EXPECT_THAT(text, AllOf(HasSubstr(": all processes were killed "),
                          HasSubstr("\nafter a kill:          "),
                          HasSubstr("\nVIOLATED (with 10 real kills)\n")));
  EXPECT_EQ(outcome.kept, options.kept);
  const auto again = JudgeRecording(options.kept, {},
                                    [](const JudgeProgress&) { return true; });
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->exit_code(), ExitCode::kViolated);
  EXPECT_EQ(JsonOf(outcome).at("first").at("judgement").at("verdict"),
            "VIOLATED");
}

TEST_F(RerunTest, ARecordingThatIsInTheWayIsRefusedBeforeAnythingRuns) {
  RerunOptions options = Reruns("mistakes.py", "journal_off", 10);
  options.kept = directory_.Path("kept");
  directory_.Put("kept", "mine");
  RecordFirst(options);
  const auto outcome = Rerun(options, [](const RerunOutcome&) {
    ADD_FAILURE() << "it is run";
    return false;
  });
  EXPECT_THAT(outcome.status(), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(directory_.Get("kept"), "mine");
}

TEST_F(RerunTest, WhatARunWritesUnseenFailsTheTester) {
  const RerunOptions options = Reruns("disturbed.py", "writes_unseen", 20);
  RecordFirst(options);
  const auto outcome = Rerun(options, [](const RerunOutcome&) { return true; });
  EXPECT_THAT(outcome.status(), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(outcome.status().message(),
              AllOf(HasSubstr("run "), HasSubstr(" were killed "),
                    HasSubstr("file has other bytes from 0 on")));
}

TEST_F(RerunTest, TheCallsAreAFunctionOfTheSeed) {
  RerunOptions options = Reruns("mistakes.py", "journal_off", 6);
  const RerunOutcome one = Run(options);
  for (const std::string& made : {Recording(), directory_.Path("ack")}) {
    std::filesystem::remove(made);
  }
  std::filesystem::remove_all(Files());
  std::filesystem::create_directory(Files());
  const RerunOutcome same = Run(options);
  ASSERT_TRUE(one.first.has_value() && same.first.has_value());
  EXPECT_EQ(one.first->run, same.first->run);
  EXPECT_EQ(one.first->judgement.end.disturbed_at,
            same.first->judgement.end.disturbed_at);
}

TEST_F(RerunTest, RunsThatAreEndedAreNotExercised) {
  const RerunOptions options = Reruns("mistakes.py", "wal_full", 10);
  ASSERT_TRUE(Record(options.command).ok());
  const auto outcome = Rerun(options, [](const RerunOutcome& until_now) {
    return until_now.runs < 3;
  });
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->runs, 3);
  EXPECT_EQ(outcome->exit_code(), ExitCode::kNotExercised);
}

// ---- Calls that fail ----

class HonestProgramTest : public RerunTest,
                          public testing::WithParamInterface<std::string> {};

TEST_P(HonestProgramTest, IsAccusedOfNothingWhenACallFails) {
  const RerunOutcome outcome =
      Run(Reruns("disturbed.py", GetParam(), 30, RerunFault::kIoError));
  EXPECT_EQ(outcome.runs, 30);
  EXPECT_EQ(outcome.violated, 0) << TextOf(outcome, outcome.exit_code());
}

INSTANTIATE_TEST_SUITE_P(Each, HonestProgramTest,
                         testing::Values("says_that_it_failed",
                                         "goes_on_after_an_error"));

TEST_F(RerunTest, ACommitWhoseSyncFailedMayBeThere) {
  // The program prints its error: what it sees is without the commit.
  const RerunOutcome outcome =
      Run(Reruns("mistakes.py", "wal_full", 30, RerunFault::kIoError));
  EXPECT_EQ(outcome.runs, 30);
  EXPECT_EQ(outcome.violated, 0) << TextOf(outcome, outcome.exit_code());
}

TEST_F(RerunTest, AnErrorThatIsIgnoredAndAcknowledgedIsFound) {
  const RerunOutcome outcome =
      Run(Reruns("disturbed.py", "ignores_errors", 30, RerunFault::kIoError));
  EXPECT_GT(outcome.violated, 0);
  ASSERT_TRUE(outcome.first.has_value());
  EXPECT_THAT(TextOf(outcome, ExitCode::kViolated),
              AllOf(HasSubstr("does not hold what was acknowledged"),
                    AnyOf(HasSubstr(" fails with E"), HasSubstr(" writes "))));
}

}  // namespace
}  // namespace lastcommit
