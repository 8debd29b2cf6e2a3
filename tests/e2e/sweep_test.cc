#include <signal.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

// Which calls SQLite makes differs between versions.
constexpr int kVersionOfGoldenFiles = 3040001;

class CorpusPlanTest : public ProgramTest {
 protected:
  CorpusPlanTest() {
    for (const char* name : {kVacuum, kFailedSync, kWalSwitch}) {
      std::filesystem::copy_file(std::string(REPOSITORY "/corpus/") + name,
                                 directory_.Path(name));
    }
    directory_.Put("fork.plan", PlanKilledInCommit(kHonest, "held"));
  }
  static std::string DrivenPlan(const std::string& dialect) {
    return R"({"lastcommit":2,"saver":"a-driver","dialect":")" + dialect +
           R"(",)"
           R"("engine":"record","profile":{"journal_mode":"wal",)"
           R"("synchronous":"full","page_size":4096,"cache_size":0,)"
           R"("wal_autocheckpoint":1000},"expect":"held"}
{"step":"open"}
{"step":"close"}
)";
  }
  static void ExpectGoldenOfOneVersion(const std::string& name,
                                       const Outcome& outcome) {
    if (sqlite3_libversion_number() != kVersionOfGoldenFiles) return;
    ExpectGoldenOutput(name, outcome);
  }

  static constexpr char kVacuum[] = "vacuum-power-loss.plan";
  static constexpr char kFailedSync[] =
      "journal-end-lost-after-failed-sync.plan";
  static constexpr char kWalSwitch[] = "wal-switch-normal.plan";
};

class SweepTest : public CorpusPlanTest {};

