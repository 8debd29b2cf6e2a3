#include "results/index_ranges.h"

#include <cstdint>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

IndexRanges Of(const std::vector<IndexRange>& ranges) {
  IndexRanges all;
  for (const IndexRange& range : ranges) all.Add(range);
  return all;
}

TEST(IndexRangesTest, TouchingAndOverlappingOnesBecomeOne) {
  EXPECT_THAT(Of({{0, 2}, {4, 6}, {2, 4}}).ranges(),
              ElementsAre(IndexRange{0, 6}));
  EXPECT_THAT(Of({{0, 5}, {3, 9}}).ranges(), ElementsAre(IndexRange{0, 9}));
  EXPECT_THAT(Of({{3, 5}, {0, 9}}).ranges(), ElementsAre(IndexRange{0, 9}));
  EXPECT_THAT(Of({{0, 9}, {3, 5}}).ranges(), ElementsAre(IndexRange{0, 9}));
}

TEST(IndexRangesTest, OthersStayApartInAscendingOrder) {
  EXPECT_THAT(
      Of({{8, 9}, {0, 2}, {4, 6}}).ranges(),
      ElementsAre(IndexRange{0, 2}, IndexRange{4, 6}, IndexRange{8, 9}));
}

TEST(IndexRangesTest, AnEmptyOneAddsNothing) {
  EXPECT_TRUE(Of({{3, 3}, {5, 4}}).is_empty());
}

TEST(IndexRangesTest, SizeCountsIndexes) {
  EXPECT_EQ(Of({{0, 2}, {1, 3}, {10, 20}}).size(), 13u);
}

TEST(IndexRangesTest, ContainsTheFirstAndNotTheEnd) {
  const IndexRanges all = Of({{2, 4}});
  EXPECT_FALSE(all.Contains(1));
  EXPECT_TRUE(all.Contains(2));
  EXPECT_TRUE(all.Contains(3));
  EXPECT_FALSE(all.Contains(4));
}

TEST(IndexRangesTest, TouchingIsNoOverlap) {
  const IndexRanges all = Of({{2, 4}});
  EXPECT_FALSE(all.Overlaps(IndexRange{0, 2}));
  EXPECT_FALSE(all.Overlaps(IndexRange{4, 9}));
  EXPECT_FALSE(all.Overlaps(IndexRange{3, 3}));
  EXPECT_TRUE(all.Overlaps(IndexRange{0, 3}));
  EXPECT_TRUE(all.Overlaps(IndexRange{3, 9}));
  EXPECT_TRUE(all.Overlaps(IndexRange{0, 9}));
  EXPECT_TRUE(all.Overlaps(Of({{0, 1}, {3, 5}})));
  EXPECT_FALSE(all.Overlaps(Of({{0, 1}, {5, 6}})));
}

TEST(IndexRangesTest, WhatIsMissingAndWhatIsThereMakeTheWhole) {
  const IndexRanges all = Of({{2, 4}, {6, 8}, {20, 30}});
  EXPECT_THAT(
      all.MissingFrom({0, 10}),
      ElementsAre(IndexRange{0, 2}, IndexRange{4, 6}, IndexRange{8, 10}));
  EXPECT_THAT(all.MissingFrom({3, 7}), ElementsAre(IndexRange{4, 6}));
  EXPECT_THAT(all.MissingFrom({22, 29}), IsEmpty());
  EXPECT_THAT(all.MissingFrom({40, 41}), ElementsAre(IndexRange{40, 41}));
}

}  // namespace
}  // namespace lastcommit
