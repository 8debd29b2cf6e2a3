#include "explain/story_facts.h"

#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;

RoundFacts Judged(std::int64_t acknowledged, std::int64_t lowest,
                  std::int64_t highest, std::int64_t cut) {
  RoundFacts facts;
  facts.judged = true;
  facts.was_read = true;
  facts.demand = Demand::kSome;
  facts.acknowledged = acknowledged;
  facts.lowest = lowest;
  facts.highest = highest;
  facts.cut = cut;
  return facts;
}

TEST(StoryFactsTest, ARoundSaysWhatItHadToLeaveAndLeft) {
  TrialResult result;
  result.rounds = {Judged(3, 2, 4, 1), Judged(0, 0, 0, -1), RoundFacts()};
  result.rounds.push_back(Judged(0, 1, 1, 1));
  result.rounds.push_back(Judged(1, 1, 1, -1));
  result.rounds.back().was_read = false;
  RoundFacts free = Judged(5, 0, 0, 0);
  free.demand = Demand::kNone;
  RoundFacts driven = Judged(5, 5, 5, 5);
  driven.demand = Demand::kUnknown;
  result.rounds.push_back(free);
  result.rounds.push_back(driven);
  EXPECT_THAT(
      StoryFactsOf(result).ends,
      ElementsAre("acknowledged: commits up to 3; must be there: commits up to "
                  "2; may be there: commits up to 4; found: commits up to 1",
                  "acknowledged: the schema; must be there: the schema; found: "
                  "nothing",
                  "",
                  "acknowledged: the schema; must be there: commits up to 1 "
                  "(they were seen before); found: commits up to 1",
                  "acknowledged: commits up to 1; must be there: commits up to "
                  "1",
                  "acknowledged: commits up to 5; no demand; found: the schema",
                  ""));
}

TEST(StoryFactsTest, OfADamagedDatabaseNobodySaysWhatIsInIt) {
  TrialResult result;
  result.rounds = {Judged(1, 1, 1, 1), Judged(3, 3, 3, 3)};
  result.verdict = Verdict::Violated(ViolationClass::kDamaged, "");
  const StoryFacts facts = StoryFactsOf(result);
  EXPECT_THAT(facts.EndOf(0), testing::HasSubstr("found"));
  EXPECT_EQ(facts.EndOf(1),
            "acknowledged: commits up to 3; must be there: commits up to 3");
  EXPECT_EQ(facts.EndOf(2), "");
}

TEST(StoryFactsTest, ACounterIsNoStateThatThereWas) {
  TrialResult result;
  result.rounds = {Judged(1, 1, 1, 1)};
  result.verdict = Verdict::Violated(ViolationClass::kNotACut, "");
  EXPECT_EQ(StoryFactsOf(result).EndOf(0),
            "acknowledged: commits up to 1; must be there: commits up to 1; "
            "found: none of its states, with the counter of commits up to 1");
}

// Of one of several databases that is at no cut nobody says which it is at.
TEST(StoryFactsTest, DatabasesAreNamedApartOnlyWhereEachIsAtACut) {
  TrialResult result;
  result.rounds = {Judged(2, 1, 2, 2)};
  result.rounds[0].is_mixed = true;
  result.rounds[0].attached_cuts = {1, 0, -1};
  result.verdict = Verdict::Violated(ViolationClass::kBrokenInvariant, "");
  EXPECT_THAT(StoryFactsOf(result).EndOf(0),
              testing::HasSubstr("found: commits up to 2, and in attached "
                                 "database 1 commits up to 1, and in attached "
                                 "database 2 the schema"));
  result.verdict = Verdict::Violated(ViolationClass::kNotACut, "");
  EXPECT_THAT(StoryFactsOf(result).EndOf(0),
              testing::HasSubstr("found: none of its states"));
}

TEST(StoryFactsTest, AStepHasTheCommitThatItAcknowledged) {
  StoryFacts facts;
  facts.acknowledgements = {{0, 0, 0}, {1, 4, 12}};
  EXPECT_EQ(facts.AcknowledgedBy(0, 0), "the schema acknowledged");
  EXPECT_EQ(facts.AcknowledgedBy(1, 4), "commit 12 acknowledged");
  EXPECT_EQ(facts.AcknowledgedBy(0, 4), "");
}

TEST(StoryFactsTest, AreReadAsTheyAreWritten) {
  StoryFacts facts;
  facts.acknowledgements = {{0, 0, 0}, {1, 4, 12}};
  facts.ends = {"", "found: nothing"};
  facts.rows = {{"log t #1", "('a')", "nothing"}};
  const auto read = ParseStoryFacts(PrintStoryFacts(facts));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->acknowledgements, facts.acknowledgements);
  EXPECT_EQ(read->ends, facts.ends);
  EXPECT_EQ(read->rows, facts.rows);
}

TEST(StoryFactsTest, AnythingElseIsNone) {
  StoryFacts many;
  many.rows.resize(Verdict::kMostRows + 1);
  const std::string good = PrintStoryFacts({});
  ASSERT_THAT(ParseStoryFacts(good), IsOk());
  for (const std::string& bad :
       {std::string(), std::string("{}"), std::string("[]"),
        good.substr(0, good.size() / 2), PrintStoryFacts(many),
        std::string("{\"schema\":\"lastcommit-facts-2\",\"acknowledged\":[],"
                    "\"rounds\":[],\"rows\":[]}"),
        std::string("{\"schema\":\"lastcommit-facts-1\",\"acknowledged\":"
                    "[[0,1,1]],\"rounds\":[],\"rows\":[]}"),
        std::string("{\"schema\":\"lastcommit-facts-1\",\"acknowledged\":[[1]],"
                    "\"rounds\":[],\"rows\":[]}")}) {
    EXPECT_EQ(ParseStoryFacts(bad).status().code(),
              absl::StatusCode::kInvalidArgument)
        << bad;
  }
}

TEST(StoryFactsTest, AFileThatIsTooLongIsNotReadToItsEnd) {
  const Directory directory;
  directory.Put("facts.json", std::string((1 << 20) + 1, ' '));
  EXPECT_THAT(
      std::string(
          ReadStoryFacts(directory.Path("facts.json")).status().message()),
      testing::HasSubstr("too long"));
}

}  // namespace
}  // namespace lastcommit
