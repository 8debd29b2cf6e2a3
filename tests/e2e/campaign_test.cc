#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

class CampaignTest : public ProgramTest {
 protected:
  // On the directory "c".
  static Arguments Campaign(const Arguments& more) {
    Arguments arguments = {"campaign", "c", "--jobs=2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Of a saver in which something is found, and first with a kill.
  static Arguments Dishonest(const Arguments& more) {
    Arguments arguments =
        Campaign({std::string("--saver=") + kDishonest, "--fault=kill",
                  "--clients=1", "--shrunk-per-class=1", "--seed=2"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  nlohmann::json Summary(const std::string& directory = "c") {
    return nlohmann::json::parse(directory_.Get(directory + "/summary.json"));
  }
  std::string Results() { return directory_.Get("c/results.jsonl"); }
};

TEST_F(CampaignTest, LeavesAllThatItCameTo) {
  const Outcome outcome = Run(Campaign(
      {"--trials=300", "--fault=none", "--engine=sim", "--clients=1"}));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("lastcommit campaign: seed=1 saver="));
  EXPECT_THAT(outcome.out, HasSubstr("\nHELD: 300 trials"));
  EXPECT_EQ(Summary().at("trials"), 300);
  EXPECT_EQ(Summary().at("exit_code"), 0);
  EXPECT_TRUE(directory_.Get("c/results.sqlite").starts_with("SQLite format"));
}

TEST_F(CampaignTest, GoesOnWithWhatItIsWithoutBeingTold) {
  Run(Campaign({"--trials=20", "--seed=7", "--fault=none"}));
  const Outcome outcome = Run(Campaign({"--trials=40"}));
  EXPECT_EQ(outcome.exit_code, 4);  // too few to be held
  EXPECT_THAT(outcome.out, HasSubstr("seed=7 saver=sqlite engine=mixed "
                                     "fault=none clients=1-4 schedule=any"));
  EXPECT_THAT(outcome.out,
              HasSubstr("it goes on: 20 trials and 0 findings until now\n"));
  EXPECT_THAT(outcome.out, HasSubstr("40 trials, 20 now in "));
}

TEST_F(CampaignTest, InPiecesItHasTheDigestOfOneRun) {
  for (const char* trials : {"--trials=7", "--trials=7", "--trials=33"}) {
    Run(Campaign({trials}));
  }
  Run({"campaign", "d", "--jobs=1", "--trials=33"});
  EXPECT_EQ(Summary().at("digest"), Summary("d").at("digest"));
  EXPECT_EQ(Summary().at("ledger"), Summary("d").at("ledger"));
}

TEST_F(CampaignTest, GoesOnAsItBeganOrNotAtAll) {
  Run(Campaign({"--trials=2"}));
  ExpectError(Run(Campaign({"--trials=4", "--seed=2"})), 2,
              "c has another campaign: seed is 2 here and 1 there; a campaign "
              "goes on as it began, or elsewhere");
}

TEST_F(CampaignTest, FindingsOfOneShapeAreOneAndStayOneLater) {
  EXPECT_EQ(Run(Dishonest({"--trials=40"})).exit_code, 1);
  const Outcome outcome = Run(Dishonest({"--trials=48"}));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("finding: violated(lost_commit), 5 lines: "
                                     "lastcommit replay c/findings/"));
  EXPECT_THAT(outcome.out, HasSubstr("not shrunk ("));
  const nlohmann::json findings = Summary().at("findings");
  ASSERT_EQ(findings.size(), 2u);
  // Which operation has the row, is that of the worker that was first.
  EXPECT_THAT(
      findings[0].at("shape").get<std::string>(),
      MatchesRegex("lost_commit wal: open begin [a-z_]+ commit! close"));
  EXPECT_THAT(directory_.Get("c/report.html"),
              AllOf(HasSubstr(">VIOLATED</h1>"), HasSubstr("Not shrunk: ")));
  EXPECT_EQ(
      findings[0].at("count").get<int>() + findings[1].at("count").get<int>(),
      Summary().at("ledger").at("verdict/violated(lost_commit)"));
}

TEST_F(CampaignTest, ASecondOneOnTheSameDirectoryIsRefused) {
  Program first(directory_.path(), Campaign({"--seconds=600"}));
  first.ReadLine();
  ExpectError(Run(Campaign({"--trials=1"})), 2,
              "another process works on the campaign c");
  kill(first.pid(), SIGINT);
  EXPECT_EQ(first.Wait().exit_code, 4);
}

TEST_F(CampaignTest, CtrlCEndsItWithTheSummary) {
  Program program(directory_.path(), Campaign({"--seconds=600"}));
  program.ReadLine();
  kill(program.pid(), SIGINT);
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 4);  // before it could promise anything
  EXPECT_THAT(outcome.out, HasSubstr("\ninterrupted, "));
  EXPECT_EQ(Summary().at("interrupted"), true);
  EXPECT_THAT(directory_.Get("c/report.html"),
              HasSubstr("The last run was interrupted"));
}

TEST_F(CampaignTest, AWorkerThatDiesIsReplacedAndItsPlanKept) {
  Program program(directory_.path(), Campaign({"--trials=60"}));
  program.ReadLine();
  EXPECT_TRUE(program.SignalAnyChild(SIGKILL));
  ExpectError(program.Wait(), 3, "a worker was ended by signal 9");
  EXPECT_EQ(Summary().at("trials"), 60);
  Run({"campaign", "d", "--trials=60"});
  EXPECT_EQ(Summary().at("digest"), Summary("d").at("digest"));
}

TEST_F(CampaignTest, AWorkerThatHangsIsReplacedAndItsPlanKept) {
  Program program(directory_.path(),
                  Campaign({"--trials=60", "--worker-timeout=3"}));
  program.ReadLine();
  EXPECT_TRUE(program.SignalAnyChild(SIGSTOP));
  const Outcome outcome = program.Wait();
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("a worker was ended: it hung"));
  EXPECT_EQ(Summary().at("trials"), 60);
}

TEST_F(CampaignTest, ACutResultIsSaidAndRunAgain) {
  Run(Campaign({"--trials=20"}));
  const std::string digest = Summary().at("digest");
  std::string text = Results();
  const std::size_t trials = text.find("{\"at\"", 1);
  directory_.Put("c/results.jsonl", text.substr(0, trials + 30));
  const Outcome outcome = Run(Campaign({"--trials=20"}));
  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.out,
              HasSubstr("\nc/results.jsonl:2: the last line was cut off; what "
                        "it counted is run again\n"));
  EXPECT_EQ(Summary().at("trials"), 20);
  EXPECT_EQ(Summary().at("digest"), digest);
  EXPECT_THAT(Run(Campaign({"--trials=20"})).out, Not(HasSubstr("cut off")));
  Run({"merge", "merged", "c"});
  EXPECT_THAT(Run({"report", "merged"}).out, HasSubstr("\n20 trials: "));
}

