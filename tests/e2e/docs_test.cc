#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "e2e/program.h"
#include "e2e/runnable_blocks.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPages[] = {"README.md", "docs/quickstart.md",
                                  "docs/triage.md", "docs/write-a-property.md"};

std::string Page(const std::string& name) {
  std::ifstream file(REPOSITORY "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A directory as readers have it before them: the repository, built.
class DocsTest : public ProgramTest,
                 public testing::WithParamInterface<const char*> {
 protected:
  DocsTest() {
    for (const char* name : {"corpus", "docs", "scripts"}) {
      fs::copy(fs::path(REPOSITORY) / name, directory_.Path(name),
               fs::copy_options::recursive);
    }
    fs::create_directories(directory_.Path("build/release"));
    directory_.Put("build/release/lastcommit",
                   "#!/bin/sh\nexec " PROGRAM " \"$@\"\n");
    fs::permissions(directory_.Path("build/release/lastcommit"),
                    fs::perms::owner_all);
    setenv("LASTCOMMIT_PROGRAM", PROGRAM, /*overwrite=*/1);
    setenv("LASTCOMMIT_BUILD", "build/release", /*overwrite=*/1);
    setenv("LASTCOMMIT_TRIALS", "400", /*overwrite=*/1);
  }
  Outcome Run(const std::string& script) {
    return Program(directory_.path(), "/usr/bin/timeout",
                   {"300", "bash", "-euo", "pipefail", "-c", script})
        .Wait();
  }
};

TEST_P(DocsTest, EachRunnableBlockDoesWhatThePageSays) {
  int skipped = 0;
  const std::vector<RunnableBlock> blocks = RunnableBlocks(Page(GetParam()));
  EXPECT_FALSE(blocks.empty());
  for (const RunnableBlock& block : blocks) {
    SCOPED_TRACE(GetParam() + (":" + std::to_string(block.line)) + "\n" +
                 block.script);
    ASSERT_EQ(block.error, "");
    if (block.before_sqlite != 0 &&
        sqlite3_libversion_number() >= block.before_sqlite) {
      ++skipped;
      continue;
    }
    const Outcome outcome = Run(block.script);
    EXPECT_EQ(outcome.exit_code, block.exit_code) << outcome.out << outcome.err;
    if (block.last_line) {
      EXPECT_THAT(LastLine(outcome), testing::StartsWith(*block.last_line));
    }
  }
  if (skipped > 0) GTEST_SKIP() << skipped << " blocks are for another SQLite";
}

std::string NameOf(const char* page) {
  std::string name = fs::path(page).stem();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Pages, DocsTest, testing::ValuesIn(kPages),
                         [](const auto& test) { return NameOf(test.param); });

TEST(PagesTest, WhatIsQuotedStandsInTheSources) {
  int quoted = 0;
  for (const std::string page : kPages) {
    for (const QuotedBlock& block : QuotedBlocks(Page(page))) {
      EXPECT_FALSE(block.text.empty());
      EXPECT_THAT(Page(block.path), testing::HasSubstr(block.text))
          << page << ":" << block.line << " differs from " << block.path;
      ++quoted;
    }
  }
  EXPECT_GT(quoted, 0);
}

// A page that is not in the list would never be run.
TEST(PagesTest, EachPageWithARunnableBlockIsRun) {
  std::vector<std::string> pages = {"CONTRIBUTING.md", "README.md"};
  for (const auto& entry : fs::directory_iterator(REPOSITORY "/docs")) {
    pages.push_back("docs/" + entry.path().filename().string());
  }
  std::sort(pages.begin(), pages.end());
  const auto has_none = [](const std::string& page) {
    return RunnableBlocks(Page(page)).empty();
  };
  pages.erase(std::remove_if(pages.begin(), pages.end(), has_none),
              pages.end());
  EXPECT_THAT(pages, testing::ElementsAreArray(kPages));
}

}  // namespace
}  // namespace lastcommit
