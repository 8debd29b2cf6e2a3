// docs/settings.md names every setting of SQLite that the sources make.

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "docs/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using testing::Contains;
using testing::HasSubstr;

// What the first group of the pattern matches in src/.
std::set<std::string> FoundInSources(const std::string& pattern) {
  std::set<std::string> found;
  const std::regex expression(pattern);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           PROJECT + std::string("src"))) {
    if (entry.path().extension() != ".cc") continue;
    const std::string text =
        Page(std::filesystem::relative(entry.path(), PROJECT).string());
    std::transform(std::sregex_iterator(text.begin(), text.end(), expression),
                   std::sregex_iterator(), std::inserter(found, found.end()),
                   [](const std::smatch& match) { return match.str(1); });
  }
  return found;
}

void ExpectAllOnPage(const std::set<std::string>& names) {
  const std::string page = Page("docs/settings.md");
  for (const std::string& name : names) {
    EXPECT_THAT(page, HasSubstr("`" + name + "`"));
  }
}

TEST(SettingsTableTest, NamesEveryPragma) {
  std::set<std::string> names = FoundInSources("\"PRAGMA ([a-z_]+)[ \"(;]");
  names.merge(FoundInSources("Pragma(?:Int)?\\(database, \"([a-z_]+)\""));
  EXPECT_THAT(names, Contains("page_size"));
  EXPECT_THAT(names, Contains("journal_mode"));
  ExpectAllOnPage(names);
}

TEST(SettingsTableTest, NamesEveryOtherSetting) {
  const std::set<std::string> names =
      FoundInSources("(SQLITE_(?:DBCONFIG|CONFIG|TESTCTRL|LIMIT)_[A-Z_]+)");
  EXPECT_THAT(names, Contains("SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE"));
  ExpectAllOnPage(names);
}

TEST(SettingsTableTest, NamesEveryFlagOfOpen) {
  const std::set<std::string> names =
      FoundInSources("(SQLITE_OPEN_(?:READ|CREATE|EXRES|URI|NO|FULL)[A-Z]*)");
  EXPECT_THAT(names, Contains("SQLITE_OPEN_EXRESCODE"));
  ExpectAllOnPage(names);
}

}  // namespace
}  // namespace lastcommit
