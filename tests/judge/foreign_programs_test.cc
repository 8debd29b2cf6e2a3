// Programs that are neither Python nor this project's.

#include <cstdlib>
#include <string>

#include "gtest/gtest.h"
#include "judge/judge_fixture.h"

namespace lastcommit {
namespace {

class ForeignProgramTest : public JudgeTest {};

TEST_F(ForeignProgramTest, TheShellOfSqliteInAPipelineIsJudged) {
  if (std::system("sqlite3 -version > /dev/null 2>&1") != 0) {
    GTEST_SKIP() << "needs sqlite3";
  }
  // Each row is answered at once, and the answer leaves the pipeline.
  const std::string pipeline =
      "{ echo 'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
      " CREATE TABLE t(n);';"
      " seq 1 20 | sed 's/.*/INSERT INTO t VALUES(&) RETURNING n;/'; } |"
      " stdbuf -oL sqlite3 app.db | tee answers.txt | cat";
  const Judgement judgement =
      Judge({"/bin/sh", "-c", pipeline}, {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.commits(), 21);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
  EXPECT_GT(judgement.power.images, 0);
}

TEST_F(ForeignProgramTest, AStaticallyLinkedProgramIsJudged) {
  const std::string program = STATIC_PROGRAM;
  if (program.empty()) GTEST_SKIP() << "needs libsqlite3.a";
  const Judgement judgement =
      Judge({program}, {.promise = PromiseLevel::kPower});
  EXPECT_EQ(judgement.commits(), 11);
  EXPECT_EQ(judgement.exit_code(), ExitCode::kHeld) << TextOf(judgement);
}

}  // namespace
}  // namespace lastcommit
