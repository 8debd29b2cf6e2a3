// docs/plan-format.md says what the code does.

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"

namespace lastcommit {
namespace {

std::string Page() {
  std::ifstream file(PLAN_FORMAT_PAGE);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The blocks of the page that begin with the line "```plan".
std::vector<std::string> Examples() {
  const std::string begin = "```plan\n";
  const std::string page = Page();
  std::vector<std::string> examples;
  for (std::size_t at = page.find(begin); at != std::string::npos;
       at = page.find(begin, at + 1)) {
    const std::size_t first = at + begin.size();
    examples.push_back(page.substr(first, page.find("```", first) - first));
  }
  return examples;
}

TEST(FormatPageTest, TheWorkedExamplesArePlansAsTheyArePrinted) {
  ASSERT_EQ(Examples().size(), 2u);
  for (const std::string& example : Examples()) {
    const absl::StatusOr<Plan> plan = ParsePlan(example, "example");
    ASSERT_THAT(plan, IsOk());
    EXPECT_EQ(PrintPlan(*plan), example);
  }
}

TEST(FormatPageTest, TheSecondExampleHasTwoClientsAndASwitch) {
  const absl::StatusOr<Plan> plan = ParsePlan(Examples().back(), "example");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(Clients(*plan), 2);
  EXPECT_FALSE(plan->rounds[0].steps[3].switches.empty());
}

TEST(FormatPageTest, EveryScheduleIsNamed) {
  const std::string page = Page();
  for (int i = 0; i < kScheduleKinds; ++i) {
    const std::string name(Name(static_cast<ScheduleKind>(i)));
    EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name;
  }
}

TEST(FormatPageTest, EverySurvivalAndErrorIsNamed) {
  const std::string page = Page();
  for (int i = 0; i < kSurvivalKinds; ++i) {
    const std::string name(Name(static_cast<SurvivalKind>(i)));
    EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name;
  }
  for (int i = 0; i < kErrorKinds; ++i) {
    const std::string name(Name(static_cast<ErrorKind>(i)));
    EXPECT_NE(page.find("| `" + name + "` |"), std::string::npos) << name;
  }
}

TEST(FormatPageTest, EveryStepAndViolationIsNamed) {
  const std::string page = Page();
  for (int i = 0; i < kStepKinds; ++i) {
    const std::string name(Name(static_cast<StepKind>(i)));
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name;
  }
  for (int i = 0; i < kViolationClasses; ++i) {
    const std::string name(Name(static_cast<ViolationClass>(i)));
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace lastcommit
