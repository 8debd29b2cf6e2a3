// What the vocabulary `log` says that a store answers and holds.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "logs/draw.h"
#include "logs/specs.h"
#include "store/draw.h"
#include "store/rows.h"

namespace lastcommit::logs {
namespace {

using absl::StatusCode;

class LogTest : public ::testing::Test {
 protected:
  LogTest() { kVocabulary.create(rows_); }

  Outcome Do(Kind kind, const Arguments& arguments = {}) {
    const Operation operation = Make(kind, arguments);
    return operation.spec->apply(operation, rows_);
  }
  // The number that it gets.
  std::int64_t Append(std::uint64_t seed) {
    return Do(Kind::kAppend, {.value = {20, seed}}).value;
  }
  // What a read answers that gives these entries.
  std::int64_t AnswerOf(const std::vector<std::uint64_t>& seeds,
                        std::int64_t first) {
    ReadAnswer answer;
    for (const std::uint64_t seed : seeds) {
      answer.Add(first++, EntryRow(EntryOf({.value = {20, seed}}, 0)));
    }
    return answer.value();
  }
  std::int64_t Read(int after, int limit) {
    return Do(Kind::kRead, {.limit = limit, .after = after}).value;
  }
  bool IsNext(std::int64_t number) const {
    return rows_.state().rows.at({kNext, {}, 0}) == NextRow(number);
  }
  // Entries, and the row with the next number.
  std::size_t size() const { return rows_.state().rows.size(); }

  Rows rows_;
};

TEST_F(LogTest, ANewOneIsEmptyAndBeginsWithOne) {
  EXPECT_EQ(size(), 1u);
  EXPECT_TRUE(IsNext(1));
  EXPECT_EQ(Read(0, 10), AnswerOf({}, 1));
}

// The model is asked so where no client could open the store.
TEST(LogOfNoStoreTest, BeginsWithOneToo) {
  Rows rows;
  const Operation append = Make(Kind::kAppend, {.value = {20, 7}});
  EXPECT_EQ(append.spec->apply(append, rows).value, 1);
}

TEST_F(LogTest, EachEntryHasTheNextNumber) {
  EXPECT_EQ(Append(7), 1);
  EXPECT_EQ(Append(8), 2);
  EXPECT_TRUE(IsNext(3));
  EXPECT_EQ(size(), 3u);
}

TEST_F(LogTest, ABatchAnswersItsLastNumber) {
  EXPECT_EQ(Append(7), 1);
  EXPECT_EQ(Do(Kind::kAppendBatch, {.count = 3, .value = {20, 9}}).value, 4);
  for (int idx = 0; idx < 3; ++idx) {
    EXPECT_EQ(rows_.state().rows.at({kEntries, {}, 2 + idx}),
              EntryRow(EntryOf({.value = {20, 9}}, idx)));
  }
  EXPECT_NE(EntryOf({.value = {20, 9}}, 0), EntryOf({.value = {20, 9}}, 1));
}

TEST_F(LogTest, AReadGivesSoManyAfterANumber) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) Append(seed);
  EXPECT_EQ(Read(0, 10), AnswerOf({1, 2, 3, 4}, 1));
  EXPECT_EQ(Read(1, 2), AnswerOf({2, 3}, 2));
  EXPECT_EQ(Read(3, 2), AnswerOf({4}, 4));
  EXPECT_EQ(Read(4, 2), AnswerOf({}, 5));
  EXPECT_NE(Read(1, 1), AnswerOf({2}, 3));  // numbers are part of it
}

TEST_F(LogTest, ATrimTakesWhatIsUpToANumber) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) Append(seed);
  EXPECT_EQ(Do(Kind::kTrim, {.to = 2}).code, StatusCode::kOk);
  EXPECT_EQ(Read(0, 10), AnswerOf({3, 4}, 3));
  EXPECT_EQ(Do(Kind::kTrim, {.to = 1}).code, StatusCode::kOk);
  EXPECT_EQ(Read(0, 10), AnswerOf({3, 4}, 3));
}

TEST_F(LogTest, ANumberIsNeverGivenAgain) {
  Append(1);
  Append(2);
  Do(Kind::kTrim, {.to = 9});  // there is no 9 yet, and it stays the number 3
  EXPECT_EQ(size(), 1u);
  EXPECT_TRUE(IsNext(3));
  EXPECT_EQ(Append(3), 3);
}

TEST_F(LogTest, WhatIsUndoneGivesItsNumbersBack) {
  Append(1);
  const std::size_t mark = rows_.mark();
  Append(2);
  rows_.UndoTo(mark);
  EXPECT_TRUE(IsNext(2));
  EXPECT_EQ(Append(3), 2);
}

// Others append, too, of whom a client knows nothing.
TEST(LogDrawTest, TrimsAllOfItNowAndThenAndReadsBehindTheEnd) {
  int of_all = 0;
  int beyond = 0;
  int behind = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Draw draw((rc::Random(seed)));
    const auto operations =
        DrawOperations(kVocabulary, draw, {.max_bytes = 1000});
    int last = 0;
    for (int i = 0; i < 30; ++i) {
      const OperationSpec& spec = SpecOf(static_cast<Kind>(i % 4));
      if (!operations->Fits(spec)) continue;
      const Operation operation = operations->DrawFor(spec);
      const Arguments arguments = ArgumentsOf(operation);
      if (KindOf(operation) == Kind::kTrim) {
        of_all += arguments.to == last ? 1 : 0;
        beyond += arguments.to > last ? 1 : 0;
        EXPECT_LE(arguments.to, 3 * last);
      } else if (spec.is_change) {
        last += arguments.count;
      } else {
        behind += arguments.after >= last ? 1 : 0;
        EXPECT_LE(arguments.after, 3 * last);
      }
    }
    EXPECT_GT(last, 0);
  }
  EXPECT_GT(of_all, 50);
  EXPECT_GT(beyond, 20);
  EXPECT_GT(behind, 20);
}

}  // namespace
}  // namespace lastcommit::logs
