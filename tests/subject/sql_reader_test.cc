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
    "CREATE TABLE threads(thread_id, last_log, last_checkpoint, is_deleted);"
    "CREATE TABLE checkpoints(thread_id, checkpoint_ns, checkpoint_id, "
    "parent_id, type, state, metadata, sequence, digest);"
    "CREATE TABLE writes(thread_id, checkpoint_ns, checkpoint_id, task_id, "
    "idx, channel, type, bytes);"
    "CREATE TABLE logs(thread_id, number, level, payload);"
    "CREATE TABLE tasks(thread_id, task_id, state, attempts, version, payload);"
    "CREATE TABLE blobs(content_id, thread_id, name, size, digest);"
    "CREATE TABLE contents(id, bytes);";

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
  Run("INSERT INTO blobs VALUES(1, 't', 'b', 1, x'00')");
  Run("INSERT INTO contents VALUES(1, x'41')");
  const absl::StatusOr<State> blob = ReadStateBySql(connection_, "");
  Run("UPDATE contents SET bytes = 'A'");
  const absl::StatusOr<State> text = ReadStateBySql(connection_, "");
  ASSERT_THAT(blob, IsOk());
  ASSERT_THAT(text, IsOk());
  EXPECT_NE(*blob, *text);
}

TEST_F(SqlReaderTest, ABlobWithoutItsBytesIsNotAnEmptyOne) {
  Run(kTables);
  Run("INSERT INTO meta VALUES('commit_counter', 0)");
  Run("INSERT INTO blobs VALUES(1, 't', 'b', 0, x'00')");
  const absl::StatusOr<State> without = ReadStateBySql(connection_, "");
  Run("INSERT INTO contents VALUES(1, x'')");
  const absl::StatusOr<State> empty = ReadStateBySql(connection_, "");
  ASSERT_THAT(without, IsOk());
  ASSERT_THAT(empty, IsOk());
  EXPECT_EQ(without->rows.size(), 1U);
  EXPECT_NE(*without, *empty);
}

}  // namespace
}  // namespace lastcommit
