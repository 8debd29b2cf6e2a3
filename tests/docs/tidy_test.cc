// What the pages and the comments say about the files of the project is so.

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "docs/page.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

using testing::IsEmpty;

using Words = std::set<std::string>;

// What the first group of the pattern matches.
Words Matches(const std::string& text, const std::string& pattern) {
  const std::regex expression(pattern);
  Words words;
  std::transform(std::sregex_iterator(text.begin(), text.end(), expression),
                 std::sregex_iterator(), std::inserter(words, words.end()),
                 [](const std::smatch& match) { return match.str(1); });
  return words;
}

// Paths from the project's root, of the files of a folder and those below it.
std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(PROJECT + folder)) {
    if (!entry.is_regular_file()) continue;
    files.push_back(entry.path().lexically_relative(PROJECT).string());
  }
  return files;
}

bool IsSource(const std::string& file) {
  return file.ends_with(".h") || file.ends_with(".cc");
}

// Each folder of src, and the other ones that its files include.
std::map<std::string, Words> RealIncludes() {
  std::map<std::string, Words> includes;
  for (const std::string& file : FilesIn("src")) {
    if (!IsSource(file)) continue;
    const std::string folder = file.substr(4, file.find('/', 4) - 4);
    for (const std::string& other :
         Matches(Page(file), "\n#include \"([a-z_]+)/")) {
      const bool is_ours = fs::is_directory(PROJECT "src/" + other);
      if (is_ours && other != folder) includes[folder].insert(other);
    }
    includes[folder];  // also of one that includes nothing
  }
  return includes;
}

// The last column of the rows of src.
std::map<std::string, Words> IncludesOnThePage() {
  const std::regex row("\\| `src/([a-z_]+)` \\|.*\\|([a-z_, ]*)\\|");
  std::istringstream page(Page("docs/architecture.md"));
  std::map<std::string, Words> includes;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    includes[match.str(1)] = Matches(match.str(2), "([a-z_]+)");
  }
  return includes;
}

TEST(TidyTest, TheTableOfFoldersHasWhatTheirFilesInclude) {
  EXPECT_EQ(IncludesOnThePage(), RealIncludes());
}

TEST(TidyTest, ArrowsBetweenFoldersPointOneWay) {
  std::map<std::string, Words> left = RealIncludes();
  for (bool has_changed = true; has_changed;) {
    has_changed =
        std::erase_if(left, [&](const auto& folder) {
          return std::none_of(
              folder.second.begin(), folder.second.end(),
              [&](const std::string& other) { return left.contains(other); });
        }) > 0;
  }
  EXPECT_THAT(left, IsEmpty());
}

const Words kOfLibraries = {"sqlite3.h", "gtest.h"};

// A path as an #include has it, or from the root of the project.
bool Exists(const std::string& path) {
  for (const char* root : {"", "src/", "tests/"}) {
    if (fs::exists(PROJECT + std::string(root) + path)) return true;
  }
  return false;
}

constexpr char kFolder[] =
    "(?:src|tests|props|bench|docs|scripts|corpus|cmake|findings)/";

TEST(TidyTest, EachPathOnAPageIsThatOfAFile) {
  std::vector<std::string> pages = FilesIn("docs");
  pages.insert(pages.end(), {"README.md", "CONTRIBUTING.md"});
  for (const std::string& page : pages) {
    for (const std::string& path :
         Matches(Page(page), std::string("`(") + kFolder + "[a-z0-9_/.-]+)`")) {
      EXPECT_TRUE(Exists(path)) << page << ": " << path;
    }
  }
}

TEST(TidyTest, EachFileThatACommentNamesIsThere) {
  std::vector<std::string> files;
  for (const char* folder : {"src", "tests", "props", "bench"}) {
    for (std::string& file : FilesIn(folder)) files.push_back(std::move(file));
  }
  Words names = kOfLibraries;  // without their folders
  for (const std::string& file : files) names.insert(fs::path(file).filename());
  for (const std::string& file : files) {
    if (!IsSource(file)) continue;
    std::string comments;
    for (const std::string& line : Matches(Page(file), "(//[^\n]*)")) {
      comments += line + "\n";
    }
    for (const std::string& named :
         Matches(comments, "(?:^|[ (\"`])([a-z0-9_/]+\\.(?:h|cc|md))\\b")) {
      EXPECT_TRUE(Exists(named) || names.contains(named))
          << file << ": " << named;
    }
  }
}

}  // namespace
}  // namespace lastcommit
