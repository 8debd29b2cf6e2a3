#include "plan/fault.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(FaultTest, EachNameParsesToItsSurvival) {
  for (int i = 0; i < kSurvivalKinds; ++i) {
    const auto kind = static_cast<SurvivalKind>(i);
    EXPECT_EQ(ParseSurvivalKind(Name(kind)), kind);
  }
  EXPECT_EQ(ParseSurvivalKind(""), std::nullopt);
  EXPECT_EQ(ParseSurvivalKind("All"), std::nullopt);
}

TEST(FaultTest, EachNameParsesToItsError) {
  for (int i = 0; i < kErrorKinds; ++i) {
    const auto kind = static_cast<ErrorKind>(i);
    EXPECT_EQ(ParseErrorKind(Name(kind)), kind);
  }
  EXPECT_EQ(ParseErrorKind(""), std::nullopt);
  EXPECT_EQ(ParseErrorKind("reads"), std::nullopt);
}

TEST(FaultTest, FatesPrintAsTheyAlwaysDidAndParseBack) {
  const std::vector<Fate> fates = {{3},
                                   {5, FateKind::kHead, 100},
                                   {7, FateKind::kTail, 200},
                                   {9, FateKind::kHeadGarbage, 0},
                                   {11, FateKind::kZeros}};
  EXPECT_EQ(PrintFates(fates), "3,5h100,7t200,9g0,11z");
  EXPECT_EQ(ParseFates("3,5h100,7t200,9g0,11z"), fates);
  EXPECT_EQ(PrintFates({}), "");
  EXPECT_EQ(ParseFates(""), std::vector<Fate>());
}

TEST(FaultTest, FatesParseBackAtTheirLimits) {
  const std::vector<Fate> fates = {
      {0, FateKind::kHead, kMaxFateNumber},
      {kMaxFateNumber, FateKind::kTail, kMaxFateNumber}};
  EXPECT_EQ(ParseFates(PrintFates(fates)), fates);
}

TEST(FaultTest, TextThatSaysNoFatesIsRefused) {
  for (const char* text :
       {",",    "1,",         ",1",           "1,,2",
        "a",    "-1",         "+1",           " 1",
        "1 ",   "01",         "1h",           "1h01",
        "1h-1", "1hz",        "1z1",          "1x",
        "1hh1", "2,1",        "1,1",          "1,1z",
        "1;2",  "1000000001", "1h1000000001", "99999999999999999999"}) {
    EXPECT_EQ(ParseFates(text), std::nullopt) << text;
  }
}

TEST(FaultTest, MoreFatesThanTheLimitAreRefused) {
  std::string text = "0";
  for (std::size_t i = 1; i < kMaxFates; ++i) absl::StrAppend(&text, ",", i);
  ASSERT_TRUE(ParseFates(text).has_value());
  EXPECT_EQ(ParseFates(absl::StrCat(text, ",", kMaxFates)), std::nullopt);
}

}  // namespace
}  // namespace lastcommit
