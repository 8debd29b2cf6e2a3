// What the vocabulary `keys` says that a store answers.

#include <gtest/gtest.h>

#include "keys/specs.h"
#include "store/rows.h"

namespace lastcommit::keys {
namespace {

using absl::StatusCode;

class KeysTest : public ::testing::Test {
 protected:
  Outcome Do(Kind kind, const Arguments& arguments = {}) {
    const Operation operation = Make(kind, arguments);
    return operation.spec->apply(operation, rows_);
  }
  Outcome Put(int key, std::uint64_t seed = 1) {
    return Do(Kind::kPut, {.key = key, .value = {10, seed}});
  }
  static Outcome Answer(const std::vector<Found>& list) {
    return {StatusCode::kOk, DigestOf(list)};
  }

  Rows rows_;
};

TEST_F(KeysTest, APutAnswersTheVersion) {
  EXPECT_EQ(Put(1).value, 1);
  EXPECT_EQ(Put(1, 2).value, 2);
  EXPECT_EQ(Put(2).value, 1);
}

TEST_F(KeysTest, TheRowIsVersionAndValue) {
  Put(1);
  Put(1, 7);
  EXPECT_EQ(rows_.state().rows.at({kKeys, {KeyName(1)}, 0}),
            RowHasher().Integer(2).Blob(ContentBytes({10, 7})).Finish());
}

TEST_F(KeysTest, WhatWasDeletedBeginsAnew) {
  Put(1);
  Put(1);
  EXPECT_EQ(Do(Kind::kDelete, {.key = 1}).value, 1);
  EXPECT_EQ(Do(Kind::kDelete, {.key = 1}).value, 0);
  EXPECT_TRUE(rows_.state().rows.empty());
  EXPECT_EQ(Put(1).value, 1);
}

TEST_F(KeysTest, AGetFindsWhatIsThere) {
  EXPECT_EQ(Do(Kind::kGet, {.key = 1}).code, StatusCode::kNotFound);
  Put(1);
  Put(1);
  EXPECT_EQ(Do(Kind::kGet, {.key = 1}), Answer({{KeyName(1), 2}}));
}

TEST_F(KeysTest, AScanIsInByteOrderFromItsKeyOn) {
  for (const int key : {1, 2, 10}) Put(key);  // key-1, key-10, key-2
  EXPECT_EQ(Do(Kind::kScan, {.key = 1}),
            Answer({{KeyName(1), 1}, {KeyName(10), 1}, {KeyName(2), 1}}));
  EXPECT_EQ(Do(Kind::kScan, {.key = 10}),
            Answer({{KeyName(10), 1}, {KeyName(2), 1}}));
  EXPECT_EQ(Do(Kind::kScan, {.key = 1, .limit = 1}), Answer({{KeyName(1), 1}}));
}

TEST_F(KeysTest, QueriesChangeNothing) {
  Put(1);
  const State before = rows_.state();
  Do(Kind::kGet, {.key = 1});
  Do(Kind::kScan);
  EXPECT_EQ(rows_.state(), before);
  EXPECT_TRUE(Make(Kind::kGet).is_query());
  EXPECT_TRUE(Make(Kind::kScan).is_query());
}

}  // namespace
}  // namespace lastcommit::keys
