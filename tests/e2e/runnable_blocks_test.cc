#include "e2e/runnable_blocks.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

RunnableBlock TheBlockOf(const std::string& page) {
  const std::vector<RunnableBlock> blocks = RunnableBlocks(page);
  EXPECT_THAT(blocks, SizeIs(1));
  return blocks.empty() ? RunnableBlock() : blocks.front();
}

TEST(RunnableBlocksTest, OnlyMarkedBlocksAreRun) {
  EXPECT_THAT(RunnableBlocks("text\n\n    ls\n\n```\nls\n```\n"), IsEmpty());
}

TEST(RunnableBlocksTest, AnIndentedBlockEndsWithItsIndentation) {
  const RunnableBlock block =
      TheBlockOf("a\n\n<!-- runnable -->\n\n    ls\n\n    pwd\n\ntext\n");
  EXPECT_EQ(block.script, "ls\n\npwd\n");
  EXPECT_EQ(block.line, 3);
  EXPECT_EQ(block.exit_code, 0);
  EXPECT_EQ(block.last_line, std::nullopt);
  EXPECT_EQ(block.error, "");
}

TEST(RunnableBlocksTest, AFencedBlockEndsWithItsFence) {
  EXPECT_EQ(TheBlockOf("<!-- runnable -->\n```sh\nls\n```\npwd\n").script,
            "ls\n");
}

TEST(RunnableBlocksTest, ConditionsAreRead) {
  const RunnableBlock block = TheBlockOf(
      "<!-- runnable: exit 1, last line \"OK: all\", before 3.50.2 -->\n"
      "    ls\n");
  EXPECT_EQ(block.error, "");
  EXPECT_EQ(block.exit_code, 1);
  EXPECT_EQ(block.last_line, "OK: all");
  EXPECT_EQ(block.before_sqlite, 3050002);
}

TEST(RunnableBlocksTest, TheOutputOfATranscriptIsExpected) {
  const RunnableBlock block =
      TheBlockOf("<!-- runnable -->\n    $ ls\n    a\n    $ pwd\n    /b\n");
  EXPECT_EQ(block.script, "ls\npwd\n");
  EXPECT_EQ(block.last_line, "/b");
}

TEST(RunnableBlocksTest, WhatIsNotUnderstoodIsAnError) {
  for (const char* page :
       {"<!-- runnable: exits 1 -->\n    ls\n", "<!-- runnable\n    ls\n",
        "<!-- runnable exit 1 -->\n    ls\n", "<!-- runnable -->\ntext\n",
        "<!-- runnable: before 3.50 -->\n    ls\n", "<!-- runnable -->\n"}) {
    EXPECT_NE(TheBlockOf(page).error, "") << page;
  }
}

TEST(RunnableBlocksTest, AQuotedBlockHasItsFile) {
  const std::vector<QuotedBlock> blocks =
      QuotedBlocks("<!-- from a/b.cc -->\n\n    int a;\n\n    int b;\ntext\n");
  ASSERT_THAT(blocks, SizeIs(1));
  EXPECT_EQ(blocks[0].path, "a/b.cc");
  EXPECT_EQ(blocks[0].text, "int a;\n\nint b;");
}

}  // namespace
}  // namespace lastcommit
