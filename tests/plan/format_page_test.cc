// docs/plan-format.md says what the code does.

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "plan/codec.h"
#include "plan/dialects.h"

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

// The words in backticks in the last column of the dialect's row that begins
// with `name`.
std::set<std::string> FieldsInRowOf(const std::string& dialect,
                                    const std::string& name) {
  const std::string page = Page();
  const std::size_t own = page.find("## The dialect " + dialect);
  const std::size_t section =
      own == std::string::npos ? page.find("## Steps") : own;
  const std::size_t row = page.find("| `" + name + "` |", section);
  if (row == std::string::npos) return {"no row"};
  const std::string line = page.substr(row, page.find('\n', row) - row);
  const std::size_t end = line.rfind(" |");
  const std::size_t last = line.rfind("| ", end - 1);
  std::set<std::string> fields;
  for (std::size_t at = line.find('`', last); at != std::string::npos;) {
    const std::size_t close = line.find('`', at + 1);
    fields.insert(line.substr(at + 1, close - at - 1));
    at = line.find('`', close + 1);
  }
  return fields;
}

TEST(FormatPageTest, EveryOperationHasARowWithItsFields) {
  for (const Vocabulary* const dialect : Dialects()) {
    for (const OperationSpec& spec : dialect->operations) {
      std::set<std::string> fields;
      for (const Field& field : dialect->fields) {
        if (spec.Uses(field)) fields.emplace(field.name);
      }
      EXPECT_EQ(
          FieldsInRowOf(std::string(dialect->name), std::string(spec.name)),
          fields)
          << spec.name;
    }
  }
}

TEST(FormatPageTest, EveryStepAndViolationIsNamed) {
  const std::string page = Page();
  for (int i = 0; i < kStepKinds; ++i) {
    if (IsOperation(static_cast<StepKind>(i))) continue;
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
