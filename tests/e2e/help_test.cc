#include <string>

#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class HelpTest : public ProgramTest,
                 public testing::WithParamInterface<std::string> {};

TEST_P(HelpTest, TeachesTheSubcommand) {
  const Outcome outcome = Run({GetParam(), "--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  ExpectGoldenOutput("help_" + GetParam() + ".txt", outcome);
}

INSTANTIATE_TEST_SUITE_P(Subcommands, HelpTest,
                         testing::Values("fuzz", "campaign", "merge", "report",
                                         "compare", "nights", "replay",
                                         "shrink", "sweep", "blame", "show",
                                         "bugs", "savers", "verify", "try",
                                         "record", "judge", "init", "drive"),
                         [](const auto& test) { return test.param; });

class UsageTest : public ProgramTest {};

TEST_F(UsageTest, HelpTeachesTheProgram) {
  const Outcome outcome = Run({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  ExpectGoldenOutput("help.txt", outcome);
}

TEST_F(UsageTest, SaversAreListed) {
  const Outcome outcome = Run({"savers"});
  EXPECT_EQ(outcome.exit_code, 0);
  ExpectGoldenOutput("savers.txt", outcome);
}

TEST_F(UsageTest, KnownBugsOfSqliteAreListed) {
  const Outcome outcome = Run({"bugs"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\nwal-reset-race: "));
  EXPECT_THAT(
      outcome.out,
      HasSubstr("  versions   3.7.0 to 3.44.5, 3.45.0 to 3.50.6, 3.51.0 "
                "to 3.51.2\n"));
  EXPECT_THAT(outcome.out,
              HasSubstr("https://sqlite.org/wal.html#walresetbug\n"));
  // No fix is known of this one.
  EXPECT_THAT(
      outcome.out,
      HasSubstr("  versions   3.40.1 and later\n  this one   affected"));
}

TEST_F(UsageTest, WithoutASubcommandThereIsNothingToDo) {
  const Outcome outcome = Run({});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("subcommand is required"));
}

TEST_F(UsageTest, OfASubcommandThatIsNoneTheNearestIsNamed) {
  ExpectError(Run({"fuz"}), 2,
              "\"fuz\" is no subcommand; did you mean fuzz? `lastcommit "
              "--help` lists them all");
  ExpectError(Run({"--config", "a.toml", "camapign"}), 2,
              "\"camapign\" is no subcommand; did you mean campaign? "
              "`lastcommit --help` lists them all");
  ExpectError(
      Run({"none\nsuch"}), 2,
      "\"none\\nsuch\" is no subcommand; `lastcommit --help` lists them all");
}

TEST_F(UsageTest, OnATerminalTheVerdictHasAColourUnlessNobodyWantsIt) {
  const auto on_terminal = [this](const std::string& setting) {
    const std::string command =
        std::string(PROGRAM) + " fuzz --trials=4 --engine=sim --jobs=1";
    return Program(
               directory_.path(), "/usr/bin/env",
               {"TERM=xterm", setting, "script", "-qec", command, "/dev/null"})
        .Wait()
        .out;
  };
  EXPECT_THAT(on_terminal("NO_COLOR="),
              HasSubstr("\033[1;33mNOT EXERCISED\033[0m: 4 trials"));
  EXPECT_THAT(on_terminal("NO_COLOR=1"), Not(HasSubstr("\033[1;")));
  EXPECT_THAT(
      Run({"fuzz", "--trials=4", "--engine=sim", "--jobs=1"}).out,
      AllOf(HasSubstr("\nNOT EXERCISED: 4 trials"), Not(HasSubstr("\033"))));
}

TEST_F(UsageTest, AConfigFileSaysWhatAProjectAlwaysPasses) {
  directory_.Put("lastcommit.toml", "[fuzz]\nseed=77\ntrials=1\n");
  EXPECT_THAT(Run({"fuzz"}).out,
              testing::StartsWith("lastcommit fuzz: seed=77 "));
  EXPECT_THAT(Run({"fuzz", "--seed=5"}).out,
              testing::StartsWith("lastcommit fuzz: seed=5 "));
  directory_.Put("other.toml", "[fuzz]\nseed=78\ntrials=1\n");
  EXPECT_THAT(Run({"--config=other.toml", "fuzz"}).out,
              testing::StartsWith("lastcommit fuzz: seed=78 "));
}

TEST_F(UsageTest, WhatIsWrongInAConfigFileIsSaid) {
  directory_.Put("a.toml", "[fuzz]\nsed=77\n");
  ExpectError(Run({"--config=a.toml", "fuzz"}), 2,
              "a.toml: no option is fuzz.sed");
  directory_.Put("a.toml", "[fuzz]\nseed=\"x\"\n");
  EXPECT_THAT(Run({"--config=a.toml", "fuzz"}).err,
              HasSubstr("--seed: \"x\" is not a whole number from 0"));
  const Outcome outcome = Run({"--config=none.toml", "fuzz"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("none.toml"));
}

struct WrongUsage {
  std::string name;
  Arguments arguments;
  std::string message;
};

class WrongUsageTest : public ProgramTest,
                       public testing::WithParamInterface<WrongUsage> {};

TEST_P(WrongUsageTest, IsSaidWithExitCodeTwoBeforeAnythingRuns) {
  const Outcome outcome = Run(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().message));
  EXPECT_THAT(directory_.Names(), testing::IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Fuzz, WrongUsageTest,
    testing::Values(
        WrongUsage{"UnknownOption", {"fuzz", "--sed=1"}, "--sed=1"},
        WrongUsage{
            "UnknownFault",
            {"fuzz", "--fault=fire"},
            "--fault: fire not in {kill,timed-kill,power-loss,io-error,none,"
            "mixed}"},
        WrongUsage{"UnknownEngine",
                   {"fuzz", "--engine=steam"},
                   "--engine: steam not in {fork,sim,mixed}"},
        WrongUsage{"TimedKillOnASimulatedDisk",
                   {"fuzz", "--engine=sim", "--fault=timed-kill"},
                   "the fault timed-kill needs real time"},
        WrongUsage{"DiskThatLiesOfRealFiles",
                   {"fuzz", "--engine=fork", "--fault=power-loss",
                    "--saver=planted-wal-sync-dropped"},
                   "the saver planted-wal-sync-dropped runs on a disk that "
                   "lies, which only the engine sim has"},
        WrongUsage{"SaverThatNeedsRealFiles",
                   {"fuzz", "--engine=sim", "--saver=planted-blob-in-file"},
                   "the saver planted-blob-in-file uses files without "
                   "SQLite"},
        WrongUsage{"NoTrials",
                   {"fuzz", "--trials=0"},
                   "--trials: \"0\" is not a whole number from 1 to "},
        WrongUsage{"NegativeTrials",
                   {"fuzz", "--trials=-1"},
                   "--trials: \"-1\" is not a whole number from 1 to "},
        WrongUsage{"SeedThatIsTooBig",
                   {"fuzz", "--seed=18446744073709551616"},
                   "--seed: \"18446744073709551616\" is not a whole number "},
        WrongUsage{"NegativeSeed",
                   {"fuzz", "--seed=-1"},
                   "--seed: \"-1\" is not a whole number from 0 to "},
        WrongUsage{"NoTime",
                   {"fuzz", "--seconds=0"},
                   "--seconds: \"0\" is not a number above 0 "},
        WrongUsage{"EndlessTime",
                   {"fuzz", "--seconds=inf"},
                   "--seconds: \"inf\" is not a number above 0 "},
        WrongUsage{"NoNumberOfSeconds",
                   {"fuzz", "--seconds=nan"},
                   "--seconds: \"nan\" is not a number above 0 "},
        WrongUsage{"NoJobs", {"fuzz", "--jobs=0"}, "--jobs: "},
        WrongUsage{
            "NegativeStopAfter", {"fuzz", "--stop-after=-1"}, "--stop-after: "},
        WrongUsage{
            "NoRepetition", {"replay", "a.plan", "--repeat=0"}, "--repeat: "},
        WrongUsage{"NoImages", {"sweep", "a.plan", "--most=0"}, "--most: "},
        WrongUsage{"NoTrialsOfBlame",
                   {"blame", "a.plan", "--max-trials=0"},
                   "--max-trials: "},
        WrongUsage{"NoPlan", {"replay"}, "plan is required"},
        WrongUsage{"TwoPlans", {"show", "a.plan", "b.plan"}, "b.plan"}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace lastcommit
