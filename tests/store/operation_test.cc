#include "store/operation.h"

#include <gtest/gtest.h>

#include "store/rows.h"
#include "store/vocabulary.h"

namespace lastcommit {
namespace {

extern const Vocabulary kTest;

Outcome Nothing(const Operation& /*operation*/, Rows& /*rows*/) { return {}; }

constexpr Field kFields[] = {
    {.name = "name", .max = 9, .value = 0},
    {.name = "size", .max = 100, .place = Field::Place::kSize},
    {.name = "seed", .place = Field::Place::kSeed},
    {.name = "count",
     .min = 1,
     .max = 10,
     .simplest = 1,
     .role = Field::Role::kCount,
     .value = 1},
    {.name = "invalid_at",
     .min = -1,
     .max = 9,
     .simplest = -1,
     .role = Field::Role::kInvalidAt,
     .value = 2},
};
constexpr std::uint32_t kAll = 31;

const OperationSpec kSpecs[] = {
    {.name = "batch",
     .vocabulary = &kTest,
     .fields = kAll,
     .is_change = true,
     .apply = Nothing,
     .may_fail_midway = true},
    {.name = "one",
     .vocabulary = &kTest,
     .fields = kAll - 8,  // all but count
     .is_change = true,
     .apply = Nothing},
    {.name = "look", .vocabulary = &kTest, .fields = 1, .apply = Nothing},
};
const Vocabulary kTest = {"test", kFields, kSpecs, nullptr, nullptr};

Operation Batch(std::int64_t count, std::int64_t invalid_at) {
  Operation batch(kSpecs[0]);
  batch.Set(kFields[0], 7);
  batch.Set(kFields[1], 20);
  batch.Set(kFields[2], 5);
  batch.Set(kFields[3], count);
  batch.Set(kFields[4], invalid_at);
  return batch;
}

TEST(OperationTest, BeginsWithTheSimplestValues) {
  const Operation batch(kSpecs[0]);
  for (const Field& field : kFields) {
    EXPECT_EQ(batch.Get(field), field.simplest) << field.name;
  }
  EXPECT_EQ(batch.count(), 1);
  EXPECT_EQ(batch.invalid_at(), -1);
}

TEST(OperationTest, KeepsWhatWasSet) {
  const Operation batch = Batch(4, 2);
  EXPECT_EQ(batch.Get(kFields[0]), 7);
  EXPECT_EQ(batch.content, (Content{20, 5}));
  EXPECT_EQ(batch.count(), 4);
  EXPECT_EQ(batch.invalid_at(), 2);
}

TEST(OperationTest, NoneHasNeitherCountNorContent) {
  EXPECT_EQ(Operation().count(), 1);
  EXPECT_EQ(Operation().invalid_at(), -1);
  EXPECT_FALSE(Operation().is_change());
  EXPECT_FALSE(Operation().is_query());
}

TEST(OperationTest, IsAChangeOrAQuery) {
  EXPECT_TRUE(Operation(kSpecs[0]).is_change());
  EXPECT_FALSE(Operation(kSpecs[0]).is_query());
  EXPECT_TRUE(Operation(kSpecs[2]).is_query());
}

TEST(OperationTest, OnlyABatchMayFailMidway) {
  EXPECT_EQ(Batch(4, -1).refusable(), 4);
  EXPECT_EQ(As(kSpecs[1], Batch(4, -1)).refusable(), 1);
}

TEST(OperationTest, AsAnotherOneKeepsWhatBothHave) {
  const Operation one = As(kSpecs[1], Batch(4, 3));
  EXPECT_EQ(one.spec, &kSpecs[1]);
  EXPECT_EQ(one.Get(kFields[0]), 7);
  EXPECT_EQ(one.content, (Content{20, 5}));
  EXPECT_EQ(one.count(), 1);
  EXPECT_EQ(one.invalid_at(), 0) << "refused, and at what it has";
  EXPECT_EQ(As(kSpecs[2], Batch(4, 3)).content, Content());
}

TEST(OperationTest, AcceptedIsNeverRefused) {
  EXPECT_EQ(Accepted(Batch(4, 2)), Batch(4, -1));
}

TEST(OperationTest, ABatchShrinksNoFurtherThanToTheOneThatIsRefused) {
  EXPECT_EQ(SimplestOf(kFields[3], Batch(9, 5)), 6);
  EXPECT_EQ(SimplestOf(kFields[3], Batch(9, -1)), 1);
  EXPECT_EQ(SimplestOf(kFields[0], Batch(9, 5)), 0);
}

TEST(VocabularyTest, FindsByNameAndNothingElse) {
  EXPECT_EQ(kTest.FindOperation("one"), &kSpecs[1]);
  EXPECT_EQ(kTest.FindOperation("on"), nullptr);
  EXPECT_EQ(kTest.FindField("seed"), &kFields[2]);
  EXPECT_EQ(kTest.FindField(""), nullptr);
}

}  // namespace
}  // namespace lastcommit