TEST_F(CampaignTest, ABeginningThatWasKilledIsBegunAgain) {
  std::filesystem::create_directory(directory_.Path("c"));
  directory_.Put("c/lock", "");
  directory_.Put("c/campaign.json.tmp", "{\"engine\"");
  EXPECT_EQ(Run(Campaign({"--trials=2", "--fault=none"})).exit_code, 4);
  EXPECT_EQ(Summary().at("trials"), 2);
}

TEST_F(CampaignTest, AFindingThatWasKeptAndNotRecordedIsReportedAndMerged) {
  Run(Dishonest({"--trials=40"}));
  std::string records;
  std::istringstream lines(Results());
  for (std::string line; std::getline(lines, line);) {
    if (line.find(R"("record":"finding")") == std::string::npos) {
      records += line + "\n";
    }
  }
  ASSERT_NE(records, Results());
  directory_.Put("c/results.jsonl", records);
  directory_.Put("c/findings/other-1-2", "");  // passed over
  EXPECT_THAT(Run({"report", "c"}).out, StartsWith("# VIOLATED\n"));
  EXPECT_THAT(Run({"merge", "merged", "c"}).out, HasSubstr("VIOLATED: 40 "));
  EXPECT_THAT(Run({"report", "merged"}).out, StartsWith("# VIOLATED\n"));
}

