#include "campaign/work_list.h"

#include <cstdint>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<IndexRange> All(WorkList work) {
  std::vector<IndexRange> all;
  while (const std::optional<IndexRange> range = work.Next()) {
    all.push_back(*range);
  }
  return all;
}

TEST(WorkListTest, HandsOutChunksUpToTheLimit) {
  EXPECT_THAT(
      All(WorkList({}, {}, 40)),
      ElementsAre(IndexRange{0, 16}, IndexRange{16, 32}, IndexRange{32, 40}));
}

TEST(WorkListTest, LeavesOutWhatIsDone) {
  IndexRanges done;
  done.Add({3, 5});
  done.Add({10, 33});
  EXPECT_THAT(
      All(WorkList(done, {}, 40)),
      ElementsAre(IndexRange{0, 3}, IndexRange{5, 10}, IndexRange{33, 40}));
}

TEST(WorkListTest, ShardsTogetherHaveEachIndexOnce) {
  IndexRanges all;
  std::uint64_t sum = 0;
  for (int number = 1; number <= 4; ++number) {
    for (const IndexRange& range : All(WorkList({}, {number, 4}, 1000))) {
      EXPECT_TRUE(IsOfShard(range.first, {number, 4}));
      all.Add(range);
      sum += range.size();
    }
  }
  EXPECT_THAT(all.ranges(), ElementsAre(IndexRange{0, 1000}));
  EXPECT_EQ(sum, 1000u);
}

TEST(WorkListTest, WhatIsGivenBackIsNext) {
  WorkList work({}, {}, 32);
  work.Next();
  work.GiveBack({3, 7});
  work.GiveBack({9, 9});
  EXPECT_EQ(work.Next(), (IndexRange{3, 7}));
  EXPECT_EQ(work.Next(), (IndexRange{16, 32}));
  EXPECT_EQ(work.Next(), std::nullopt);
  work.GiveBack({20, 21});
  EXPECT_EQ(work.Next(), (IndexRange{20, 21}));
}

TEST(WorkListTest, AShardBehindTheLimitHasNothing) {
  EXPECT_THAT(All(WorkList({}, {4, 4}, 40)), IsEmpty());
}

}  // namespace
}  // namespace lastcommit
