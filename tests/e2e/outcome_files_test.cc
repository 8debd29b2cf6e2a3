#include <nlohmann/json.hpp>
#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

// What a command that judges leaves for programs.
class OutcomeFilesTest : public ProgramTest {
 protected:
  nlohmann::json Json() {
    return nlohmann::json::parse(directory_.Get("a.json"));
  }
  std::string JUnit() { return directory_.Get("a.xml"); }
  // Of the command, which writes both.
  int CodeOf(Arguments arguments) {
    arguments.insert(arguments.begin() + 1, {"--json=a.json", "--junit=a.xml"});
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.err, "");
    return outcome.exit_code;
  }
};

TEST_F(OutcomeFilesTest, OfAPlanThatHolds) {
  directory_.Put("p.plan", PlanKilledInCommit(kHonest, "held"));
  EXPECT_EQ(CodeOf({"replay", "p.plan"}), 0);
  EXPECT_EQ(Json().at("schema"), "lastcommit-replay-1");
  EXPECT_EQ(Json().at("verdict"), "held");
  EXPECT_EQ(Json().at("exit_code"), 0);
  EXPECT_THAT(JUnit(), AllOf(HasSubstr("tests=\"1\" failures=\"0\" errors=\"0"),
                             HasSubstr("name=\"p.plan\"")));
}

TEST_F(OutcomeFilesTest, OfAPlanThatIsViolated) {
  directory_.Put("p.plan",
                 PlanKilledInCommit(kDishonest, "violated(lost_commit)"));
  EXPECT_EQ(CodeOf({"replay", "p.plan", "--repeat=2"}), 1);
  const std::string verdict = Json().at("verdict");
  EXPECT_EQ(Json().at("verdicts").at(verdict), 2);
  EXPECT_EQ(Json().at("outcome"), "VIOLATED");
  EXPECT_THAT(
      JUnit(),
      HasSubstr("<failure type=\"VIOLATED\" message=\"2 of 2 " + verdict));
}

TEST_F(OutcomeFilesTest, OfAPlanForAnotherSqlite) {
  std::string plan = PlanKilledInCommit(kHonest, "held");
  plan.insert(plan.find("}\n"), R"(,"sqlite":{"before":"3.2.0"})");
  directory_.Put("p.plan", plan);
  EXPECT_EQ(CodeOf({"replay", "p.plan", "--expect"}), 4);
  EXPECT_EQ(Json().at("verdict"), "");
  EXPECT_THAT(JUnit(), HasSubstr("<error type=\"NOT EXERCISED\""));
}

TEST_F(OutcomeFilesTest, OfACampaign) {
  EXPECT_EQ(Run({"campaign", "c", "--trials=40", "--fault=kill", "--clients=1",
                 "--seed=2", std::string("--saver=") + kDishonest})
                .exit_code,
            1);
  EXPECT_EQ(CodeOf({"report", "c", "--html=c.html"}), 0);
  const auto summary = nlohmann::json::parse(directory_.Get("c/summary.json"));
  EXPECT_EQ(Json().at("schema"), "lastcommit-report-1");
  for (const char* field : {"trials", "judged", "ledger", "findings", "digest",
                            "broken_promises", "outcome", "exit_code"}) {
    EXPECT_EQ(Json().at(field), summary.at(field)) << field;
  }
  EXPECT_EQ(Json().at("tested").at("saver"), kDishonest);
  EXPECT_EQ(Json().at("interrupted"), false);
  EXPECT_TRUE(Json().at("properties").is_null());
  // The campaign, and each kind of finding.
  const auto kinds = std::to_string(Json().at("findings").size() + 1);
  EXPECT_THAT(JUnit(),
              AllOf(HasSubstr("tests=\"" + kinds + "\" failures=\"" + kinds),
                    HasSubstr("name=\"campaign\""),
                    HasSubstr("name=\"violated(lost_commit), shape ")));
}

TEST_F(OutcomeFilesTest, OfACampaignThatExercisedTooLittle) {
  EXPECT_EQ(Run({"campaign", "c", "--trials=4", "--fault=none"}).exit_code, 4);
  EXPECT_EQ(CodeOf({"report", "c", "--html=c.html"}), 0);
  EXPECT_EQ(Json().at("exit_code"), 4);
  EXPECT_THAT(JUnit(), AllOf(HasSubstr("failures=\"0\" errors=\"1\""),
                             HasSubstr("<error type=\"NOT EXERCISED\"")));
}

TEST_F(OutcomeFilesTest, OfAProgram) {
  EXPECT_EQ(CodeOf({"try", "--", "true"}), 4);
  EXPECT_EQ(Json().at("schema"), "lastcommit-judgement-1");
  EXPECT_THAT(JUnit(), AllOf(HasSubstr("classname=\"lastcommit.try\""),
                             HasSubstr("name=\"true\""),
                             HasSubstr("<error type=\"NOT EXERCISED\"")));
}

TEST_F(OutcomeFilesTest, OfDatabases) {
  directory_.Put("no.db", "no database at all, but a text of some length");
  directory_.Put("empty.db", "");
  const Outcome outcome =
      Run({"verify", "--json", "--junit=a.xml", "empty.db", "no.db"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("databases").size(), 2u);
  EXPECT_THAT(
      JUnit(),
      AllOf(HasSubstr("tests=\"2\" failures=\"0\" errors=\"2\""),
            HasSubstr("name=\"empty.db\""), HasSubstr("name=\"no.db\"")));
}

TEST_F(OutcomeFilesTest, OfLists) {
  const auto bugs = nlohmann::json::parse(Run({"bugs", "--json"}).out);
  EXPECT_EQ(bugs.at("schema"), "lastcommit-bugs-1");
  EXPECT_THAT(bugs.at("bugs"), Not(SizeIs(0)));
  EXPECT_TRUE(bugs.at("bugs")[0].at("affected").is_boolean());
  const auto savers = nlohmann::json::parse(Run({"savers", "--json"}).out);
  EXPECT_EQ(savers.at("schema"), "lastcommit-savers-1");
  EXPECT_EQ(savers.at("savers")[0].at("name"), "sqlite");
  EXPECT_TRUE(savers.at("savers")[0].at("planted").is_null());
}

TEST_F(OutcomeFilesTest, ThatCannotBeWrittenAreAnError) {
  directory_.Put("p.plan", PlanKilledInCommit(kHonest, "held"));
  for (const char* option : {"--json=none/a", "--junit=none/a"}) {
    EXPECT_EQ(Run({"replay", "p.plan", option}).exit_code, 2);
  }
}

}  // namespace
}  // namespace lastcommit
