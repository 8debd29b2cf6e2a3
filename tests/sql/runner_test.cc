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
    return runner.Run(transaction, values, [] { return absl::OkStatus(); });
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

}  // namespace
}  // namespace lastcommit::sql
