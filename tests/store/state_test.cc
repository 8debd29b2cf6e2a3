#include "store/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "threads/specs.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

RowKey Log(std::int64_t number) { return {threads::kLogs, {"t"}, number}; }
Fingerprint RowOf(std::string_view text) {
  return RowHasher().Text(text).Finish();
}
State StateWithLogs(std::int64_t count) {
  State state;
  state.cut = 1;
  for (std::int64_t i = 1; i <= count; ++i) state.rows[Log(i)] = RowOf("x");
  return state;
}

TEST(RowHasherTest, ColumnBoundariesMatter) {
  EXPECT_NE(RowHasher().Text("a").Text("bc").Finish(),
            RowHasher().Text("ab").Text("c").Finish());
  EXPECT_NE(RowHasher().Text("").Text("a").Finish(),
            RowHasher().Text("a").Text("").Finish());
}

TEST(RowHasherTest, TypesOfTheSameBytesMatter) {
  EXPECT_NE(RowHasher().Text("1").Finish(), RowHasher().Integer(1).Finish());
  EXPECT_NE(RowHasher().Text("1").Finish(), RowHasher().Blob("1").Finish());
  EXPECT_NE(RowHasher().Text("").Finish(), RowHasher().Null().Finish());
  EXPECT_NE(RowHasher().Blob("").Finish(), RowHasher().Null().Finish());
}

TEST(RowHasherTest, OrderOfColumnsMatters) {
  EXPECT_NE(RowHasher().Integer(1).Integer(2).Finish(),
            RowHasher().Integer(2).Integer(1).Finish());
}

TEST(RowHasherTest, BytesAreTheSumOfTheColumns) {
  EXPECT_EQ(RowHasher().Text("abc").Blob("de").Null().Finish().bytes, 5);
}

TEST(DigestTest, EqualStatesHaveEqualDigests) {
  EXPECT_EQ(Digest(StateWithLogs(3)), Digest(StateWithLogs(3)));
}

TEST(DigestTest, EveryPartOfTheStateMatters) {
  const RowKey key = {threads::kCheckpoints, {"t", "n", "c"}, 0};
  const auto digest = [](std::int64_t cut, const RowKey& k,
                         const Fingerprint& row) {
    State state;
    state.cut = cut;
    state.rows[k] = row;
    return Digest(state);
  };
  const std::uint64_t plain = digest(1, key, RowOf("x"));
  EXPECT_NE(digest(2, key, RowOf("x")), plain);
  EXPECT_NE(digest(1, key, RowOf("y")), plain);
  EXPECT_NE(digest(1, {threads::kBlobs, {"t", "n", "c"}, 0}, RowOf("x")),
            plain);
  EXPECT_NE(digest(1, {threads::kCheckpoints, {"u", "n", "c"}, 0}, RowOf("x")),
            plain);
  EXPECT_NE(digest(1, {threads::kCheckpoints, {"t", "m", "c"}, 0}, RowOf("x")),
            plain);
  EXPECT_NE(digest(1, {threads::kCheckpoints, {"t", "n", "d"}, 0}, RowOf("x")),
            plain);
  EXPECT_NE(digest(1, {threads::kCheckpoints, {"t", "n", "c"}, 1}, RowOf("x")),
            plain);
}

TEST(DigestTest, CutAndTableAreNotMixedUp) {
  State one;
  one.cut = 2;
  one.rows[{threads::kThreads, {"t"}, 0}] = RowOf("x");
  State other;
  other.cut = 0;
  other.rows[{threads::kLogs, {"t"}, 0}] = RowOf("x");
  EXPECT_NE(Digest(one), Digest(other));
}

TEST(DescribeTest, NamesTheRowAsPeopleReadIt) {
  EXPECT_EQ(Describe(Log(3)), "log t #3");
  EXPECT_EQ(Describe(RowKey{threads::kThreads, {"t"}, 0}), "thread t");
  EXPECT_EQ(Describe(RowKey{threads::kBlobs, {"t", "b"}, 0}), "blob t / b");
  EXPECT_EQ(Describe(RowKey{threads::kCheckpoints, {"t", "n", "c"}, 0}),
            "checkpoint t / n / c");
}

TEST(DescribeTest, IsOneLineWhateverTheName) {
  EXPECT_EQ(Describe(RowKey{threads::kThreads, {"a\nb\x1b"}, 0}),
            "thread a\\nb\\x1b");
}

TEST(DifferenceTest, OfEqualStatesIsEmpty) {
  EXPECT_THAT(Difference(StateWithLogs(3), StateWithLogs(3), 10), IsEmpty());
}

TEST(DifferenceTest, NamesMissingExtraAndChangedRows) {
  State expected;
  expected.rows[Log(1)] = RowOf("one");
  expected.rows[Log(2)] = RowOf("two");
  State found;
  found.rows[Log(2)] = RowOf("2");
  found.rows[Log(3)] = RowOf("three");
  EXPECT_THAT(
      Difference(expected, found, 10),
      ElementsAre(StartsWith("log t #1: expected 3 bytes"),
                  StartsWith("log t #2: expected 3 bytes"),
                  StartsWith("log t #3: expected nothing, found 5 bytes")));
}

TEST(DifferenceTest, SaysTheValuesWhereTheyAreShown) {
  const ShownValues values;
  State expected;
  expected.rows[Log(1)] =
      RowHasher().Text("a\nb").Integer(-3).Null().Blob("\x01\x02").Finish();
  EXPECT_THAT(
      Difference(expected, State(), 10),
      ElementsAre("log t #1: expected ('a\\nb', -3, NULL, x'0102'), found "
                  "nothing"));
}

TEST(DifferenceTest, ValuesThatAreCutShortDoNotLookAlike) {
  const std::string same(100, 'x');
  const ShownValues values;
  State expected;
  expected.rows[Log(1)] = RowOf(same + "1");
  State found;
  found.rows[Log(1)] = RowOf(same + "2");
  const DifferingRows differing = DifferingRowsOf(expected, found, 10);
  ASSERT_THAT(differing.rows, SizeIs(1));
  EXPECT_THAT(differing.rows[0].expected, StartsWith("('xxxx"));
  EXPECT_THAT(differing.rows[0].expected, HasSubstr("(101 bytes)"));
  EXPECT_NE(differing.rows[0].expected, differing.rows[0].found);
}

TEST(DifferenceTest, ValuesAreShownNoLongerThanThat) {
  State expected;
  {
    const ShownValues values;
    expected.rows[Log(1)] = RowOf("one");
  }
  EXPECT_THAT(Difference(expected, State(), 10),
              ElementsAre(StartsWith("log t #1: expected 3 bytes")));
}

TEST(DifferenceTest, StopsAtTheLimitAndSaysHowManyMore) {
  const std::vector<std::string> lines =
      Difference(StateWithLogs(12), State(), 10);
  ASSERT_THAT(lines, SizeIs(11));
  EXPECT_THAT(lines.back(), HasSubstr("2 more"));
}

}  // namespace
}  // namespace lastcommit
