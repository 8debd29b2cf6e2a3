#include "campaign/message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

Message FullMessage() {
  Message message;
  message.cells =
      ParseCells({{"trials", 12}, {"crash/fork/kill/wal/commit", 3}});
  message.digest_sum = std::numeric_limits<std::uint64_t>::max();
  message.error = "an error";
  message.is_last = true;
  Finding finding;
  finding.key = {std::numeric_limits<std::uint64_t>::max(), 7};
  finding.verdict = "violated(lost_commit)";
  finding.directory = "a directory";
  finding.plan_path = "a directory/shrunk.plan";
  finding.story = "a story\nof two lines\n";
  finding.repeats = "5 of 5 held";
  finding.shrink_trials = 99;
  finding.lines = 5;
  finding.state = FindingState::kExplained;
  finding.filed_under = "lost_commit";
  finding.verdicts = {{"held", 3}, {"violated(lost_commit)", 2}};
  finding.shape = "a shape";
  finding.looks_like = {"a-race", "a-loss"};
  finding.deaths = 1;
  message.done = {7, 9};
  finding.token = "lc2_abc";
  message.finding = finding;
  return message;
}

std::string StoryAfterRoundTrip(const std::string& story) {
  Message message = FullMessage();
  message.finding->story = story;
  const auto parsed = ParseMessage(PrintMessage(message));
  return parsed.has_value() ? parsed->finding->story : "no message";
}

TEST(MessageTest, EachFieldIsPrintedAndParsedUnchanged) {
  const Message message = FullMessage();
  const auto parsed = ParseMessage(PrintMessage(message));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->cells, message.cells);
  EXPECT_EQ(parsed->digest_sum, message.digest_sum);
  EXPECT_EQ(parsed->error, message.error);
  EXPECT_EQ(parsed->is_last, message.is_last);
  ASSERT_TRUE(parsed->finding.has_value());
  EXPECT_EQ(parsed->finding->key.seed, message.finding->key.seed);
  EXPECT_EQ(parsed->finding->key.index, message.finding->key.index);
  EXPECT_EQ(parsed->finding->verdict, message.finding->verdict);
  EXPECT_EQ(parsed->finding->directory, message.finding->directory);
  EXPECT_EQ(parsed->finding->plan_path, message.finding->plan_path);
  EXPECT_EQ(parsed->finding->story, message.finding->story);
  EXPECT_EQ(parsed->finding->repeats, message.finding->repeats);
  EXPECT_EQ(parsed->finding->shrink_trials, message.finding->shrink_trials);
  EXPECT_EQ(parsed->finding->lines, message.finding->lines);
  EXPECT_EQ(parsed->finding->token, message.finding->token);
  EXPECT_EQ(parsed->finding->state, message.finding->state);
  EXPECT_EQ(parsed->finding->filed_under, message.finding->filed_under);
  EXPECT_EQ(parsed->finding->verdicts, message.finding->verdicts);
  EXPECT_EQ(parsed->finding->shape, message.finding->shape);
  EXPECT_EQ(parsed->finding->looks_like, message.finding->looks_like);
  EXPECT_EQ(parsed->finding->deaths, message.finding->deaths);
  EXPECT_EQ(parsed->done, message.done);
}

TEST(MessageTest, AnAssignmentIsPrintedAndParsedUnchanged) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const auto parsed =
      ParseAssignment(PrintAssignment({{kMost - 2, kMost}, {kMost - 1}}));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->range, (IndexRange{kMost - 2, kMost}));
  EXPECT_EQ(parsed->settled, (std::set<std::uint64_t>{kMost - 1}));
  EXPECT_FALSE(ParseAssignment("{}").has_value());
  EXPECT_FALSE(ParseAssignment(R"({"range":[1],"settled":[]})").has_value());
}

TEST(MessageTest, AnEmptyMessageIsOneToo) {
  const auto parsed = ParseMessage(PrintMessage(Message()));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_FALSE(parsed->finding.has_value());
  EXPECT_FALSE(parsed->is_last);
}

TEST(MessageTest, HostileTextStaysOnOneLineAndUnchanged) {
  for (const std::string& story :
       {std::string("a\n{\"last\":true}\n"), std::string("\"\\\r\t\x7f"),
        std::string("a\0b", 3), std::string("\xc3\xa4 \xf0\x9f\x92\xa5")}) {
    Message message;
    message.error = story;
    const std::string line = PrintMessage(message);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(StoryAfterRoundTrip(story), story);
  }
}

TEST(MessageTest, BytesThatAreNoTextAreReplacedAndTheRestIsKept) {
  const std::string story = StoryAfterRoundTrip("before\xff\xc0 after");
  EXPECT_THAT(story, HasSubstr("before"));
  EXPECT_THAT(story, HasSubstr(" after"));
}

TEST(MessageTest, NoBeginningOfALineIsAMessage) {
  const std::string line = PrintMessage(FullMessage());
  for (std::size_t size = 0; size + 1 < line.size(); ++size) {
    EXPECT_FALSE(ParseMessage(line.substr(0, size)).has_value()) << size;
  }
}

TEST(MessageTest, OtherJsonIsNoMessage) {
  for (const char* line :
       {"", "1", "null", "[]", "{}", "{\"cells\":{}}",
        R"({"cells":[],"digest":1,"error":"","last":true})",
        R"({"cells":{},"digest":"1","error":"","last":true})",
        R"({"cells":{},"digest":1,"error":"","last":true,"finding":{}})"}) {
    EXPECT_FALSE(ParseMessage(line).has_value()) << line;
  }
}

}  // namespace
}  // namespace lastcommit
