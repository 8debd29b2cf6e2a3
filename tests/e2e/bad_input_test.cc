#include <cstdint>
#include <filesystem>
#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

struct BadPlan {
  std::string name;
  std::string good;  // a part of a good plan ...
  std::string bad;   // ... and what stands there instead
  std::string message;
};

class BadPlanTest : public ProgramTest,
                    public testing::WithParamInterface<BadPlan> {};

TEST_P(BadPlanTest, IsRefusedWithLineAndField) {
  std::string text = PlanKilledInCommit(kHonest, "held");
  const std::size_t at = text.find(GetParam().good);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, GetParam().good.size(), GetParam().bad);
  directory_.Put("bad.plan", text);
  for (const char* subcommand :
       {"replay", "show", "shrink", "sweep", "blame"}) {
    const Outcome outcome = Run({subcommand, "bad.plan"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err,
                HasSubstr("lastcommit: bad.plan:" + GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Plans, BadPlanTest,
    testing::Values(
        BadPlan{"WrongVersion", "\"lastcommit\":2", "\"lastcommit\":3",
                "1: lastcommit: 3 is not a known version (allowed 2)"},
        BadPlan{"NegativeSize", "\"size\":100", "\"size\":-1",
                "3: size: -1 is outside the limits (allowed 0 to 4194304)"},
        BadPlan{
            "SizeOfTwoToThe63", "\"size\":100", "\"size\":9223372036854775808",
            "3: size: 9223372036854775808 is outside the limits (allowed 0 to "
            "4194304)"},
        BadPlan{
            "CountOfTwoToThe63", "\"count\":3", "\"count\":9223372036854775808",
            "7: count: 9223372036854775808 is outside the limits (allowed 1 to "
            "1000)"},
        BadPlan{"UnknownField", "\"size\":100", "\"sise\":100",
                "3: sise: unknown field"},
        BadPlan{"UnknownStep", "\"step\":\"begin\"", "\"step\":\"bgin\"",
                "4: step: "},
        BadPlan{"UnknownFieldOfTheHeader", "\"saver\"", "\"server\"",
                "1: server: unknown field"},
        BadPlan{"InvalidUtf8", "\"step\":\"begin\"", "\"step\":\"\xff\xfe\"",
                "4: column "},
        BadPlan{"NoJson", "{\"step\":\"begin\"}", "begin", "4: column 1"},
        BadPlan{"CutOff", "{\"step\":\"close\"}\n", "{\"step\":\"clo",
                "8: plan: is cut off"}),
    [](const auto& test) { return test.param.name; });

class BadFileTest : public ProgramTest {
 protected:
  // A file of zeros, without the room for them.
  void PutHuge(const std::string& name, std::uintmax_t size) {
    directory_.Put(name, "");
    std::filesystem::resize_file(directory_.Path(name), size);
  }
};

TEST_F(BadFileTest, AMissingPlanIsRefused) {
  for (const char* subcommand : {"replay", "show", "shrink"}) {
    ExpectError(Run({subcommand, "none"}), 2,
                "none: cannot open: No such file or directory");
  }
}

TEST_F(BadFileTest, ADirectoryIsNoPlan) {
  ExpectError(Run({"replay", "."}), 2, ".: is a directory");
}

TEST_F(BadFileTest, AnEmptyFileIsNoPlan) {
  directory_.Put("empty", "");
  ExpectError(Run({"replay", "empty"}), 2, "empty:1: plan: the text is empty");
}

TEST_F(BadFileTest, ALineOfAHundredMegabytesIsRefusedUnread) {
  PutHuge("huge", 100'000'000);
  ExpectError(Run({"replay", "huge"}), 2,
              "huge: 100000000 bytes are too many (allowed 67108864)");
}

TEST_F(BadFileTest, ALongLineInAFileThatIsNotTooLongIsRefused) {
  PutHuge("long", 60'000'000);
  ExpectError(Run({"replay", "long"}), 2,
              "long:1: line: 60000000 bytes are too many (allowed 1048576)");
}

TEST_F(BadFileTest, ANameWithControlCharactersIsEscaped) {
  ExpectError(Run({"replay", "a\x1b[31m"}), 2,
              "a\\x1b[31m: cannot open: No such file or directory");
}

TEST_F(BadFileTest, AnUnknownSaverIsRefusedWithTheWayToTheOnesThereAre) {
  directory_.Put("a.plan", PlanKilledInCommit("none", "held"));
  for (const Arguments& arguments :
       {Arguments{"replay", "a.plan"}, Arguments{"shrink", "a.plan"},
        Arguments{"fuzz", "--saver=none"}}) {
    ExpectError(Run(arguments), 2,
                "there is no saver named \"none\"; "
                "`lastcommit savers` lists them all");
  }
}

TEST_F(BadFileTest, AMistypedSaverIsRefusedWithTheNearestOnes) {
  ExpectError(Run({"fuzz", "--saver=sqlit"}), 2,
              "there is no saver named \"sqlit\"; did you mean sqlite, "
              "sqlite-stranger, sqlite-undefended? "
              "`lastcommit savers` lists them all");
}

TEST_F(BadFileTest, APlanForAnUnknownSaverCanBeShown) {
  directory_.Put("a.plan", PlanKilledInCommit("none", "held"));
  EXPECT_EQ(Run({"show", "a.plan"}).exit_code, 0);
}

class BadDirectoryTest : public ProgramTest {
 protected:
  BadDirectoryTest() {
    directory_.Put("a.plan", PlanKilledInCommit(kHonest, "held"));
    directory_.Put("file", "");
  }
};

TEST_F(BadDirectoryTest, AFileInPlaceOfTheFindingsIsRefused) {
  ExpectError(Run({"fuzz", "--trials=1", "--findings=file"}), 2,
              "cannot make the directory file: Not a directory");
}

TEST_F(BadDirectoryTest, FindingsThatCannotBeWrittenAreRefused) {
  Directory read_only;
  const std::string reason = read_only.MountTmpfs("ro");
  if (!reason.empty()) GTEST_SKIP() << reason;
  ExpectError(
      Run({"fuzz", "--trials=1", "--findings=" + read_only.path()}), 2,
      "the directory for findings cannot be written: " + read_only.path());
}

TEST_F(BadDirectoryTest, AMissingTrialDirectoryIsRefused) {
  const std::string message =
      "cannot make a directory for trials in none: No such file or directory";
  ExpectError(Run({"fuzz", "--trials=1", "--dir=none"}), 2, message);
  ExpectError(Run({"replay", "a.plan", "--dir=none"}), 2, message);
}

TEST_F(BadDirectoryTest, AJsonFileThatCannotBeWrittenIsRefusedBeforeTheRun) {
  ExpectError(Run({"fuzz", "--seconds=600", "--json=none/a.json"}), 2,
              "cannot write none/a.json: No such file or directory");
  ExpectError(Run({"fuzz", "--seconds=600", "--json=."}), 2,
              "cannot write .: Is a directory");
}

TEST_F(BadDirectoryTest, AFullTrialDirectoryEndsTheRunAsFailed) {
  Directory small;
  const std::string reason = small.MountTmpfs("size=300k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const Outcome outcome =
      Run({"fuzz", "--trials=1000", "--dir=" + small.path()});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("the file system of " + small.path()));
  EXPECT_THAT(outcome.err, HasSubstr(" is full\n"));
  EXPECT_THAT(small.Names(), testing::IsEmpty());
}

TEST_F(BadDirectoryTest, AFullTrialDirectoryIsNoVerdictOnAPlan) {
  Directory small;
  const std::string reason = small.MountTmpfs("size=300k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const Outcome outcome = Run({"replay", "a.plan", "--dir=" + small.path()});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr(" is full\n"));
}

}  // namespace
}  // namespace lastcommit
