// The page of a judgement.

#include "judge/judgement_page.h"

#include <variant>

#include "gmock/gmock.h"
#include "judge/judge_fixture.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

class JudgementPageTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (python_.empty()) GTEST_SKIP() << "needs python3 with sqlite3";
  }

  // "name: marks" of each lane.
  static std::vector<std::string> LanesOf(const Judgement& judgement) {
    std::vector<std::string> lanes;
    for (const Block& block : PageOf(judgement).blocks) {
      const auto* const strip = std::get_if<Strip>(&block);
      if (strip == nullptr) continue;
      for (const Strip::Lane& lane : strip->lanes) {
        lanes.push_back(lane.name + ": " + std::to_string(lane.marks.size()));
      }
    }
    return lanes;
  }
};

TEST_F(JudgementPageTest, DatabasesOfOneNameAreToldApartByTheirFolders) {
  EXPECT_THAT(LanesOf(JudgeProgram("legal.py", "one_name_in_two_folders")),
              ElementsAre("commits of one/a.db: 2", "commits of two/a.db: 3",
                          StartsWith("promises: "), "findings: 0"));
}

TEST_F(JudgementPageTest, LongPathsWithOneEndAreNumbered) {
  Judgement judgement;
  const StateId nothing = judgement.states.Add({});
  for (const char* folder : {"a", "b"}) {
    DatabaseTimeline line;
    line.path = std::string(folder) + "/a/folder/with/a/long/name/state.db";
    line.commits = {{1, nothing}, {2, nothing, CommitBy::kWal}};
    judgement.timeline.databases.push_back(line);
  }
  EXPECT_THAT(LanesOf(judgement),
              ElementsAre("commits of ...with/a/long/name/state.db: 1",
                          "commits of ...with/a/long/name/state.db, 2: 1",
                          "promises: 0", "findings: 0"));
}

TEST_F(JudgementPageTest, AFileThatReplacesAnotherOneHasALaneOfItsOwn) {
  EXPECT_THAT(LanesOf(JudgeProgram("legal.py", "made_anew")),
              ElementsAre("commits of a.db: 4", "commits of a.db, file 2: 4",
                          "commits of a.db, file 3: 4",
                          StartsWith("promises: "), "findings: 0"));
}

TEST_F(JudgementPageTest, ADatabaseThatIsRenamedIsTheSecondFileOfItsName) {
  EXPECT_THAT(
      LanesOf(JudgeProgram("mistakes.py", "database_renamed_without_sync")),
      ElementsAre("commits of a.db: 3", "commits of a.db, file 2: 1",
                  "commits of b.db: 4", StartsWith("promises: "),
                  StartsWith("findings: ")));
}

TEST_F(JudgementPageTest, TheWordOfTheVerdictStandsOnce) {
  const Document page = PageOf(JudgeProgram("legal.py", "exclusive_delete"));
  EXPECT_EQ(page.verdict, "HELD");
  std::vector<std::string> said;
  for (const Block& block : page.blocks) {
    if (const auto* const paragraph = std::get_if<Paragraph>(&block)) {
      for (const Span& span : paragraph->spans) said.push_back(span.text);
    }
  }
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said[0], "promise: survives a kill");
  for (const std::string& text : said) {
    EXPECT_EQ(text.find("HELD"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace lastcommit
