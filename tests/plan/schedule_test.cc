#include "plan/schedule.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace lastcommit {
namespace {

using Switches = std::vector<Switch>;

TEST(ScheduleTest, KindsAreFoundByTheirNamesAndByNoOther) {
  for (int i = 0; i < kScheduleKinds; ++i) {
    const auto kind = static_cast<ScheduleKind>(i);
    EXPECT_EQ(ParseScheduleKind(Name(kind)), kind);
  }
  for (const char* name : {"", "Plan", "rand", "random ", "round-robin"}) {
    EXPECT_EQ(ParseScheduleKind(name), std::nullopt) << name;
  }
}

TEST(ScheduleTest, NoSwitchesAreNoText) {
  EXPECT_EQ(PrintSwitches({}), "");
  EXPECT_EQ(ParseSwitches(""), Switches());
}

TEST(ScheduleTest, SwitchesAreOneWord) {
  EXPECT_EQ(PrintSwitches({{0, 1}, {17, 2}}), "0>1,17>2");
  EXPECT_EQ(ParseSwitches("0>1,17>2"), (Switches{{0, 1}, {17, 2}}));
}

TEST(ScheduleTest, WhatIsPrintedIsParsedUnchanged) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    Switches switches;
    std::int64_t at = 0;
    for (auto left = random() % 40; left > 0; --left) {
      at += 1 + static_cast<std::int64_t>(random() % 1000);
      switches.push_back({at - 1, static_cast<int>(random() % kMaxClients)});
    }
    ASSERT_EQ(ParseSwitches(PrintSwitches(switches)), switches);
  }
}

// One text for one list, or two plans that are the same would differ.
TEST(ScheduleTest, WhatIsParsedIsPrintedUnchanged) {
  for (const std::string text :
       {"0>0", "0>3,1>2,2>1,3>0", "999>1,1000>1", "1000000>3"}) {
    const auto switches = ParseSwitches(text);
    ASSERT_TRUE(switches.has_value()) << text;
    EXPECT_EQ(PrintSwitches(*switches), text);
  }
}

TEST(ScheduleTest, MalformedTextIsRefused) {
  for (const char* text :
       {"0",     ">",        "0>",       ">1",    "0>1,",
        ",0>1",  "0>1,,1>1", "0>1 ,1>1", " 0>1",  "0>1 ",
        "0-1",   "0>1;1>1",  "+1>1",     "-1>1",  "0>-1",
        "0>+1",  "00>1",     "01>1",     "0>01",  "0x1>1",
        "1.0>1", "a>1",      "0>b",      "0>1,1", "99999999999999999999>1"}) {
    EXPECT_EQ(ParseSwitches(text), std::nullopt) << text;
  }
}

TEST(ScheduleTest, SwitchesOfACallComeOnceAndInOrder) {
  EXPECT_EQ(ParseSwitches("5>1,5>2"), std::nullopt);
  EXPECT_EQ(ParseSwitches("5>1,4>2"), std::nullopt);
  EXPECT_NE(ParseSwitches("4>1,5>2"), std::nullopt);
}

TEST(ScheduleTest, EachLimitIsTheLastThatIsParsed) {
  EXPECT_NE(ParseSwitches("1000000>3"), std::nullopt);
  EXPECT_EQ(ParseSwitches("1000001>3"), std::nullopt);
  EXPECT_EQ(ParseSwitches("1>4"), std::nullopt);
  Switches most;
  for (std::size_t i = 0; i < kMaxSwitches; ++i) {
    most.push_back({static_cast<std::int64_t>(i), 1});
  }
  EXPECT_EQ(ParseSwitches(PrintSwitches(most)), most);
  most.push_back({static_cast<std::int64_t>(kMaxSwitches), 1});
  EXPECT_EQ(ParseSwitches(PrintSwitches(most)), std::nullopt);
}

}  // namespace
}  // namespace lastcommit
