// What holds for every page.

#include <filesystem>
#include <string>

#include "docs/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PagesTest, NoPageHasTheMarksOfAnUnfinishedMerge) {
  int pages = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(PROJECT "docs")) {
    const std::string name = "docs/" + entry.path().filename().string();
    const std::string page = "\n" + Page(name);
    EXPECT_THAT(page, Not(HasSubstr("\n<<<<<<< "))) << name;
    EXPECT_THAT(page, Not(HasSubstr("\n>>>>>>> "))) << name;
    ++pages;
  }
  EXPECT_GT(pages, 0);
}

}  // namespace
}  // namespace lastcommit
