#include "results/tally.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TrialsRecord Trials(const IndexRange& range, std::uint64_t digest) {
  TrialsRecord trials;
  trials.indexes.Add(range);
  trials.cells = {
      {{.group = CellGroup::kTrials}, static_cast<std::int64_t>(range.size())}};
  trials.digest_sum = digest;
  trials.seconds = 2;
  return trials;
}

FindingRecord Found(std::uint64_t index, FindingState state,
                    const std::string& shape = "") {
  Finding finding;
  finding.key = {1, index};
  finding.state = state;
  finding.filed_under = "lost_commit";
  finding.verdict = "violated(lost_commit)";
  finding.shape = shape;
  return {finding};
}

FindingRecord Like(std::uint64_t index, const std::vector<std::string>& bugs) {
  FindingRecord record = Found(index, FindingState::kExplained, "shape");
  record.finding.looks_like = bugs;
  return record;
}

FindingRecord Died(std::uint64_t index, int deaths) {
  Finding finding;
  finding.key = {1, index};
  finding.state = FindingState::kKept;
  finding.filed_under = finding.verdict = kWorkerDied;
  finding.deaths = deaths;
  return {finding};
}

TEST(TallyTest, AddsTrialsUpInAnyOrder) {
  Tally a;
  a.Add(Trials({0, 16}, ~std::uint64_t{0}));
  a.Add(Trials({16, 20}, 3));
  Tally b;
  b.Add(Trials({16, 20}, 3));
  b.Add(Trials({0, 16}, ~std::uint64_t{0}));
  EXPECT_EQ(a.ledger.trials(), 20);
  EXPECT_EQ(a.digest(), "0000000000000002");
  EXPECT_EQ(b.digest(), a.digest());
  EXPECT_EQ(a.done.ranges(), b.done.ranges());
}

TEST(TallyTest, KnowsAfterHowManyTrialsAFindingCame) {
  Tally tally;
  tally.Add(Trials({0, 16}, 0));
  tally.Add(Found(17, FindingState::kSeen));
  tally.Add(Trials({16, 20}, 0));
  tally.Add(Found(17, FindingState::kExplained));  // the same one
  tally.Add(Found(20, FindingState::kSeen));
  EXPECT_THAT(tally.found_after, ElementsAre(16, 20));
}

TEST(GroupedTest, OneThatWasShrunkToItsEndComesFirst) {
  Tally tally;
  FindingRecord counted = Found(3, FindingState::kExplained, "shape");
  counted.finding.counted = true;
  tally.Add(counted);
  tally.Add(Found(5, FindingState::kExplained, "shape"));
  tally.Add(Found(7, FindingState::kExplained, "shape"));
  const std::vector<FindingGroup> groups = Grouped(tally);
  ASSERT_THAT(groups, SizeIs(1));
  EXPECT_EQ(groups[0].first.key.index, 5u);
  EXPECT_THAT(groups[0].indexes, ElementsAre(3, 5, 7));
}

TEST(TallyTest, TrialsBelongToTheLastStart) {
  Tally tally;
  tally.Add(StartRecord{});
  tally.Add(Trials({0, 16}, 0));
  tally.Add(EndRecord{});
  tally.Add(StartRecord{});
  tally.Add(Trials({16, 48}, 0));
  ASSERT_THAT(tally.sessions, SizeIs(2));
  EXPECT_EQ(tally.sessions[0].trials, 16);
  EXPECT_TRUE(tally.sessions[0].end.has_value());
  EXPECT_EQ(tally.sessions[1].trials, 32);
  EXPECT_FALSE(tally.sessions[1].end.has_value());
  EXPECT_EQ(tally.slices[1].session, 1u);
}

TEST(TallyTest, WhatIsKnownOfAFindingIsNotForgotten) {
  Tally tally;
  EXPECT_TRUE(tally.Add(Found(4, FindingState::kKept)));
  EXPECT_FALSE(tally.Add(Found(4, FindingState::kKept)));
  EXPECT_TRUE(tally.Add(Found(4, FindingState::kExplained, "shape")));
  EXPECT_FALSE(tally.Add(Found(4, FindingState::kKept)));
  ASSERT_THAT(tally.findings, SizeIs(1));
  EXPECT_EQ(tally.findings.begin()->second.shape, "shape");
}

TEST(TallyTest, TheDeathOfAWorkerIsNoViolation) {
  Tally tally;
  tally.Add(Died(4, 1));
  EXPECT_FALSE(tally.has_violations());
  EXPECT_TRUE(tally.has_worker_findings());
  EXPECT_EQ(tally.DeathsAt(4), 1);
  EXPECT_TRUE(tally.Add(Died(4, 2)));
  EXPECT_EQ(tally.DeathsAt(4), 2);
  EXPECT_EQ(tally.DeathsAt(5), 0);
  tally.Add(Found(4, FindingState::kKept));
  EXPECT_TRUE(tally.has_violations());
}

TEST(TallyTest, FindingsOfOneShapeAreOneGroup) {
  Tally tally;
  tally.Add(Found(9, FindingState::kExplained, "a"));
  tally.Add(Found(4, FindingState::kExplained, "a"));
  tally.Add(Found(5, FindingState::kExplained, "b"));
  tally.Add(Found(7, FindingState::kExplained, ""));
  tally.Add(Found(8, FindingState::kExplained, ""));
  tally.Add(Found(1, FindingState::kKept));
  tally.Add(Found(2, FindingState::kSeen));
  const std::vector<FindingGroup> groups = Grouped(tally);
  ASSERT_THAT(groups, SizeIs(5));
  EXPECT_THAT(groups[0].indexes, ElementsAre(7));
  EXPECT_THAT(groups[1].indexes, ElementsAre(8));
  EXPECT_THAT(groups[2].indexes, ElementsAre(4, 9));
  EXPECT_EQ(groups[2].first.key.index, 4u);
  EXPECT_THAT(groups[3].indexes, ElementsAre(5));
  EXPECT_THAT(groups[4].indexes, ElementsAre(1, 2));
}

TEST(TallyTest, CountsViolationsByTheBugThatTheyLookLike) {
  Tally tally;
  EXPECT_TRUE(tally.Likenesses().empty());
  tally.Add(Like(1, {"a-race"}));
  tally.Add(Like(2, {}));
  tally.Add(Like(3, {"a-race"}));
  tally.Add(Like(4, {"a-race", "a-loss"}));
  tally.Add(Died(5, 1));  // of the tester
  EXPECT_EQ(tally.Likenesses(),
            (std::map<std::string, std::int64_t>{
                {"a-race", 2}, {"a-race or a-loss", 1}, {"unknown", 1}}));
}

TEST(TallyTest, FindingsThatLookLikeDifferentBugsAreNoGroup) {
  Tally tally;
  tally.Add(Like(1, {"a-race"}));
  tally.Add(Like(2, {}));
  tally.Add(Like(3, {"a-race"}));
  EXPECT_THAT(Grouped(tally), SizeIs(2));
}

}  // namespace
}  // namespace lastcommit
