#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Scripts that run in a build directory as ctest and they know it: with the
// program, and tests of our own.
class NightlyTest : public ProgramTest {
 protected:
  NightlyTest() {
    std::filesystem::create_directory(directory_.Path("build"));
    directory_.Put("build/lastcommit", "#!/bin/sh\nexec " PROGRAM " \"$@\"\n");
    std::filesystem::permissions(directory_.Path("build/lastcommit"),
                                 std::filesystem::perms::owner_all);
    setenv("LASTCOMMIT_BUILD", directory_.Path("build").c_str(), 1);
  }
  // What `ctest -R props` finds.
  void PutProperty(const std::string& command) {
    directory_.Put("build/CTestTestfile.cmake",
                   "add_test(props.one " + command + ")\n");
  }
  Outcome Nightly(const Arguments& arguments) {
    return RunScript("scripts/nightly", arguments);
  }
  // As few trials of a saver as can be held.
  Outcome Night(const Arguments& arguments, const std::string& saver) {
    Arguments all = {"1", "--dir=night", "--seed=3"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    all.insert(all.end(),
               {"--", "--saver=" + saver, "--fault=kill", "--engine=sim",
                "--clients=1", "--trials=300", "--shrunk-per-class=1"});
    return Nightly(all);
  }
};

TEST_F(NightlyTest, LeavesTheReportAndTheXmlOfTheProperties) {
  PutProperty(PROPS
              " --gtest_filter=Codec.PlanTextRoundTrips"
              " --gtest_output=xml:xml/one.xml");
  const Outcome outcome = Night({}, kHonest);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("nightly: seed 3, 1 hours, "),
                                 HasSubstr("\nHELD: 300 trials"),
                                 HasSubstr("\nproperties: 100% tests passed")));
  EXPECT_THAT(directory_.Get("night/report.md"), StartsWith("# HELD\n"));
  EXPECT_THAT(directory_.Get("night/properties.xml"), HasSubstr("props.one"));
  EXPECT_THAT(directory_.Get("night/properties/one.xml"),
              AllOf(HasSubstr("<testsuites"), HasSubstr("PlanTextRoundTrips")));
}

TEST_F(NightlyTest, AFractionOfAnHourHasANewSeedEachNight) {
  const auto seed = [&](const std::string& directory) {
    const Outcome outcome =
        Nightly({"0.0003", "--properties=none", "--dir=" + directory});
    EXPECT_EQ(outcome.exit_code, 4) << outcome.out << outcome.err;
    EXPECT_THAT(directory_.Get(directory + "/report.md"), StartsWith("# "));
    return outcome.out.substr(0, outcome.out.find(','));
  };
  const std::string first = seed("first");
  EXPECT_THAT(first, StartsWith("nightly: seed "));
  EXPECT_NE(first, seed("second"));
  EXPECT_EQ(first, seed("first"));
}

TEST_F(NightlyTest, AFindingIsItsExitCode) {
  PutProperty("true");
  const Outcome outcome = Night({}, kDishonest);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(directory_.Get("night/report.md"), StartsWith("# VIOLATED\n"));
}

TEST_F(NightlyTest, APropertyThatFailsIsNoQuietNight) {
  PutProperty("false");
  const Outcome outcome = Night({}, kHonest);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\nproperties: FAILED; see "));
  EXPECT_THAT(directory_.Get("night/report.md"),
              AllOf(StartsWith("# VIOLATED\n"), HasSubstr("props.one")));
}

// In the verdict of the campaign nothing failed.
TEST_F(NightlyTest, APropertyWithoutATrialFails) {
  PutProperty("env LASTCOMMIT_TRIALS=0 " PROPS
              " --gtest_filter=Kill.WithoutACrashEverythingHolds");
  const Outcome outcome = Night({}, kHonest);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("LASTCOMMIT_TRIALS is 0"));
}

