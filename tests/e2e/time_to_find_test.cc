#include <sqlite3.h>
#include <sys/stat.h>

#include <string>

#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// https://sqlite.org/wal.html#walresetbug
bool HasWalResetRace(int version) {
  return version < 3'044'006 || (version >= 3'045'000 && version < 3'050'007) ||
         (version >= 3'051'000 && version < 3'051'003);
}

class TimeToFindTest : public ProgramTest {
 protected:
  Outcome TimeToFind(const Arguments& arguments) {
    return RunScript("scripts/time-to-find", arguments);
  }
};

TEST_F(TimeToFindTest, FindsTheRaceOfAnSqliteThatHasIt) {
  const Outcome outcome =
      TimeToFind({"--seeds=1", "--seconds=600", "--bug=wal-reset-race"});
  EXPECT_THAT(outcome.out,
              StartsWith(std::string("SQLite ") + sqlite3_libversion() + " ("));
  EXPECT_THAT(outcome.out, Not(HasSubstr("partial-rollback")));
  if (!HasWalResetRace(sqlite3_libversion_number())) {
    EXPECT_EQ(outcome.exit_code, 4);
    EXPECT_THAT(outcome.out, HasSubstr("| not in this SQLite |"));
    EXPECT_EQ(LastLine(outcome),
              "NOT FOUND: this SQLite does not have wal-reset-race\n");
    return;
  }
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(
      outcome.out,
      ContainsRegex("\n\\| wal-reset-race \\| `--engine=sim --clients=2 "
                    "--fault=none` \\| 1 of 1 \\| 0 \\| [1-9][0-9]* \\|"));
  EXPECT_THAT(LastLine(outcome), StartsWith("FOUND: "));
}

TEST_F(TimeToFindTest, BadArgumentsExitWithTwo) {
  for (const char* argument : {"--seeds=0", "--seeds=x", "--seconds=-1",
                               "--bug=vacuum-undone", "x", ""}) {
    EXPECT_EQ(TimeToFind({argument}).exit_code, 2) << argument;
  }
}

// With a program of the test's instead, which has both bugs. To `fuzz` it
// answers with a few lines of shell.
class TimesOfTest : public TimeToFindTest {
 protected:
  Outcome TimesOf(const std::string& fuzz, const Arguments& arguments) {
    directory_.Put("fake", R"(#!/bin/sh
if [ "$1" = bugs ]; then
  echo 'known bugs of SQLite; under test is SQLite 1.2.3 (x)'
  printf '\npartial-rollback: x\n  this one   affected\n'
  printf '\nwal-reset-race: x\n  this one   not affected\n'
  exit 0
fi
for argument; do
  case "$argument" in
    --seed=*) seed="${argument#*=}" ;;
    --json=*) json="${argument#*=}" ;;
  esac
done
# A run whose first finding came after that many trials, and looks like that.
found() {
  cat >"$json" <<END
{
  "likenesses": {
    "$2": 1
  },
  "seconds": 99,
  "seconds_to_first_finding": $1.5,
  "trials": 1000,
  "trials_to_first_finding": $1
}
END
  exit 1
}
nothing() {
  printf '{\n  "likenesses": {},\n  "trials": 1000\n}\n' >"$json"
  exit 0
}
)" + fuzz + "\n");
    chmod(directory_.Path("fake").c_str(), 0700);
    setenv("LASTCOMMIT_PROGRAM", directory_.Path("fake").c_str(), 1);
    return Program(directory_.path(), REPOSITORY "/scripts/time-to-find",
                   arguments)
        .Wait();
  }
};

TEST_F(TimesOfTest, TheMiddleTheLeastAndTheMostAreOfTheSeeds) {
  constexpr char kFound[] = "found $((seed * seed)) partial-rollback";
  const Outcome odd = TimesOf(kFound, {"--seeds=3", "--bug=partial-rollback"});
  EXPECT_EQ(odd.exit_code, 0) << odd.out << odd.err;
  EXPECT_THAT(odd.out, AllOf(StartsWith("SQLite 1.2.3 (x), seeds 1 to 3, "),
                             HasSubstr("| 3 of 3 | 0 | 4 | 1 | 9 | 4.50 | "
                                       "1.50 | 9.50 |\n")));
  const Outcome even = TimesOf(kFound, {"--seeds=4", "--bug=partial-rollback"});
  EXPECT_THAT(even.out, HasSubstr("| 4 of 4 | 0 | 6.5 | 1 | 16 | 7.00 | "
                                  "1.50 | 16.50 |\n"));
}

TEST_F(TimesOfTest, ASeedThatFoundNothingIsLongerThanAllOthers) {
  const Outcome outcome =
      TimesOf("[ $seed = 2 ] && nothing; found 7 partial-rollback",
              {"--seeds=3", "--bug=partial-rollback"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out, HasSubstr("| 2 of 3 | 0 | 7 | 7 | none | 7.50 | "
                                     "7.50 | none |\n"));
  EXPECT_THAT(outcome.err, HasSubstr("seed 2: nothing in 1000 trials\n"));
  EXPECT_EQ(LastLine(outcome),
            "NOT FOUND: 1 of 3 seeds did not find partial-rollback with "
            "--engine=fork --clients=1 --fault=kill; 1 of 3 seeds did not find "
            "partial-rollback with --engine=sim --clients=1 --fault=kill\n");
}

TEST_F(TimesOfTest, AnotherViolationIsNotThatBug) {
  const Outcome outcome =
      TimesOf("[ $seed = 1 ] && found 5 unknown; found 7 page-not-journaled",
              {"--seeds=2", "--bug=partial-rollback"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out,
              HasSubstr("| 0 of 2 | 2 | none | none | none | none | none | "
                        "none |\n"));
}

TEST_F(TimesOfTest, ABugThatTheSqliteDoesNotHaveIsNotFound) {
  const Outcome outcome = TimesOf("found 5 partial-rollback", {"--seeds=1"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out, HasSubstr("| 1 of 1 | 0 | 5 | "));
  EXPECT_THAT(outcome.out, ContainsRegex("\n\\| wal-reset-race \\|[^|]*\\| "
                                         "not in this SQLite \\|"));
}

TEST_F(TimesOfTest, ATesterThatFailsIsNoMeasurement) {
  const Outcome outcome =
      TimesOf("echo broken; exit 3", {"--seeds=1", "--bug=partial-rollback"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("broken\n"));
}

}  // namespace
}  // namespace lastcommit
