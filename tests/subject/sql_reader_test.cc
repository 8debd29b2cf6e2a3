#include "subject/sql_reader.h"

#include <sqlite3.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

class SqlReaderTest : public testing::Test {
 protected:
  SqlReaderTest() { sqlite3_open(":memory:", &connection_); }
  ~SqlReaderTest() override { sqlite3_close(connection_); }

  void Run(const char* sql) {
    EXPECT_EQ(sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr),
              SQLITE_OK);
  }

  sqlite3* connection_ = nullptr;
};

constexpr char kTables[] =
    "CREATE TABLE meta(key, value);"
    "CREATE TABLE threads(thread_id, last_log);"
    "CREATE TABLE checkpoints(thread_id, checkpoint_ns, checkpoint_id, "
    "parent_id, type, state, metadata);"
    "CREATE TABLE logs(thread_id, number, payload);"
    "CREATE TABLE blobs(thread_id, name, bytes);";

TEST_F(SqlReaderTest, ADatabaseWithoutASchemaIsCutMinusOne) {
  const absl::StatusOr<State> state = ReadStateBySql(connection_, "");
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->cut, -1);
}

TEST_F(SqlReaderTest, ASchemaWithItsCounterIsTheCutItSays) {
  Run(kTables);
  Run("INSERT INTO meta VALUES('commit_counter', 7)");
  const absl::StatusOr<State> state = ReadStateBySql(connection_, "");
  ASSERT_THAT(state, IsOk());
  EXPECT_EQ(state->cut, 7);
}

// Neither empty nor complete: a creation that was killed half-way.
TEST_F(SqlReaderTest, ASchemaWithoutItsCounterIsDamage) {
  Run(kTables);
  EXPECT_THAT(ReadStateBySql(connection_, ""),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(SqlReaderTest, AValueOfAnotherTypeIsAnotherRow) {
  Run(kTables);
  Run("INSERT INTO meta VALUES('commit_counter', 0)");
  Run("INSERT INTO blobs VALUES('t', 'b', x'41')");
  const absl::StatusOr<State> blob = ReadStateBySql(connection_, "");
  Run("UPDATE blobs SET bytes = 'A'");
  const absl::StatusOr<State> text = ReadStateBySql(connection_, "");
  ASSERT_THAT(blob, IsOk());
  ASSERT_THAT(text, IsOk());
  EXPECT_NE(*blob, *text);
}

}  // namespace
}  // namespace lastcommit
