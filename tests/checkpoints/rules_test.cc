// What the vocabulary `checkpoints` says that a store answers and holds.

#include <gtest/gtest.h>

#include <string>

#include "checkpoints/draw.h"
#include "checkpoints/specs.h"
#include "store/draw.h"
#include "store/rows.h"

namespace lastcommit::checkpoints {
namespace {

using absl::StatusCode;

class CheckpointsTest : public ::testing::Test {
 protected:
  Outcome Do(Kind kind, const Arguments& arguments = {}) {
    const Operation operation = Make(kind, arguments);
    return operation.spec->apply(operation, rows_);
  }
  std::size_t size() const { return rows_.state().rows.size(); }
  const Fingerprint& Write(int number) const {
    return rows_.state().rows.at(
        {kWrites,
         {ThreadName(0), NamespaceName(0), CheckpointName(0), TaskName(0)},
         number});
  }

  Rows rows_;
};

constexpr Content kFirst = {20, 1};
constexpr Content kSecond = {20, 2};

TEST_F(CheckpointsTest, APutTakesThePlaceOfOneWithThatId) {
  Do(Kind::kPut, {.parent = 3, .value = kFirst});
  Do(Kind::kPut, {.value = kSecond});
  EXPECT_EQ(size(), 1u);
  const RowKey key = {
      kCheckpoints, {ThreadName(0), NamespaceName(0), CheckpointName(0)}, 0};
  EXPECT_EQ(rows_.state().rows.at(key),
            CheckpointRow(std::nullopt, ValueOf({.value = kSecond})));
  EXPECT_NE(rows_.state().rows.at(key),
            CheckpointRow("", ValueOf({.value = kSecond})));
}

TEST_F(CheckpointsTest, ANamespaceIsAnotherPlace) {
  for (const int ns : {0, 1, 2}) Do(Kind::kPut, {.ns = ns, .value = kFirst});
  EXPECT_EQ(size(), 3u);
  EXPECT_EQ(NamespaceName(0), "");
}

TEST_F(CheckpointsTest, AWriteThatIsThereStays) {
  Do(Kind::kPutWrites, {.count = 2, .value = kFirst});
  const Arguments more = {.count = 3, .value = kSecond};
  Do(Kind::kPutWrites, more);
  EXPECT_EQ(size(), 3u);
  EXPECT_EQ(Write(1), WriteRow(WriteOf(Kind::kPutWrites,
                                       {.count = 2, .value = kFirst}, 1)));
  EXPECT_EQ(Write(2), WriteRow(WriteOf(Kind::kPutWrites, more, 2)));
}

TEST_F(CheckpointsTest, BytesAreNoText) {
  const Arguments arguments = {.value = kFirst};
  Do(Kind::kPutBytes, arguments);
  const Value bytes = WriteOf(Kind::kPutBytes, arguments, 0);
  EXPECT_TRUE(bytes.is_bytes);
  EXPECT_NE(bytes.content.find('\xff'), std::string::npos);
  EXPECT_EQ(Write(0), WriteRow(bytes));
  EXPECT_NE(Write(0), WriteRow({bytes.content, false}));
}

TEST_F(CheckpointsTest, AStepIsBoth) {
  Do(Kind::kPutStep, {.count = 2, .value = kFirst});
  EXPECT_EQ(size(), 3u);
}

TEST_F(CheckpointsTest, AGetGivesTheCheckpointAndItsWrites) {
  EXPECT_EQ(Do(Kind::kGet).code, StatusCode::kNotFound);
  Do(Kind::kPutWrites, {.value = kFirst});
  EXPECT_EQ(Do(Kind::kGet).code, StatusCode::kNotFound);
  Do(Kind::kPut, {.parent = 1, .value = kSecond});
  // Those of others are not among them.
  for (const int other : {1, 2}) {
    Do(Kind::kPutWrites, {.id = other, .value = kFirst});
    Do(Kind::kPutWrites, {.ns = other, .value = kFirst});
  }
  EXPECT_EQ(
      Do(Kind::kGet).value,
      AnswerOf(CheckpointRow(CheckpointName(1), ValueOf({.value = kSecond})),
               {{{TaskName(0), 0}, Write(0)}}));
}

TEST_F(CheckpointsTest, AThreadIsDeletedWithAllItsNamespaces) {
  for (const int thread : {0, 1}) {
    Do(Kind::kPut, {.thread = thread, .ns = 1, .value = kFirst});
    Do(Kind::kPutWrites, {.thread = thread, .value = kFirst});
  }
  EXPECT_EQ(Do(Kind::kDeleteThread).code, StatusCode::kOk);
  EXPECT_EQ(size(), 2u);
  for (const auto& [key, row] : rows_.state().rows) {
    EXPECT_EQ(key.names[0], ThreadName(1));
  }
  EXPECT_EQ(Do(Kind::kDeleteThread).code, StatusCode::kOk);
}

TEST_F(CheckpointsTest, EachValueOfAPlanIsAnother) {
  const Arguments arguments = {.count = 2, .value = kFirst};
  EXPECT_NE(WriteOf(Kind::kPutWrites, arguments, 0).content,
            WriteOf(Kind::kPutWrites, arguments, 1).content);
  EXPECT_NE(WriteOf(Kind::kPutWrites, arguments, 0).content,
            WriteOf(Kind::kPutBytes, arguments, 0).content);
}

TEST_F(CheckpointsTest, WhatIsDrawnHasItsArgumentsInTheirRanges) {
  Draw draw((rc::Random(7)));
  const auto operations = DrawOperations(kVocabulary, draw, {4096, 70'000});
  for (int i = 0; i < 200; ++i) {
    for (const OperationSpec& spec : kVocabulary.operations) {
      ASSERT_TRUE(operations->Fits(spec));
      const Operation operation = operations->DrawFor(spec);
      EXPECT_EQ(operation.spec, &spec);
      for (const Field& field : kVocabulary.fields) {
        if (field.place != Field::Place::kValue) continue;
        EXPECT_GE(operation.Get(field), field.min) << field.name;
        EXPECT_LE(operation.Get(field), field.max) << field.name;
      }
      EXPECT_EQ(KindOf(Make(KindOf(operation), ArgumentsOf(operation))),
                KindOf(operation));
    }
  }
}

}  // namespace
}  // namespace lastcommit::checkpoints
