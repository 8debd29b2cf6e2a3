// docs/plan-format.md says what the code does.

#include <fstream>
#include <iterator>
#include <string>

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

// The block of the page that begins with the line "```plan".
std::string Example() {
  const std::string begin = "```plan\n";
  const std::string page = Page();
  const std::size_t at = page.find(begin);
  if (at == std::string::npos) return "";
  const std::size_t first = at + begin.size();
  return page.substr(first, page.find("```", first) - first);
}

TEST(FormatPageTest, TheWorkedExampleIsAPlanAsItIsPrinted) {
  const absl::StatusOr<Plan> plan = ParsePlan(Example(), "example");
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(PrintPlan(*plan), Example());
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
