#include "store/rows.h"

#include <gtest/gtest.h>

namespace lastcommit {
namespace {

constexpr TableSpec kThings = {0, "thing", 1};

RowKey Key(const std::string& name) { return {kThings, {name}, 0}; }
Fingerprint Row(std::int64_t value) {
  return RowHasher().Integer(value).Finish();
}

std::uint64_t SumOfDigests(const Rows& rows) {
  std::uint64_t sum = 0;
  for (const auto& [key, row] : rows.state().rows) sum += RowDigest(key, row);
  return sum;
}

TEST(RowsTest, HasWhatWasPutWithItsFacts) {
  Rows rows;
  rows.Put(Key("a"), Row(1), Facts{7});
  EXPECT_TRUE(rows.Has(Key("a")));
  ASSERT_NE(rows.FactsOf(Key("a")), nullptr);
  EXPECT_EQ((*rows.FactsOf(Key("a")))[0], 7);
  EXPECT_EQ(rows.FactsOf(Key("b")), nullptr);
}

TEST(RowsTest, UndoRestoresWhatWasReplacedPutAndErased) {
  Rows rows;
  rows.Put(Key("a"), Row(1), Facts{7});
  rows.Put(Key("b"), Row(2));
  const State before = rows.state();
  const std::size_t mark = rows.mark();
  rows.Put(Key("a"), Row(3), Facts{8});
  rows.Put(Key("c"), Row(4));
  rows.Erase(Key("b"));
  rows.Erase(Key("a"));
  rows.UndoTo(mark);
  EXPECT_EQ(rows.state(), before);
  EXPECT_EQ((*rows.FactsOf(Key("a")))[0], 7);
  EXPECT_EQ(rows.digests(), SumOfDigests(rows));
}

TEST(RowsTest, APutWithoutFactsTakesThemAway) {
  Rows rows;
  rows.Put(Key("a"), Row(1), Facts{7});
  rows.Put(Key("a"), Row(1));
  EXPECT_EQ(rows.FactsOf(Key("a")), nullptr);
}

TEST(RowsTest, DigestsAreThoseOfTheRows) {
  Rows rows;
  for (int i = 0; i < 20; ++i) rows.Put(Key(std::to_string(i % 7)), Row(i));
  rows.Erase(Key("3"));
  rows.Erase(Key("not there"));
  EXPECT_EQ(rows.digests(), SumOfDigests(rows));
}

TEST(RowsTest, ErasesWhileThePredicateHolds) {
  Rows rows;
  for (const char* name : {"a", "b1", "b2", "c", "b3"}) {
    rows.Put(Key(name), Row(1));
  }
  rows.EraseWhile(Key("b"), [](const RowKey& key) {
    return key.names[0].starts_with('b');
  });
  EXPECT_EQ(rows.state().rows.size(), 2u);
  EXPECT_TRUE(rows.Has(Key("a")));
  EXPECT_TRUE(rows.Has(Key("c")));
}

}  // namespace
}  // namespace lastcommit