TEST_F(NightlyTest, APropertyForWhichThereIsNoTimeDidNotPass) {
  PutProperty("sleep 600");
  const Outcome outcome =
      Nightly({"0.001", "--dir=night", "--seed=3", "--", "--fault=none"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\nproperties: not all were run"));
  EXPECT_THAT(
      directory_.Get("night/report.md"),
      AllOf(StartsWith("# NOT EXERCISED\n"), HasSubstr("not all were run")));
}

TEST_F(NightlyTest, NoPropertyIsNotAllProperties) {
  directory_.Put("build/CTestTestfile.cmake", "");
  EXPECT_EQ(Night({}, kHonest).exit_code, 4);
}

TEST_F(NightlyTest, ACampaignThatIsKilledIsAFailureOfTheTester) {
  for (const char* before : {"", "mkdir night; "}) {
    directory_.Put("build/lastcommit",
                   std::string("#!/bin/sh\n[ $1 = report ] && exit\n") +
                       before + "kill -9 $$\n");
    const Outcome outcome = Nightly({"1", "--dir=night", "--properties=none"});
    EXPECT_EQ(outcome.exit_code, 3) << outcome.out << outcome.err;
  }
}

class InterruptedNightTest : public NightlyTest,
                             public testing::WithParamInterface<int> {};

TEST_P(InterruptedNightTest, IsReported) {
  Program night(directory_.path(), REPOSITORY "/scripts/nightly",
                {"8", "--dir=night", "--properties=none"});
  EXPECT_THAT(night.ReadLine(), StartsWith("nightly: seed "));
  EXPECT_THAT(night.ReadLine(), StartsWith("lastcommit campaign: "));
  kill(night.pid(), GetParam());
  const Outcome outcome = night.Wait();
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("\ninterrupted, "));
  EXPECT_THAT(directory_.Get("night/report.md"), StartsWith("# "));
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptedNightTest,
                         testing::Values(SIGINT, SIGTERM));

TEST_F(NightlyTest, BadInputExitsWithTwoAndLeavesNothing) {
  for (const Arguments& arguments :
       {Arguments{"x"}, Arguments{"0"}, Arguments{"-1"}, Arguments{"1", "1"},
        Arguments{"--seed"}, Arguments{"--seed=x"}, Arguments{"--what=1"},
        Arguments{"--dir=night", "--shard=3/2"},
        Arguments{"--dir=night", "--nights=nights"},
        Arguments{"--dir=night", "--", "--saver=none"}}) {
    EXPECT_EQ(Nightly(arguments).exit_code, 2);
  }
  EXPECT_FALSE(directory_.Has("night"));
}

class NightsTest : public NightlyTest {
 protected:
  // Its report.
  std::string Next(const std::string& saver) {
    PutProperty("true");
    const Outcome outcome =
        Nightly({"1", "--nights=nights", "--seed=3", "--", "--saver=" + saver,
                 "--fault=kill", "--engine=sim", "--clients=1", "--trials=300",
                 "--shrunk-per-class=1"});
    EXPECT_EQ(outcome.exit_code, saver == kHonest ? 0 : 1) << outcome.err;
    names_.push_back(
        std::filesystem::read_symlink(directory_.Path("nights/latest")));
    return directory_.Get("nights/latest/report.md");
  }
  // The directory of the night with that number: 1, 2, ...
  std::string PathOf(std::size_t number) const {
    return "nights/" + names_.at(number - 1);
  }

  std::vector<std::string> names_;
};

TEST_F(NightsTest, AFindingIsNewThenKnownThenGone) {
  EXPECT_THAT(Next(kHonest), Not(HasSubstr("Since")));
  EXPECT_THAT(Next(kDishonest),
              HasSubstr("Findings: 1 new, none known, none gone"));
  EXPECT_THAT(Next(kDishonest),
              HasSubstr("Findings: none new, 1 known, none gone"));
  EXPECT_THAT(Next(kHonest),
              HasSubstr("Findings: none new, none known, 1 gone"));
  EXPECT_EQ(std::set<std::string>(names_.begin(), names_.end()).size(), 4u);
  const std::string index = directory_.Get("nights/index.html");
  EXPECT_THAT(index,
              AllOf(HasSubstr("<a href=\"./" + names_[3] + "/report.html\">"),
                    HasSubstr("findings since the night before: none "
                              "new, none known, 1 gone")));
  const Outcome same = Run({"compare", PathOf(3), PathOf(4)});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_THAT(same.out, StartsWith("# NOTHING NEW\n"));
  // Only the first of many findings was shrunk.
  const Outcome unknown = Run({"compare", PathOf(2), PathOf(3)});
  EXPECT_EQ(unknown.exit_code, 4) << unknown.err;
  EXPECT_THAT(unknown.out, StartsWith("# NOT EXERCISED\n"));
  const Outcome worse =
      Run({"compare", PathOf(1), PathOf(2), "--json=c.json", "--html=c.html"});
  EXPECT_EQ(worse.exit_code, 1) << worse.err;
  EXPECT_THAT(worse.out, StartsWith("# NEW FINDINGS\n"));
  EXPECT_EQ(nlohmann::json::parse(directory_.Get("c.json")).at("new").size(),
            1u);
  EXPECT_THAT(directory_.Get("c.html"), HasSubstr("NEW FINDINGS"));
}

TEST_F(NightsTest, AShardIsNoNight) {
  PutProperty("true");
  const Outcome outcome =
      Nightly({"1", "--nights=nights", "--seed=3", "--shard=2/2", "--",
               "--fault=kill", "--engine=sim", "--clients=1", "--trials=16"});
  EXPECT_THAT(outcome.out, HasSubstr("the report is "));
  EXPECT_FALSE(directory_.Has("nights/latest"));
  EXPECT_FALSE(directory_.Has("nights/index.html"));
}

TEST_F(NightsTest, ANightThatCannotBeReadIsNoVerdict) {
  Next(kHonest);
  std::filesystem::create_directory(directory_.Path("nights/x"));
  directory_.Put("nights/x/campaign.json", "no");
  const Outcome outcome = Run({"nights", "nights"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("# NOT EXERCISED\n"),
                                 HasSubstr("| x | cannot be read")));
}

TEST_F(NightsTest, NoCampaignIsBadInput) {
  directory_.Put("file", "");
  std::filesystem::create_directory(directory_.Path("empty"));
  for (const Arguments& arguments :
       {Arguments{"nights", "empty"}, Arguments{"nights", "none"},
        Arguments{"compare", "empty", "empty"}, Arguments{"compare", "empty"},
        Arguments{"report", "empty", "--since=empty"}}) {
    EXPECT_EQ(Run(arguments).exit_code, 2);
  }
}

class MergeNightsTest : public NightlyTest {
 protected:
  // Shard 2 of two has no properties to run.
  void RunShards(const std::string& saver, const char* property = "true") {
    PutProperty(property);
    for (const char* number : {"1", "2"}) {
      Nightly({"1", "--seed=3", std::string("--dir=") + number,
               std::string("--shard=") + number + "/2", "--",
               "--saver=" + saver, "--fault=kill", "--engine=sim",
               "--clients=1", "--trials=300", "--shrunk-per-class=1"});
    }
  }
  Outcome MergeNights(const Arguments& arguments) {
    return RunScript("scripts/merge-nights", arguments);
  }
};

TEST_F(MergeNightsTest, ShardsAreOneNight) {
  RunShards(kHonest);
  EXPECT_TRUE(directory_.Has("1/properties.xml"));
  EXPECT_FALSE(directory_.Has("2/properties.xml"));
  const Outcome outcome = MergeNights({"all", "2", "1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(directory_.Get("all/report.md"),
              StartsWith("# HELD\n\n300 trials"));
}

TEST_F(MergeNightsTest, APropertyThatFailedInAShardIsOneOfTheNight) {
  RunShards(kHonest, "false");
  const Outcome outcome = MergeNights({"all", "2", "1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  EXPECT_THAT(directory_.Get("all/report.md"),
              AllOf(StartsWith("# VIOLATED\n"), HasSubstr("props.one")));
}

TEST_F(MergeNightsTest, AFindingOfAShardIsOneOfTheNight) {
  RunShards(kDishonest);
  EXPECT_EQ(MergeNights({"all", "1", "2"}).exit_code, 1);
}

TEST_F(MergeNightsTest, ANightWithoutOneOfItsShardsIsNotExercised) {
  RunShards(kHonest);
  const Outcome outcome = MergeNights({"all", "1"});
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.err, HasSubstr("these are missing: 2"));
}

TEST_F(MergeNightsTest, BadInputExitsWithTwo) {
  EXPECT_EQ(MergeNights({}).exit_code, 2);
  EXPECT_EQ(MergeNights({"all", "none"}).exit_code, 2);
  EXPECT_FALSE(directory_.Has("all"));
}

}  // namespace
}  // namespace lastcommit
