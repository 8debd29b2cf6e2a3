#include "output/shown.h"

#include <string>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(ShownTest, TextInUtf8StaysAsItIs) {
  for (const char* text :
       {"", "plain, \"quoted\" \\ text", "größe", "文件", "данные", "שלום", "😀",
        "e\u0301", "\u00a0", "\U0010fffd"}) {
    EXPECT_EQ(Shown(text), text);
  }
}

TEST(ShownTest, ControlCharactersAreEscaped) {
  EXPECT_EQ(Shown("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(Shown("\x1b[31m\r\x7f"), "\\x1b[31m\\x0d\\x7f");
  EXPECT_EQ(Shown(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(Shown("\u0085"), "\\u{85}");
}

TEST(ShownTest, WhatHidesOrTurnsTextIsEscaped) {
  EXPECT_EQ(Shown("a\u202eb\u2066c"), "a\\u{202e}b\\u{2066}c");
  EXPECT_EQ(Shown("\u200b\u00ad\ufeff"), "\\u{200b}\\u{ad}\\u{feff}");
  EXPECT_EQ(Shown("\u2028\U000e0041"), "\\u{2028}\\u{e0041}");
}

TEST(ShownTest, WhatIsNoUtf8IsEscapedByteByByte) {
  EXPECT_EQ(Shown("a\xffz"), "a\\xffz");
  EXPECT_EQ(Shown("\xc3"), "\\xc3");                  // cut short
  EXPECT_EQ(Shown("\xc3(\xc3\xb6"), "\\xc3(\u00f6");  // goes on behind it
  EXPECT_EQ(Shown("\xc0\xaf"), "\\xc0\\xaf");         // longer than need be
  EXPECT_EQ(Shown("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");
  EXPECT_EQ(Shown("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(Shown("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond all
}

}  // namespace
}  // namespace lastcommit
