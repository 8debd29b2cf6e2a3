#include "sql/runner.h"

#include <sqlite3.h>

#include <memory>
#include <vector>

#include "gmock/gmock.h"

namespace lastcommit::sql {
namespace {

using ::testing::HasSubstr;

struct Close {
  void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
};

Script Parsed(const std::string& text) {
  absl::StatusOr<Script> script = ParseScript("a.sql", text);
  EXPECT_TRUE(script.ok()) << script.status();
  return script.ok() ? *std::move(script) : Script();
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
    connection_.reset(raw);
  }
  absl::StatusOr<std::int64_t> Run(const Transaction& transaction,
                                   const std::vector<std::int64_t>& values) {
    Runner runner(connection_.get());
    Execution execution = {transaction, values};
    return runner.Run(execution, [] { return absl::OkStatus(); });
  }

  std::unique_ptr<sqlite3, Close> connection_;
};

// A limit of SQLite's stands for memory that runs out.
TEST_F(RunnerTest, AValueThatCouldNotBeBoundIsAnError) {
  const Script script = Parsed(
      "\\transaction a\n\\set v blob(9000, 9000)\n"
      "SELECT :v IS NULL;\n");
  EXPECT_TRUE(Run(script.transactions[0], {0}).ok());
  sqlite3_limit(connection_.get(), SQLITE_LIMIT_LENGTH, 5000);
  EXPECT_FALSE(Run(script.transactions[0], {0}).ok());
}

TEST_F(RunnerTest, TheAnswerIsAllRowsWhateverTheirOrder) {
  const Script script = Parsed(
      "\\transaction a\nSELECT 1 UNION ALL SELECT 2;\n"
      "\\transaction b\nSELECT 2 UNION ALL SELECT 1;\n"
      "\\transaction c\nSELECT 2 UNION ALL SELECT '1';\n"
      "\\transaction d\nSELECT 1;\nSELECT 2;\n");
  const std::int64_t answer = *Run(script.transactions[0], {});
  EXPECT_EQ(*Run(script.transactions[1], {}), answer);
  EXPECT_NE(*Run(script.transactions[2], {}), answer);
  EXPECT_NE(*Run(script.transactions[3], {}), answer);
}

TEST_F(RunnerTest, TheRowidOfAnEarlierTransactionIsForgotten) {
  const Script script =
      Parsed("\\transaction a\nSELECT last_insert_rowid();\n");
  const std::int64_t answer = *Run(script.transactions[0], {});
  ASSERT_EQ(sqlite3_exec(connection_.get(),
                         "CREATE TABLE t (v); INSERT INTO t VALUES (1);",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(*Run(script.transactions[0], {}), answer);
}

TEST_F(RunnerTest, NorDoesAReadBeforeBeginKnowIt) {
  const Script script = Parsed(
      "\\transaction a\nSELECT last_insert_rowid() AS v \\gset\n"
      "BEGIN;\nSELECT :v;\nCOMMIT;\n");
  const auto read = [&] {
    Runner runner(connection_.get());
    Execution execution = {script.transactions[0], {}};
    EXPECT_TRUE(runner.ReadBefore(execution).ok());
    return execution.answer.Finish().low;
  };
  const auto answer = read();
  ASSERT_EQ(sqlite3_exec(connection_.get(),
                         "CREATE TABLE t (v); INSERT INTO t VALUES (1);",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(read(), answer);
}

TEST_F(RunnerTest, AScriptGoesOnAfterAReadBeforeBegin) {
  const Script script = Parsed(
      "\\transaction a\n\\on_error continue\n"
      "SELECT 1 AS v WHERE 0 \\gset\nBEGIN;\nSELECT :v;\nCOMMIT;\n"
      "\\transaction b\n"
      "SELECT 1 AS v WHERE 0 \\gset\nBEGIN;\nSELECT :v;\nCOMMIT;\n");
  Runner runner(connection_.get());
  Execution goes_on = {script.transactions[0], {}};
  EXPECT_TRUE(runner.ReadBefore(goes_on).ok());
  EXPECT_EQ(goes_on.next, 1);
  Execution stops = {script.transactions[1], {}};
  EXPECT_FALSE(runner.ReadBefore(stops).ok());
}

class GsetTest : public RunnerTest {
 protected:
  absl::StatusOr<std::int64_t> Run(const std::string& statements) {
    const Script script = Parsed("\\transaction a\n" + statements);
    if (script.transactions.empty()) return absl::InternalError("no script");
    return RunnerTest::Run(script.transactions[0], {});
  }
};

TEST_F(GsetTest, AValueKeepsItsType) {
  for (const char* value : {"7", "'7'", "x'37'", "7.5", "NULL", "''"}) {
    const auto read = [&](const std::string& what) {
      return *Run("SELECT " + std::string(value) + " AS v \\gset\nSELECT " +
                  what + ";\n");
    };
    EXPECT_EQ(read(":v"), read(value)) << value;
    EXPECT_EQ(read("typeof(:v)"), read("typeof(" + std::string(value) + ")"));
  }
}

TEST_F(GsetTest, EachColumnIsOneWithThePrefixBeforeIt) {
  EXPECT_TRUE(Run("SELECT 1 AS a, 2 AS b \\gset old_\n"
                  "SELECT :old_a + :old_b;\n")
                  .ok());
  EXPECT_THAT(
      std::string(
          Run("SELECT 1 AS a \\gset old_\nSELECT :a;\n").status().message()),
      HasSubstr(":a is not \\set in a, and no \\gset"));
}

TEST_F(GsetTest, OneRowAndNoMoreIsTaken) {
  EXPECT_THAT(
      std::string(Run("SELECT 1 AS v WHERE 0 \\gset\n").status().message()),
      HasSubstr("no row for \\gset"));
  EXPECT_THAT(
      std::string(
          Run("SELECT 1 AS v UNION SELECT 2 \\gset\n").status().message()),
      HasSubstr("several rows for \\gset"));
  EXPECT_FALSE(IsRefused(Run("CREATE TABLE t (v) \\gset\n").status()));
}

TEST_F(GsetTest, WhatFailedIsNullForAScriptThatGoesOn) {
  const std::string none =
      "\\on_error continue\nSELECT 1 AS v \\gset\n"
      "SELECT 2 AS v WHERE 0 \\gset\n";
  EXPECT_EQ(*Run(none + "SELECT :v IS NULL;\n"), *Run(none + "SELECT 1;\n"));
  const std::string several =
      "\\on_error continue\nSELECT 1 AS v UNION SELECT 2 \\gset\n";
  EXPECT_EQ(*Run(several + "SELECT :v IS NULL;\n"),
            *Run(several + "SELECT 1;\n"));
}

}  // namespace
}  // namespace lastcommit::sql
