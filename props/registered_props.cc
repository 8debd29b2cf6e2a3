// Each property is run by some entry of ctest: one that is only compiled shows
// nothing.

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace lastcommit {
namespace {

bool IsRun(const std::string& test) {
  const std::vector<std::string> filters =
      absl::StrSplit(REGISTERED_FILTERS, ':');
  return std::any_of(
      filters.begin(), filters.end(), [&](const std::string& filter) {
        return fnmatch(filter.c_str(), test.c_str(), /*flags=*/0) == 0;
      });
}

TEST(Registered, EachTestIsRunUnderAName) {
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  int tests = 0;
  for (int suite = 0; suite < all.total_test_suite_count(); ++suite) {
    const testing::TestSuite& of_suite = *all.GetTestSuite(suite);
    for (int i = 0; i < of_suite.total_test_count(); ++i) {
      const std::string test =
          absl::StrCat(of_suite.name(), ".", of_suite.GetTestInfo(i)->name());
      EXPECT_TRUE(IsRun(test)) << test << " is in no entry of ctest";
      ++tests;
    }
  }
  EXPECT_GT(tests, 50);
  EXPECT_FALSE(IsRun("Registered.AnotherTest"));
}

}  // namespace
}  // namespace lastcommit
