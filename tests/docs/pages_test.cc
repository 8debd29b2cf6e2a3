// What holds for every page.

#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "docs/page.h"
#include "generate/arbitrary_plan.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using testing::Contains;
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

// As GitHub makes it of a heading.
std::string AnchorOf(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ') {
      anchor += '-';
    } else if (std::isalnum(byte) != 0 || c == '-' || c == '_') {
      anchor += static_cast<char>(std::tolower(byte));
    }
  }
  return anchor;
}

std::set<std::string> AnchorsIn(const std::string& page) {
  std::set<std::string> anchors;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t title = line.find_first_not_of('#');
    if (title == 0 || title == std::string::npos || line[title] != ' ') {
      continue;
    }
    anchors.insert(AnchorOf(line.substr(title + 1)));
  }
  return anchors;
}

std::vector<std::string> Pages() {
  std::vector<std::string> pages = {"README.md", "CONTRIBUTING.md"};
  for (const auto& entry :
       std::filesystem::directory_iterator(PROJECT "docs")) {
    pages.push_back("docs/" + entry.path().filename().string());
  }
  return pages;
}

TEST(PagesTest, EachLinkLeadsToAFileAndToAHeadingOfIt) {
  const std::regex link("\\]\\(([^)#: ]*)(#([^) ]*))?\\)");
  int links = 0;
  for (const std::string& name : Pages()) {
    const std::string page = Page(name);
    const std::string folder =
        std::filesystem::path(name).parent_path().string();
    for (auto at = std::sregex_iterator(page.begin(), page.end(), link);
         at != std::sregex_iterator(); ++at) {
      const std::string file = at->str(1);
      const std::string target = file.empty()
                                     ? name
                                     : (std::filesystem::path(folder) / file)
                                           .lexically_normal()
                                           .string();
      ASSERT_TRUE(std::filesystem::exists(PROJECT + target))
          << name << ": " << at->str();
      if (at->length(3) == 0) continue;
      EXPECT_THAT(AnchorsIn(Page(target)), Contains(at->str(3)))
          << name << ": " << at->str();
      ++links;
    }
  }
  EXPECT_GT(links, 0);
}

// What older plans came to says nothing of those that are drawn today.
TEST(PagesTest, TheReportOnDurabilityIsOfTheGeneratorOfToday) {
  const std::string page = Page("docs/persistence_durability_report.md");
  const std::regex line("\nGenerator version: ([0-9]{1,9})\n");
  std::smatch version;
  ASSERT_TRUE(std::regex_search(page, version, line));
  EXPECT_EQ(std::stoi(version.str(1)), kGeneratorVersion)
      << "scripts/durability-report makes the page anew";
}

}  // namespace
}  // namespace lastcommit