TEST_F(CampaignTest, MergedItNamesTheVersionsThatWereTested) {
  Run(Campaign({"--trials=2"}));
  nlohmann::json identity =
      nlohmann::json::parse(directory_.Get("c/campaign.json"));
  identity["sqlite_version"] = "3.99.0";
  directory_.Put("c/campaign.json", identity.dump());
  Run({"merge", "merged", "c"});
  EXPECT_EQ(Summary("merged").at("sqlite_version"), "3.99.0");
}

TEST_F(CampaignTest, GarbageInTheResultsIsAnErrorAndStays) {
  Run(Campaign({"--trials=4"}));
  const std::string text = "garbage\n" + Results();
  directory_.Put("c/results.jsonl", text);
  for (const Arguments& arguments :
       {Campaign({"--trials=8"}), Arguments{"report", "c"},
        Arguments{"merge", "out", "c"}}) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, StartsWith("lastcommit: c/results.jsonl:1: no "
                                        "record of a campaign: "));
  }
  EXPECT_EQ(Results(), text);
}

TEST_F(CampaignTest, ADirectoryWithSomethingElseIsRefused) {
  directory_.Put("file", "");
  ExpectError(Run({"campaign", "."}), 2,
              ". is not empty and has no campaign in it");
  EXPECT_EQ(directory_.Names(), std::vector<std::string>{"file"});
}

TEST_F(CampaignTest, ANewerDatabaseIsNotReplacedAndTheResultsAreThere) {
  Run(Campaign({"--trials=4"}));
  std::string database = directory_.Get("c/results.sqlite");
  database[63] = 3;  // user_version, big-endian
  directory_.Put("c/results.sqlite", database);
  ExpectError(Run(Campaign({"--trials=8"})), 2,
              "c/results.sqlite has version 3, newer than 2: it is not "
              "replaced; everything is in results.jsonl");
  EXPECT_EQ(directory_.Get("c/results.sqlite"), database);
  EXPECT_EQ(Summary().at("trials"), 8);
  EXPECT_THAT(Run({"report", "c"}).out, HasSubstr("8 trials"));
}

TEST_F(CampaignTest, ADamagedDatabaseIsKeptAndBuiltAnew) {
  Run(Campaign({"--trials=4", "--seed=5", "--engine=fork"}));
  const std::string good = directory_.Get("c/results.sqlite");
  std::string damaged = good;
  damaged.replace(4096, 4096, std::string(4096, 'x'));
  int number = 0;
  for (const std::string& bad :
       {std::string("no database"), damaged, good.substr(0, 4096)}) {
    directory_.Put("c/results.sqlite", bad);
    const Outcome outcome =
        Run(Campaign({"--trials=4", "--seed=5", "--engine=fork"}));
    EXPECT_EQ(outcome.exit_code, 4);
    const std::string kept =
        number == 0 ? "c/results.sqlite.old"
                    : "c/results.sqlite.old-" + std::to_string(number);
    ++number;
    EXPECT_THAT(outcome.out, HasSubstr("it is kept as " + kept + "\n"));
    EXPECT_EQ(directory_.Get(kept), bad);
    EXPECT_TRUE(
        directory_.Get("c/results.sqlite").starts_with("SQLite format"));
  }
}

TEST_F(CampaignTest, AReadOnlyDirectoryIsRefused) {
  const std::string reason = directory_.MountTmpfs("ro");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const Outcome outcome = Program("/", {"campaign", directory_.path()}).Wait();
  ExpectError(
      outcome, 2,
      "cannot write " + directory_.path() + "/lock: Read-only file system");
}

TEST_F(CampaignTest, AFullDiskEndsItAndItGoesOnWhenThereIsRoom) {
  Directory small;
  const std::string reason = small.MountTmpfs("size=100k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const Arguments arguments = {"campaign",
                               small.Path("c"),
                               "--trials=300",
                               "--jobs=1",
                               std::string("--saver=") + kDishonest,
                               "--fault=kill",
                               "--clients=1",
                               "--shrunk-per-class=1"};
  const Outcome outcome = Run(arguments);
  EXPECT_EQ(outcome.exit_code, 1);  // it was full of findings
  EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
  const std::string reason_to_skip = small.Grow("size=20m");
  if (!reason_to_skip.empty()) GTEST_SKIP() << reason_to_skip;
  EXPECT_EQ(Run(arguments).err, "");
  Run({"campaign", "d", "--trials=300", std::string("--saver=") + kDishonest,
       "--fault=kill", "--clients=1", "--shrunk-per-class=0"});
  EXPECT_EQ(nlohmann::json::parse(small.Get("c/summary.json")).at("digest"),
            Summary("d").at("digest"));
}

