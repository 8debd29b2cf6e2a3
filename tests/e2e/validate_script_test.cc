#include <sys/stat.h>

#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class ValidateScriptTest : public ProgramTest {
 protected:
  ValidateScriptTest() {
    setenv("LASTCOMMIT_TRIALS", "300", /*overwrite=*/1);
    setenv("TMPDIR", work_.path().c_str(), /*overwrite=*/1);
  }
  void TearDown() override { unsetenv("TMPDIR"); }
  Outcome Validate(const Arguments& arguments) {
    return RunScript("scripts/validate_sqlite_integrity.sh", arguments);
  }

  const Directory work_;
};

TEST_F(ValidateScriptTest, ACycleOfCrashAndRecoveryIsOk) {
  const Outcome outcome = Validate({});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(LastLine(outcome),
              MatchesRegex("OK: 300 trials in .* judged .*; the planted "
                           "bug and the damage were seen\n"));
  EXPECT_THAT(work_.Names(), testing::IsEmpty());
}

// Calls the real program, but answers one of its questions by itself.
class LyingProgramTest : public ValidateScriptTest {
 protected:
  Outcome ValidateWhere(const std::string& arguments, int exit_code) {
    directory_.Put("lying", "#!/bin/sh\ncase \"$*\" in " + arguments +
                                ") exit " + std::to_string(exit_code) +
                                ";; esac\nexec " PROGRAM " \"$@\"\n");
    chmod(directory_.Path("lying").c_str(), 0700);
    setenv("LASTCOMMIT_PROGRAM", directory_.Path("lying").c_str(), 1);
    return Program(directory_.path(),
                   REPOSITORY "/scripts/validate_sqlite_integrity.sh", {})
        .Wait();
  }
};

TEST_F(LyingProgramTest, ATesterThatCatchesNothingIsNoTester) {
  const Outcome outcome = ValidateWhere("*planted*|*--trials=300*", 0);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(LastLine(outcome), "CANNOT CHECK: a planted bug was not caught\n");
}

TEST_F(LyingProgramTest, ACheckThatSeesNoDamageIsNoCheck) {
  const Outcome outcome = ValidateWhere("*damaged.db|*--trials=300*", 0);
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(LastLine(outcome),
            "CANNOT CHECK: a damaged database was called intact\n");
}

TEST_F(LyingProgramTest, ASaverThatLosesCommitsIsViolated) {
  const Outcome outcome = ValidateWhere("*--trials=300*", 1);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(LastLine(outcome), StartsWith("VIOLATED: the saver"));
}

TEST_F(LyingProgramTest, ARunThatExercisedNothingIsNotOk) {
  const Outcome outcome = ValidateWhere("*--trials=300*", 4);
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(LastLine(outcome), EndsWith("not exercised\n"));
}

TEST_F(ValidateScriptTest, ADatabaseIsVerifiedWhereTheCallerIs) {
  directory_.Put("a.plan", PlanKilledInCommit(kHonest, "held"));
  ASSERT_EQ(Run({"replay", "a.plan", "--keep=kept"}).exit_code, 0);
  const Outcome outcome = Validate({"kept/round-1/state.db"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(LastLine(outcome), StartsWith("OK: kept/round-1/state.db: "));
}

TEST_F(ValidateScriptTest, BadInputExitsWithTwo) {
  for (const Arguments& arguments : {Arguments{"none"}, Arguments{"-x"},
                                     Arguments{"a", "b"}, Arguments{""}}) {
    EXPECT_EQ(Validate(arguments).exit_code, 2);
  }
}

}  // namespace
}  // namespace lastcommit