TEST_F(SweepTest, APlanThatHoldsAtEachCrashPointExitsWithZero) {
  const Outcome outcome =
      Run({"sweep", kWalSwitch, "--random=2", "--json=sweep.json",
           "--junit=sweep.xml", "--html=sweep.html"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  ExpectGoldenOfOneVersion("sweep_held.txt", outcome);
  const auto json = nlohmann::json::parse(directory_.Get("sweep.json"));
  EXPECT_EQ(json.at("outcome"), "HELD");
  EXPECT_EQ(json.at("total").at("crash_points"), json.at("crash_points"));
  EXPECT_THAT(directory_.Get("sweep.xml"),
              HasSubstr("tests=\"1\" failures=\"0\" errors=\"0\""));
  EXPECT_THAT(directory_.Get("sweep.html"),
              AllOf(HasSubstr(">HELD</h1>"), HasSubstr("<td class=\"good\">"),
                    Not(HasSubstr("<td class=\"bad\">"))));
}

TEST_F(SweepTest, OneThatIsViolatedSomewhereIsKeptWithWhatWasLost) {
  const Outcome outcome =
      Run({"sweep", kVacuum, "--random=0", "--changes=2", "--html=sweep.html"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "");
  ExpectGoldenOfOneVersion("sweep_violated.txt", outcome);
  EXPECT_THAT(
      directory_.Get("sweep.html"),
      AllOf(HasSubstr(">VIOLATED</h1>"),
            ContainsRegex("<td class=\"bad\">[0-9]+ of [0-9]+ violated")));
  const std::filesystem::path damaged = directory_.Path("findings/damaged");
  ASSERT_TRUE(std::filesystem::exists(damaged));
  const std::string kept =
      std::filesystem::directory_iterator(damaged)->path().string();
  EXPECT_EQ(Run({"replay", "--expect", kept + "/violated.plan"}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(kept + "/round-1/state.db"));
  std::ifstream story(kept + "/story.txt");
  std::string line;
  std::getline(story, line);
  EXPECT_EQ(line, "VIOLATED violated(damaged)");
}

TEST_F(SweepTest, WhoIsInterruptedPrintsWhatItHas) {
  Program program(directory_.path(), {"sweep", kVacuum});
  program.ReadLine();
  kill(program.pid(), SIGINT);
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(LastLine(outcome), StartsWith("interrupted, NOT EXERCISED: "));
}

TEST_F(SweepTest, ALimitOfImagesExitsWithFour) {
  const Outcome outcome = Run({"sweep", kWalSwitch, "--most=10"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(LastLine(outcome),
              StartsWith("NOT EXERCISED: 10 images held, 0 violated, 0 not "
                         "judged, without a demand; "));
}

// Without a single sync nothing is promised.
TEST_F(SweepTest, WhatIsDemandedOfNothingIsNotHeld) {
  std::string plan = directory_.Get(kWalSwitch);
  const std::string normal = "\"synchronous\":\"normal\"";
  plan.replace(plan.find(normal), normal.size(), "\"synchronous\":\"off\"");
  directory_.Put("off.plan", plan);
  const Outcome outcome = Run({"sweep", "off.plan", "--random=2"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(LastLine(outcome),
              MatchesRegex("HELD: [0-9]+ images held, 0 violated, [1-9][0-9]+ "
                           "not judged, without a demand, of these [0-9]+ "
                           "damaged; .*\n"));
}

TEST_F(SweepTest, WhatCannotBeSweptIsRefusedBeforeAnythingRuns) {
  ExpectError(Run({"sweep", "fork.plan"}), 2,
              "only plans for the engine sim can be swept: \"engine\":\"sim\" "
              "in the header");
  ExpectError(Run({"sweep", kVacuum, "--round=2"}), 2,
              "there is no round 2: the plan has 1");
  // Also of operations of its own, which nobody has told.
  for (const char* dialect : {"pairs", "own-12345678"}) {
    directory_.Put("driven.plan", DrivenPlan(dialect));
    ExpectError(Run({"sweep", "driven.plan"}), 2,
                "a plan of a driver is not swept: each run of it is crashed "
                "everywhere");
  }
  EXPECT_THAT(directory_.Names(),
              ElementsAre("driven.plan", "fork.plan", kFailedSync, kVacuum,
                          kWalSwitch));
}

class BlameTest : public CorpusPlanTest {};

TEST_F(BlameTest, NamesTheEntryOfTheDirectoryThatWasLost) {
  const Outcome outcome = Run({"blame", kVacuum, "-o", "minimal.plan"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out,
              HasSubstr("lost: directory entry of state.db-journal (deleted)"));
  ExpectGoldenOfOneVersion("blame.txt", outcome);
  EXPECT_EQ(Run({"replay", "--expect", "minimal.plan"}).exit_code, 0);
}

TEST_F(BlameTest, NamesWhatOfTheJournalWasTorn) {
  if (sqlite3_libversion_number() != kVersionOfGoldenFiles) {
    GTEST_SKIP() << "the plan is for another SQLite";
  }
  const Outcome outcome = Run({"blame", kFailedSync});
  EXPECT_EQ(outcome.exit_code, 1);
  ExpectGoldenOutput("blame_torn.txt", outcome);
}

TEST_F(BlameTest, APlanThatHoldsHasNothingToBlame) {
  const Outcome outcome = Run({"blame", kWalSwitch});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(LastLine(outcome), "nothing to blame: held\n");
}

TEST_F(BlameTest, WhatLosesNoPowerIsRefused) {
  ExpectError(Run({"blame", "fork.plan"}), 2,
              "only a plan for the engine sim says what a loss of power takes: "
              "\"engine\":\"sim\" in the header");
  directory_.Put("driven.plan", DrivenPlan("pairs"));
  ExpectError(Run({"blame", "driven.plan"}), 2,
              "the story of a driver's plan says already what a loss of power "
              "takes");
  std::string killed = directory_.Get(kVacuum);
  const std::string survival = R"(,"survive":"chosen","directory":0)";
  killed.erase(killed.find(survival), survival.size());
  directory_.Put("killed.plan", killed);
  ExpectError(Run({"blame", "killed.plan"}), 2,
              "the last crash of the plan is a kill, which takes nothing");
}

TEST_F(BlameTest, WhereItCannotBeWrittenIsSaidBeforeAnyTrial) {
  ExpectError(Run({"blame", kVacuum, "-o", "none/minimal.plan"}), 2,
              "none/minimal.plan: cannot create a file in its directory: No "
              "such file or directory");
}

}  // namespace
}  // namespace lastcommit
