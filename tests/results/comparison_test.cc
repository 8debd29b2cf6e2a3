#include "results/comparison.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "page/document.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Finding Found(std::uint64_t index, const std::string& verdict,
              const std::string& shape) {
  Finding finding;
  finding.key = {1, index};
  finding.state =
      shape.empty() ? FindingState::kKept : FindingState::kExplained;
  finding.filed_under = verdict;
  finding.verdict = verdict;
  finding.shape = shape;
  return finding;
}

LoadedCampaign Campaign(const std::vector<Finding>& findings,
                        const Cells& cells = {}) {
  LoadedCampaign campaign;
  Tally tally;
  TrialsRecord trials;
  trials.indexes.Add({0, 16});
  trials.cells = cells;
  tally.Add(StartRecord{});
  tally.Add(trials);
  for (const Finding& finding : findings) tally.Add(FindingRecord{finding});
  campaign.summary = Summarize(std::move(tally), campaign.identity.generate);
  return campaign;
}

TEST(ComparisonTest, AFindingIsNewKnownOrGoneByItsCause) {
  const LoadedCampaign before =
      Campaign({Found(1, "a", "shape one"), Found(2, "a", "shape two")});
  // Another index, and twice: the same cause.
  const LoadedCampaign after =
      Campaign({Found(7, "a", "shape two"), Found(8, "a", "shape two"),
                Found(9, "b", "shape one")});
  const Comparison comparison = Compare(before, after);
  ASSERT_THAT(comparison.new_ones, SizeIs(1));
  EXPECT_EQ(comparison.new_ones[0].first.verdict, "b");
  ASSERT_THAT(comparison.known, SizeIs(1));
  EXPECT_THAT(comparison.known[0].indexes, ElementsAre(7, 8));
  ASSERT_THAT(comparison.gone, SizeIs(1));
  EXPECT_EQ(comparison.gone[0].first.shape, "shape one");
  EXPECT_THAT(comparison.not_compared, IsEmpty());
  EXPECT_EQ(InWords(comparison), "1 new, 1 known, 1 gone");
}

TEST(ComparisonTest, AnotherLikenessIsAnotherCause) {
  Finding finding = Found(1, "a", "shape");
  const LoadedCampaign before = Campaign({finding});
  finding.looks_like = {"wal-reset-race"};
  const Comparison comparison = Compare(before, Campaign({finding}));
  EXPECT_THAT(comparison.new_ones, SizeIs(1));
  EXPECT_THAT(comparison.gone, SizeIs(1));
}

TEST(ComparisonTest, WhatWasNotShrunkHasNoCauseToCompare) {
  const LoadedCampaign before = Campaign({Found(1, "a", "")});
  const Comparison comparison = Compare(before, Campaign({Found(2, "a", "")}));
  EXPECT_THAT(comparison.new_ones, IsEmpty());
  EXPECT_THAT(comparison.gone, IsEmpty());
  EXPECT_THAT(comparison.not_compared, SizeIs(1));
  EXPECT_THAT(comparison.not_compared_before, SizeIs(1));
  EXPECT_EQ(InWords(comparison),
            "none new, none known, none gone, 1 not shrunk and not compared, "
            "1 before not shrunk and not compared");
}

TEST(ComparisonTest, NothingIsNewOnlyWhereAllWasCompared) {
  const auto done = [](LoadedCampaign campaign) {
    campaign.summary.promises.broken.clear();  // of sixteen trials
    return campaign;
  };
  const LoadedCampaign shrunk = done(Campaign({Found(1, "a", "shape")}));
  const LoadedCampaign unshrunk = done(Campaign({Found(1, "a", "")}));
  const LoadedCampaign none = done(Campaign({}));
  const auto code = [](const LoadedCampaign& before,
                       const LoadedCampaign& after) {
    return CodeOf(Compare(before, after), after);
  };
  EXPECT_EQ(code(none, shrunk), ExitCode::kViolated);
  EXPECT_EQ(code(shrunk, shrunk), ExitCode::kHeld);
  EXPECT_EQ(code(unshrunk, none), ExitCode::kHeld);
  EXPECT_EQ(code(shrunk, unshrunk), ExitCode::kNotExercised);
  // Violated, and yet it did too little.
  EXPECT_EQ(code(shrunk, Campaign({Found(1, "a", "shape")})),
            ExitCode::kNotExercised);
  LoadedCampaign broken = none;
  broken.summary.error = "the disk is full";
  EXPECT_EQ(code(shrunk, broken), ExitCode::kNotExercised);
}

