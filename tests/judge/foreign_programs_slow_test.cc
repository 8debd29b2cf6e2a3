// Programs in JavaScript and Go, with the drivers of SQLite that people use
// there: npm's packages as scripts/node-programs installs them, and Debian's
// Go.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "judge/judge_fixture.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NodeTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (std::system("node -e 'process.exit("
                    "+(parseInt(process.versions.node) < 20))' 2> /dev/null") !=
        0) {
      GTEST_SKIP() << "needs node, version 20 or later";
    }
    setenv("NODE_PATH", NODE_MODULES, 1);
  }

  void NeedPackages() {
    if (!std::filesystem::exists(NODE_MODULES "/better-sqlite3/build")) {
      GTEST_SKIP() << "needs npm's packages: scripts/node-programs";
    }
  }

  Judgement JudgeScript(const std::string& name, JudgeOptions options = {}) {
    return Judge({"node", std::string(PROGRAMS) + "node/" + name}, options);
  }
};

TEST_F(NodeTest, BetterSqliteAtItsDefaultsLosesAWalWithThePower) {
  NeedPackages();
  if (IsSkipped()) return;
  const Judgement judgement = JudgeScript("store.js");
  EXPECT_THAT(Kills(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_THAT(Losses(judgement), ElementsAre("lost wal_not_synced"));
  EXPECT_EQ(judgement.commits(), 11);
  EXPECT_EQ(judgement.power.findings.at(0).lost, 11);
}

TEST_F(NodeTest, TwentyPutsOfLangGraphAreLostWithThePower) {
  NeedPackages();
  if (IsSkipped()) return;
  const Judgement judgement = JudgeScript("langgraph.js");
  EXPECT_EQ(judgement.timeline.promises.size(), 20u);
  EXPECT_THAT(Kills(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_THAT(Losses(judgement), ElementsAre("lost wal_not_synced"));
  // Two commits each, and two that make the tables.
  EXPECT_EQ(judgement.power.findings.at(0).promised, 42);
  EXPECT_EQ(judgement.power.findings.at(0).lost, 42);
}

TEST_F(NodeTest, APutOfLangGraphWithoutItsWritesIsAPart) {
  NeedPackages();
  if (IsSkipped()) return;
  JudgeOptions options;
  options.timeline.atomic = true;
  const Judgement judgement = JudgeScript("langgraph.js", options);
  EXPECT_THAT(Kills(judgement), ElementsAre("between unknown"))
      << TextOf(judgement);
  // The first put comes before the first promise.
  EXPECT_EQ(judgement.timeline.kill_counts.at(0), 19);
}

class NodeFilesTest : public NodeTest,
                      public testing::WithParamInterface<const char*> {};

TEST_P(NodeFilesTest, AreRebuiltByteForByte) {
  setenv("UV_USE_IO_URING", GetParam(), 1);
  const auto end = Record({"node", std::string(PROGRAMS) + "node/files.js"});
  unsetenv("UV_USE_IO_URING");
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->status, 0);
  EXPECT_TRUE(Compare().ok()) << Compare();
  EXPECT_EQ(directory_.Get("files/many/0.done").substr(0, 5), "START");
}

INSTANTIATE_TEST_SUITE_P(WithARingAndWithout, NodeFilesTest,
                         testing::Values("0", "1"));

class GoTest : public JudgeTest {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(
            "/usr/share/gocode/src/github.com/mattn/go-sqlite3") ||
        std::system("go version > /dev/null 2>&1") != 0) {
      GTEST_SKIP() << "needs golang-go and golang-github-mattn-go-sqlite3-dev";
    }
    const std::string build =
        "GO111MODULE=off GOFLAGS= GOPATH=/usr/share/gocode GOCACHE=" +
        directory_.Path("cache") + " go build -tags libsqlite3 -o " +
        directory_.Path("program") + " " + PROGRAMS + "go/main.go";
    ASSERT_EQ(std::system(build.c_str()), 0);
  }
};

TEST_F(GoTest, FourGoroutinesAreJudged) {
  const Judgement judgement = Judge({directory_.Path("program")});
  EXPECT_EQ(judgement.commits(), 21);
  EXPECT_THAT(Kills(judgement), IsEmpty()) << TextOf(judgement);
  EXPECT_THAT(Losses(judgement), ElementsAre("lost wal_not_synced"));
  EXPECT_EQ(directory_.Get("files/report.txt"), "all done\n");
}

}  // namespace
}  // namespace lastcommit
