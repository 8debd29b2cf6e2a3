// docs/findings.md describes every bug of the table, and the other way round.

#include <string>

#include "docs/page.h"
#include "explain/known_bugs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using testing::HasSubstr;

constexpr char kFindings[] = "docs/findings.md";

TEST(FindingsTest, HasTheSectionOfEachKnownBug) {
  const std::string page = "\n" + Page(kFindings);
  for (const KnownBug& bug : KnownBugs()) {
    EXPECT_THAT(page, HasSubstr("\n## " + std::string(bug.section) + "\n\n"))
        << bug.name;
  }
}

TEST(FindingsTest, EachSectionSaysTheNameOfItsBug) {
  const std::string page = "\n" + Page(kFindings);
  for (const KnownBug& bug : KnownBugs()) {
    const std::size_t begin =
        page.find("\n## " + std::string(bug.section) + "\n");
    ASSERT_NE(begin, std::string::npos) << bug.name;
    const std::string section =
        page.substr(begin, page.find("\n## ", begin + 1) - begin);
    EXPECT_THAT(section, HasSubstr("`" + std::string(bug.name) + "`"));
  }
}

}  // namespace
}  // namespace lastcommit
