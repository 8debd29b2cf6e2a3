#include "explain/killed_files.h"

#include <cstdint>
#include <string>

#include "directory.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "verify/databases.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// A database that is open: the files beside it stay.
class KilledFilesTest : public testing::Test {
 protected:
  KilledFilesTest() : sql_(files_.Path("state.db")) {}

  void Run(const std::string& sql) { sql_.Run(sql); }

  // As a kill now would leave them.
  DiskMap Killed() {
    const Directory left;
    for (const char* const name :
         {"state.db", "state.db-wal", "state.db-journal", "attached-1.db",
          "attached-1.db-wal"}) {
      if (files_.Has(name)) left.Put(name, files_.Get(name));
    }
    absl::StatusOr<DiskMap> map = KilledFiles(left.path(), 2);
    EXPECT_THAT(map, IsOk());
    return map.ok() ? *std::move(map) : DiskMap();
  }

  Directory files_;
  Sql sql_;
};

DiskUnits Range(std::int64_t first, std::int64_t last, UnitState state) {
  return {first, last, state, ""};
}

TEST_F(KilledFilesTest, AttachedDatabasesHaveFilesOfTheirOwn) {
  Run("ATTACH '" + files_.Path("attached-1.db") +
      "' AS o; PRAGMA journal_mode=WAL; CREATE TABLE o.t(a); CREATE TABLE "
      "t(a)");
  const DiskMap map = Killed();
  ASSERT_THAT(map.files, SizeIs(4));
  EXPECT_EQ(map.files[2].name, "attached-1.db");
  EXPECT_EQ(map.files[3].name, "attached-1.db-wal");
  EXPECT_THAT(map.files[3].units,
              ElementsAre(Range(1, 2, UnitState::kCommitted)));
}

TEST_F(KilledFilesTest, FramesOfCommitsAreTheirsAndLaterOnesAreLeftOut) {
  Run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
      "CREATE TABLE t(a)");  // two frames
  Run("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN;"
      "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 40) INSERT INTO t SELECT randomblob(4000) FROM n");
  const DiskMap map = Killed();
  EXPECT_TRUE(map.is_killed);
  EXPECT_EQ(map.round, 2u);
  ASSERT_THAT(map.files, SizeIs(2));
  EXPECT_THAT(map.files[0].units, ElementsAre(Range(1, 1, UnitState::kThere)));
  EXPECT_EQ(map.files[1].name, "state.db-wal");
  ASSERT_THAT(map.files[1].units, SizeIs(2));
  EXPECT_EQ(map.files[1].units[0], Range(1, 2, UnitState::kCommitted));
  EXPECT_EQ(map.files[1].units[1].first, 3);
  EXPECT_EQ(map.files[1].units[1].state, UnitState::kUncommitted);
}

TEST_F(KilledFilesTest, FramesOfAnOlderWalAreIgnored) {
  Run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
      "CREATE TABLE t(a); CREATE TABLE u(a); CREATE TABLE v(a);"
      "PRAGMA wal_checkpoint(PASSIVE); INSERT INTO t VALUES(1)");
  const DiskMap map = Killed();
  ASSERT_THAT(map.files, SizeIs(2));
  ASSERT_THAT(map.files[1].units, SizeIs(2));
  EXPECT_EQ(map.files[1].units[0], Range(1, 1, UnitState::kCommitted));
  EXPECT_EQ(map.files[1].units[1].state, UnitState::kIgnored);
}

TEST_F(KilledFilesTest, AHotJournalGoesBackIntoTheDatabase) {
  Run("PRAGMA journal_mode=DELETE; CREATE TABLE t(a);"
      "INSERT INTO t VALUES(1)");
  Run("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN;"
      "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 40) INSERT INTO t SELECT randomblob(4000) FROM n");
  const DiskMap map = Killed();
  ASSERT_THAT(map.files, SizeIs(2));
  EXPECT_EQ(map.files[1].name, "state.db-journal");
  ASSERT_THAT(map.files[1].units, SizeIs(1));
  EXPECT_EQ(map.files[1].units[0].state, UnitState::kPutBack);
  ASSERT_THAT(map.files[0].units, SizeIs(1));
  EXPECT_THAT(map.files[0].units[0].change,
              testing::HasSubstr("of which the journal puts back "));
}

TEST_F(KilledFilesTest, WithoutADatabaseThatSaysSoAWalIsOfNoUse) {
  Run("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;"
      "CREATE TABLE t(a)");
  const Directory left;
  left.Put("state.db", "");
  left.Put("state.db-wal", files_.Get("state.db-wal"));
  const auto map = KilledFiles(left.path(), 0);
  ASSERT_THAT(map, IsOk());
  ASSERT_THAT(map->files, SizeIs(2));
  EXPECT_THAT(map->files[0].units, SizeIs(0));
  EXPECT_THAT(map->files[1].units,
              ElementsAre(Range(1, 2, UnitState::kIgnored)));
}

TEST_F(KilledFilesTest, WithoutADatabaseThereIsNone) {
  const Directory empty;
  EXPECT_EQ(KilledFiles(empty.path(), 0).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace lastcommit