TEST_F(CampaignTest, FourShardsMergedAreOneRun) {
  const std::string saver = std::string("--saver=") + kDishonest;
  const Arguments common = {"--trials=100", "--fault=kill", "--clients=1",
                            saver, "--shrunk-per-class=0"};
  const auto run = [&](const std::string& directory, const Arguments& more) {
    Arguments arguments = {"campaign", directory};
    arguments.insert(arguments.end(), common.begin(), common.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments).exit_code;
  };
  std::vector<int> codes;
  for (const char* number : {"1", "2", "3", "4"}) {
    codes.push_back(run(number, {std::string("--shard=") + number + "/4"}));
  }
  EXPECT_THAT(codes, Each(AnyOf(1, 4)));
  EXPECT_THAT(codes, Contains(1));
  EXPECT_EQ(run("whole", {}), 1);
  const Outcome outcome = Run({"merge", "merged", "3", "1", "4", "2"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("VIOLATED: 100 trials, "));
  const nlohmann::json merged = Summary("merged");
  const nlohmann::json whole = Summary("whole");
  EXPECT_EQ(merged.at("digest"), whole.at("digest"));
  EXPECT_EQ(merged.at("ledger"), whole.at("ledger"));
  EXPECT_EQ(merged.at("findings")[0].at("count"),
            whole.at("findings")[0].at("count"));
  const std::string plan = merged.at("findings")[0].at("plan");
  EXPECT_EQ(Run({"replay", plan}).exit_code, 1);
  EXPECT_EQ(Run({"campaign", "merged"}).exit_code, 2);
}

TEST_F(CampaignTest, ShardsThatDoNotBelongTogetherAreNotMerged) {
  Run({"campaign", "a", "--trials=40", "--shard=1/3"});
  Run({"campaign", "b", "--trials=40", "--shard=2/3", "--seed=2"});
  ExpectError(Run({"merge", "out", "a", "b"}), 2,
              "b: seed is 2 here and 1 there; they are no shards of one "
              "campaign");
  ExpectError(Run({"merge", "out", "a", "a"}), 2,
              "a: shard 1 is there already");
  ExpectError(Run({"merge", "a", "b"}), 2, "a exists already");
  EXPECT_EQ(Run({"merge", "out", "none"}).exit_code, 2);
  EXPECT_FALSE(directory_.Has("out"));
  const Outcome outcome = Run({"merge", "out", "a"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err,
            "lastcommit: warning: of 3 shards these are missing: 2, 3\n");
}

TEST_F(CampaignTest, TheReportHasTheVerdictFirstAndACommandThatWorks) {
  Run(Dishonest({"--trials=40"}));
  const Outcome outcome = Run({"report", "c"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("# VIOLATED\n\n40 trials: "));
  EXPECT_THAT(outcome.out,
              HasSubstr("```text\nlastcommit replay c/findings/lost_commit/"));
  EXPECT_THAT(outcome.out, HasSubstr("<== KILLED"));
  EXPECT_THAT(outcome.out, HasSubstr("| fork kill wal |"));
  EXPECT_EQ(Run({"report", "c", "--out=a.md"}).exit_code, 0);
  EXPECT_EQ(directory_.Get("a.md"), outcome.out);
  EXPECT_EQ(Run({"report", "none"}).exit_code, 2);
}

TEST_F(CampaignTest, TheReportIsOneHtmlFileThatABrowserShows) {
  Run(Dishonest({"--trials=40"}));
  const Outcome outcome = Run({"report", "c", "--html=a.html"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
  const std::string html = directory_.Get("a.html");
  EXPECT_THAT(html, StartsWith("<!DOCTYPE html>\n"));
  EXPECT_THAT(html, HasSubstr("<h1 class=\"bad\">VIOLATED</h1>"));
  EXPECT_THAT(html, HasSubstr("&lt;== KILLED"));
  EXPECT_EQ(Run({"report", "c", "--html=none/a.html"}).exit_code, 2);
}

}  // namespace
}  // namespace lastcommit
