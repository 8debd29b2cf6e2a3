#include "results/step_charts.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::StartsWith;

using Kind = StepChart::Kind;

constexpr char kHeader[] =
    R"({"lastcommit":2,"saver":"sqlite","engine":"sim","profile":)"
    R"({"journal_mode":"wal","synchronous":"full","page_size":4096,)"
    R"("cache_size":10,"wal_autocheckpoint":1000},"expect":"held"})";

std::vector<StepChart> StepChartsOfText(const std::string& steps,
                                        const StoryFacts& facts = {}) {
  const absl::StatusOr<Plan> plan =
      ParsePlan(std::string(kHeader) + "\n" + steps, "a.plan");
  EXPECT_TRUE(plan.ok()) << plan.status();
  return plan.ok() ? StepChartsOf(*plan, facts) : std::vector<StepChart>();
}

auto IsRow(Kind kind, std::size_t column, const std::string& text) {
  return AllOf(Field(&StepChart::Row::kind, kind),
               Field(&StepChart::Row::column, column),
               Field(&StepChart::Row::text, StartsWith(text)));
}

TEST(StepChartsTest, AStepSaysWhatItAcknowledgedAndARoundWhatItLeft) {
  StoryFacts facts;
  facts.acknowledgements = {{1, 0, 7}};
  facts.ends = {"", "found: nothing"};
  const auto charts = StepChartsOfText(R"({"step":"open"}
{"step":"close"}
{"step":"open"}
{"step":"close"}
)",
                                       facts);
  ASSERT_EQ(charts.size(), 2u);
  for (const StepChart::Row& row : charts[0].rows) EXPECT_EQ(row.good, "");
  ASSERT_EQ(charts[1].rows.size(), 3u);
  EXPECT_EQ(charts[1].rows[0].good, "commit 7 acknowledged");
  EXPECT_EQ(charts[1].rows[1].good, "");
  EXPECT_THAT(charts[1].rows[2], IsRow(Kind::kMark, 0, "found: nothing"));
}

TEST(StepChartsTest, WhatComesBehindTheCrashIsNotReached) {
  const auto charts = StepChartsOfText(
      R"({"step":"open"}
{"step":"create_task"}
{"step":"create_task","crash":{"io":1,"moment":"before"}}
{"step":"create_task"}
{"step":"close"}
{"step":"open"}
{"step":"close"}
)");
  ASSERT_EQ(charts.size(), 2u);
  EXPECT_EQ(charts[1].title, "Round 2");
  EXPECT_THAT(charts[0].columns, ElementsAre("client 0"));
  EXPECT_THAT(
      charts[0].rows,
      ElementsAre(IsRow(Kind::kStep, 0, "open"),
                  IsRow(Kind::kStep, 0, "create_task"),
                  IsRow(Kind::kStep, 0, "create_task"),
                  IsRow(Kind::kCrash, 0, "in step 2: KILLED before I/O call 1"),
                  IsRow(Kind::kNotReached, 0, "create_task"),
                  IsRow(Kind::kNotReached, 0, "close")));
  EXPECT_EQ(charts[0].rows[2].number, "2");
}

TEST(StepChartsTest, EachClientHasItsColumn) {
  const auto charts = StepChartsOfText(
      R"({"step":"open"}
{"step":"open","client":1}
{"step":"create_task","client":1,"switches":"3>0"}
{"step":"create_task","crash":{"io":1,"moment":"before","who":"one"}}
{"step":"create_task"}
{"step":"close","client":1}
{"step":"close"}
)");
  ASSERT_EQ(charts.size(), 1u);
  EXPECT_THAT(charts[0].columns, ElementsAre("client 0", "client 1"));
  EXPECT_THAT(
      charts[0].rows,
      ElementsAre(IsRow(Kind::kStep, 0, "open"), IsRow(Kind::kStep, 1, "open"),
                  IsRow(Kind::kStep, 1, "create_task"),
                  IsRow(Kind::kMark, 0, "before VFS call 2: client 0 goes on"),
                  IsRow(Kind::kStep, 0, "create_task"),
                  IsRow(Kind::kCrash, 0, "in step 3: "),
                  IsRow(Kind::kNotReached, 0, "create_task"),
                  IsRow(Kind::kStep, 1, "close"),
                  IsRow(Kind::kNotReached, 0, "close")));
}

TEST(StepChartsTest, OfManyStepsTheFirstOnesAreShown) {
  std::string steps = "{\"step\":\"open\"}\n";
  for (int i = 0; i < 250; ++i) steps += "{\"step\":\"create_task\"}\n";
  steps += "{\"step\":\"close\"}\n";
  const auto charts = StepChartsOfText(steps);
  ASSERT_EQ(charts.size(), 1u);
  ASSERT_EQ(charts[0].rows.size(), 201u);
  EXPECT_EQ(charts[0].rows.back().text, "and 52 more steps");
}

}  // namespace
}  // namespace lastcommit
