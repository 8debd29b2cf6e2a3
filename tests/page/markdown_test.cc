#include "page/markdown.h"

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(MarkdownTest, TextMeansNothingToMarkdown) {
  EXPECT_EQ(MarkdownText("a_b *c* <d> [e](f) `g` | h"),
            "a\\_b \\*c\\* \\<d\\> \\[e\\](f) \\`g\\` \\| h");
}

TEST(MarkdownTest, TextIsOneLineOfPrintableAscii) {
  EXPECT_EQ(MarkdownText("a\n# b\x1b[31m\xc3\xa4"),
            "a\\x0a\\# b\\x1b\\[31m\\xc3\\xa4");
}

TEST(MarkdownTest, CodeKeepsItsLinesAndEndsWhereItEnds) {
  EXPECT_EQ(MarkdownCode("a | b\n```\n````\nc\x07"),
            "`````text\na | b\n```\n````\nc\\x07\n`````\n");
}

TEST(MarkdownTest, ATableHasAHeadAndEscapedCells) {
  EXPECT_EQ(MarkdownTable({{"a", "b"}, {"1|2", "3"}}),
            "| a | b |\n| :-- | --: |\n| 1\\|2 | 3 |\n");
}

}  // namespace
}  // namespace lastcommit