TEST(ComparisonTest, APropertyThatFailsAnewIsNew) {
  LoadedCampaign before = Campaign({});
  before.summary.promises.broken.clear();
  before.summary.properties = {1, {"props.one"}, true};
  LoadedCampaign after = before;
  EXPECT_EQ(CodeOf(Compare(before, after), after), ExitCode::kHeld);
  after.summary.properties->failed.push_back("props.two");
  const Comparison comparison = Compare(before, after);
  EXPECT_THAT(comparison.failed, ElementsAre("props.two"));
  EXPECT_EQ(CodeOf(comparison, after), ExitCode::kViolated);
  after.summary.properties = {1, {}, false};
  EXPECT_EQ(CodeOf(Compare(before, after), after), ExitCode::kNotExercised);
}

TEST(ComparisonTest, WhatWasTestedAndCountedIsCompared) {
  const Cell held = {.group = CellGroup::kVerdict, .what = "held"};
  const Cell violated = {.group = CellGroup::kVerdict, .what = "violated(a)"};
  LoadedCampaign before = Campaign({}, {{held, 16}});
  before.identity.sqlite_version = "3.40.1";
  LoadedCampaign after = Campaign({}, {{violated, 16}});
  after.identity.sqlite_version = "3.54.1";
  const Comparison comparison = Compare(before, after);
  EXPECT_THAT(comparison.differences,
              ElementsAre("SQLite: 3.40.1, then 3.54.1"));
  EXPECT_THAT(comparison.new_cells, ElementsAre(Name(violated)));
  EXPECT_THAT(comparison.gone_cells, ElementsAre(Name(held)));
}

TEST(ComparisonTest, TheSameIsTheSame) {
  const LoadedCampaign campaign = Campaign({Found(1, "a", "shape")});
  const Comparison comparison = Compare(campaign, campaign);
  EXPECT_THAT(comparison.known, SizeIs(1));
  EXPECT_THAT(comparison.differences, IsEmpty());
  EXPECT_THAT(comparison.new_cells, IsEmpty());
  EXPECT_EQ(InWords(comparison), "none new, 1 known, none gone");
  Document page;
  AddComparison(comparison, campaign, campaign, 2, page);
  EXPECT_THAT(MarkdownOf(page), Not(HasSubstr("different")));
}

TEST(ComparisonTest, APageAndJsonSayIt) {
  const LoadedCampaign before = Campaign({Found(1, "a", "old shape")});
  const LoadedCampaign after = Campaign({Found(1, "b", "new shape")});
  const Comparison comparison = Compare(before, after);
  Document page;
  AddComparison(comparison, before, after, 2, page);
  EXPECT_THAT(MarkdownOf(page),
              AllOf(HasSubstr("| b | new | 1 | shape new shape |"),
                    HasSubstr("| a | gone | 1 | shape old shape |"),
                    HasSubstr("Gone: not found again")));
  const nlohmann::json json = JsonOf(comparison);
  EXPECT_EQ(json.at("schema"), "lastcommit-comparison-1");
  EXPECT_EQ(json.at("new").at(0).at("shape"), "new shape");
  EXPECT_EQ(json.at("gone").at(0).at("verdict"), "a");
  EXPECT_TRUE(json.at("known").empty());
}

}  // namespace
}  // namespace lastcommit
