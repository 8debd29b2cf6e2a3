// docs/oracle.md has the rules and excuses of src/oracle, and what it names is
// there.

#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "docs/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

// By the name of a rule or an excuse, which of the two it is.
using Names = std::map<std::string, std::string>;

struct Row {
  std::string kind;
  std::string name;
  std::string needed_by;
  std::vector<std::string> mutants;
};

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(PROJECT + folder)) {
    if (entry.is_regular_file()) {
      files.push_back(folder + "/" + entry.path().filename().string());
    }
  }
  return files;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string Trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

std::vector<std::string> CellsOf(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream stream(line.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) {
    cells.push_back(Trimmed(cell));
  }
  return cells;
}

// What stands between backquotes.
std::vector<std::string> QuotedIn(const std::string& text) {
  const std::regex quoted("`([^`]+)`");
  std::vector<std::string> all;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), quoted);
       at != std::sregex_iterator(); ++at) {
    all.push_back(at->str(1));
  }
  return all;
}

std::vector<Row> RowsOfThePage() {
  std::vector<Row> rows;
  std::string kind;
  for (const std::string& line : LinesOf(Page("docs/oracle.md"))) {
    if (line.starts_with("## ")) {
      kind = line == "## Rules" ? "Rule" : line == "## Excuses" ? "Excuse" : "";
    }
    if (kind.empty() || !line.starts_with("| `")) continue;
    const std::vector<std::string> cells = CellsOf(line);
    EXPECT_THAT(cells, SizeIs(5)) << line;
    if (cells.size() != 5) continue;
    rows.push_back({kind, QuotedIn(cells[0])[0], cells[3], QuotedIn(cells[4])});
  }
  return rows;
}

// The comment "// Rule: Name." or "// Excuse: Name." stands above a function of
// that name.
Names NamesInTheCode() {
  const std::regex marker(" *// (Rule|Excuse): (\\w+)\\.");
  Names names;
  for (const std::string& file : FilesIn("src/oracle")) {
    const std::vector<std::string> lines = LinesOf(Page(file));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::smatch found;
      if (!std::regex_match(lines[i], found, marker)) continue;
      std::size_t code = i;
      while (Trimmed(lines[code]).starts_with("//")) ++code;
      EXPECT_THAT(lines[code] + lines[code + 1], HasSubstr(found.str(2) + "("))
          << file;
      EXPECT_TRUE(names.emplace(found.str(2), found.str(1)).second) << file;
    }
  }
  return names;
}

bool IsThereATest(const std::string& name) {
  const std::size_t dot = name.find('.');
  const std::regex test("\\(" + name.substr(0, dot) + ",\\s*" +
                        name.substr(dot + 1) + "\\)");
  for (const std::string& file : FilesIn("tests/oracle")) {
    const std::string text = Page(file);
    if (std::regex_search(text, test)) return true;
  }
  return false;
}

TEST(OraclePageTest, HasTheRulesAndExcusesOfTheCode) {
  Names on_the_page;
  for (const Row& row : RowsOfThePage()) {
    EXPECT_TRUE(on_the_page.emplace(row.name, row.kind).second) << row.name;
  }
  EXPECT_EQ(on_the_page, NamesInTheCode());
}

TEST(OraclePageTest, EachIsNeededByATestOrAPlan) {
  const std::string test = "oracle_test ";
  for (const Row& row : RowsOfThePage()) {
    const std::vector<std::string> needed_by = QuotedIn(row.needed_by);
    EXPECT_THAT(needed_by, Not(SizeIs(0))) << row.name;
    for (const std::string& name : needed_by) {
      if (name.starts_with(test)) {
        EXPECT_TRUE(IsThereATest(name.substr(test.size()))) << name;
      } else {
        EXPECT_TRUE(std::filesystem::is_regular_file(PROJECT + name)) << name;
      }
    }
  }
}

TEST(OraclePageTest, EachIsTakenAwayByAMutantWithAKiller) {
  std::string tables;
  for (const std::string& file : FilesIn("tests/mutants")) {
    tables += "\n" + Page(file) + "\n[";
  }
  for (const Row& row : RowsOfThePage()) {
    EXPECT_THAT(row.mutants, Not(SizeIs(0))) << row.name;
    for (const std::string& mutant : row.mutants) {
      const std::size_t begin = tables.find("\n[" + mutant + "]\n");
      ASSERT_NE(begin, std::string::npos) << mutant;
      const std::string of_it =
          tables.substr(begin, tables.find("\n[", begin + 1) - begin);
      EXPECT_THAT(of_it, HasSubstr("\nkiller: ")) << mutant;
    }
  }
}

TEST(OraclePageTest, EachPlanThatItNamesIsThere) {
  for (const std::string& quoted : QuotedIn(Page("docs/oracle.md"))) {
    if (!quoted.starts_with("corpus/")) continue;
    EXPECT_TRUE(std::filesystem::is_regular_file(PROJECT + quoted)) << quoted;
  }
}

}  // namespace
}  // namespace lastcommit
