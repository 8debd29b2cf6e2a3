// SQLite on the simulated disk: that it works as on files, and that what was
// not synced can be lost.

#include "disk/sim_vfs.h"

#include <sqlite3.h>

#include <string>
#include <vector>

#include "sim_fixture.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::Not;

const std::string kJournal = std::string(kSimDatabase) + "-journal";
const std::string kWal = std::string(kSimDatabase) + "-wal";

// Synced, closed and with a row 0.
constexpr char kSchema[] =
    "CREATE TABLE t(x INTEGER PRIMARY KEY, y);"
    "INSERT INTO t VALUES (0, randomblob(100));";

class SimVfsTest : public SimTest {
 protected:
  void Create(const std::string& pragmas) {
    Connection connection;
    EXPECT_EQ(connection.Run(pragmas + ";" + kSchema), SQLITE_OK);
  }
  void Insert(Connection& connection, int row) {
    EXPECT_EQ(connection.Run("INSERT INTO t VALUES (" + std::to_string(row) +
                             ", randomblob(100))"),
              SQLITE_OK);
  }
  // Whole, and its rows.
  std::string Rows() {
    Connection connection;
    EXPECT_EQ(connection.Get("PRAGMA integrity_check"), "ok");
    return connection.Get("SELECT x FROM t ORDER BY x");
  }
  // What a power loss leaves that loses nothing but that file's changes.
  Storage AfterLosing(const std::string& path) {
    Fates fates;
    std::int64_t number = 0;
    for (const PendingChange& change : disk_->storage().PendingChanges()) {
      if (change.is_of_directory()) continue;
      if (change.path == path) fates.files.push_back({number});
      ++number;
    }
    return disk_->storage().AfterCrash(fates);
  }
  // The rows after `commits` commits at that setting and a power loss that
  // leaves only what was synced.
  std::string RowsAfterLoss(const std::string& pragmas, int commits) {
    Create(pragmas);
    return RowsAfterMoreAndLoss(pragmas, commits);
  }
  std::string RowsAfterMoreAndLoss(const std::string& pragmas, int commits) {
    Storage image(Storage::Options{});
    {
      Connection connection;
      connection.Run(pragmas);
      for (int i = 1; i <= commits; ++i) Insert(connection, i);
      image = AfterPowerLoss(SurvivalKind::kNone);
    }
    Start(std::move(image));
    return Rows();
  }
};

TEST_F(SimVfsTest, IsTheDefaultWhileADiskIsUsed) {
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "lastcommit-sim");
  UseSimDisk(nullptr);
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "lastcommit-shim");
}

class EveryJournalMode : public SimVfsTest,
                         public testing::WithParamInterface<const char*> {
 protected:
  std::string Mode() {
    return std::string("PRAGMA journal_mode = ") + GetParam() + ";";
  }
};
INSTANTIATE_TEST_SUITE_P(, EveryJournalMode,
                         testing::Values("DELETE", "TRUNCATE", "PERSIST", "WAL",
                                         "MEMORY", "OFF"),
                         [](const auto& param) { return param.param; });

TEST_P(EveryJournalMode, WhatWasWrittenIsThereAfterAReopen) {
  Create(Mode());
  {
    Connection connection;
    connection.Run(Mode() + "PRAGMA cache_size = 5");
    for (int i = 1; i < 20; ++i) Insert(connection, i);
    EXPECT_EQ(connection.Run(
                  "BEGIN; UPDATE t SET y = randomblob(3000); COMMIT; VACUUM"),
              SQLITE_OK);
  }
  Connection connection;
  EXPECT_EQ(connection.Get("PRAGMA integrity_check"), "ok");
  EXPECT_EQ(connection.Get("SELECT count(*), sum(length(y)) FROM t"),
            "20,60000");
}

TEST_P(EveryJournalMode, ACleanCloseLeavesNothingUnsyncedInAFile) {
  Create(Mode());
  for (const PendingChange& change : disk_->storage().PendingChanges()) {
    if (change.is_of_directory()) continue;
    EXPECT_THAT(change.path, Not(kSimDatabase)) << change.offset;
  }
}

TEST_P(EveryJournalMode, OfTwoConnectionsOneWrites) {
  Create(Mode());
  Connection writer;
  Connection other;
  EXPECT_EQ(writer.Run("BEGIN IMMEDIATE"), SQLITE_OK);
  EXPECT_EQ(other.Run("BEGIN IMMEDIATE"), SQLITE_BUSY);
  EXPECT_EQ(other.Get("SELECT x FROM t"), "0");
  Insert(writer, 1);
  EXPECT_EQ(other.Get("SELECT x FROM t"), "0");
  EXPECT_EQ(writer.Run("COMMIT"), SQLITE_OK);
  EXPECT_EQ(other.Get("SELECT x FROM t"), "0 1");
}

TEST_F(SimVfsTest, AReaderKeepsAWriterFromCommittingInARollbackMode) {
  Create("");
  Connection reader;
  Connection writer;
  EXPECT_EQ(reader.Get("BEGIN; SELECT x FROM t"), "0");
  EXPECT_EQ(writer.Run("BEGIN; INSERT INTO t VALUES (1, 2)"), SQLITE_OK);
  EXPECT_EQ(writer.Run("COMMIT"), SQLITE_BUSY);
  // The writer is waiting: nobody new may read.
  Connection late;
  EXPECT_EQ(late.Get("SELECT x FROM t"), "database is locked");
  EXPECT_EQ(reader.Run("COMMIT"), SQLITE_OK);
  EXPECT_EQ(writer.Run("COMMIT"), SQLITE_OK);
  EXPECT_EQ(late.Get("SELECT x FROM t"), "0 1");
}

TEST_F(SimVfsTest, AReaderOfAWalSeesItsOwnSnapshot) {
  Create("PRAGMA journal_mode = WAL");
  Connection reader;
  Connection writer;
  EXPECT_EQ(reader.Get("BEGIN; SELECT x FROM t"), "0");
  Insert(writer, 1);
  EXPECT_EQ(reader.Get("SELECT x FROM t"), "0");
  EXPECT_EQ(writer.Get("PRAGMA wal_checkpoint(RESTART)").substr(0, 2), "1,");
  EXPECT_EQ(reader.Get("COMMIT; SELECT x FROM t"), "0 1");
  EXPECT_EQ(writer.Get("PRAGMA wal_checkpoint(RESTART)").substr(0, 2), "0,");
}

TEST_F(SimVfsTest, TheLastCloseDeletesTheWal) {
  Create("PRAGMA journal_mode = WAL");
  Connection first;
  Connection second;
  Insert(first, 1);
  EXPECT_EQ(second.Get("SELECT x FROM t"), "0 1");
  first.Close();
  EXPECT_TRUE(Has(kWal));
  second.Close();
  EXPECT_FALSE(Has(kWal));
}

TEST_F(SimVfsTest, AWalOfMoreThanOneIndexPageWorks) {
  Create("PRAGMA journal_mode = WAL; PRAGMA page_size = 512");
  Connection connection;
  connection.Run("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 5");
  EXPECT_EQ(connection.Run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                           "SELECT i + 1 FROM n WHERE i < 3000) "
                           "INSERT INTO t SELECT i, randomblob(900) FROM n"),
            SQLITE_OK);
  EXPECT_GT(Content(kWal).size(), 4096 * 536);
  Connection other;
  EXPECT_EQ(other.Get("SELECT count(*) FROM t"), "3001");
  EXPECT_EQ(other.Get("PRAGMA integrity_check"), "ok");
}

// It takes the mode of the database (findCreateFileMode() in os_unix.c).
TEST_F(SimVfsTest, AJournalIsNotOpenedWithoutItsDatabase) {
  Create("PRAGMA journal_mode = PERSIST");
  Connection connection;
  EXPECT_EQ(connection.Run("PRAGMA journal_mode = PERSIST"), SQLITE_OK);
  Insert(connection, 1);
  ASSERT_TRUE(disk_->Remove(kSimDatabase));
  EXPECT_EQ(connection.Run("SELECT * FROM t") & 0xff, SQLITE_IOERR);
}

TEST_F(SimVfsTest, DisksAreMachinesOfTheirOwn) {
  Create("");
  SimDisk other{Storage(Storage::Options{})};
  Connection here;
  UseSimDisk(&other);
  Connection there;
  EXPECT_EQ(there.Run("CREATE TABLE elsewhere(x)"), SQLITE_OK);
  EXPECT_EQ(here.Get("SELECT x FROM t"), "0");
  EXPECT_EQ(there.Get("SELECT name FROM sqlite_schema"), "elsewhere");
}

// ---- What a power loss leaves ----

TEST_F(SimVfsTest, WalAtFullKeepsEveryAcknowledgedCommit) {
  EXPECT_EQ(
      RowsAfterLoss("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", 3),
      "0 1 2 3");
}

TEST_F(SimVfsTest, WalAtNormalReallyLosesCommits) {
  EXPECT_EQ(RowsAfterLoss(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", 3),
            "0");
}

TEST_F(SimVfsTest, DeleteAtFullLosesTheLastCommitAndNoOther) {
  // Only the next transaction's sync makes the journal's deletion durable.
  EXPECT_EQ(RowsAfterLoss("PRAGMA synchronous = FULL", 3), "0 1 2");
}

TEST_F(SimVfsTest, DeleteAtExtraKeepsTheLastCommit) {
  EXPECT_EQ(RowsAfterLoss("PRAGMA synchronous = EXTRA", 3), "0 1 2 3");
}

TEST_F(SimVfsTest, TruncateAndPersistAtFullKeepTheLastCommit) {
  for (const std::string mode : {"TRUNCATE", "PERSIST"}) {
    EXPECT_EQ(RowsAfterLoss("PRAGMA journal_mode = " + mode, 3), "0 1 2 3");
    Start(Storage(Storage::Options{}));
  }
}

TEST_F(SimVfsTest, WithSynchronousOffNothingIsDurable) {
  Create("");
  Connection connection;
  connection.Run("PRAGMA synchronous = OFF");
  Insert(connection, 1);
  EXPECT_TRUE(disk_->storage().has_pending_changes());
}

TEST_F(SimVfsTest, AKillKeepsWhatWasNotSynced) {
  Create("PRAGMA journal_mode = WAL");
  Connection connection;
  connection.Run("PRAGMA synchronous = OFF");
  Insert(connection, 1);
  Storage image = disk_->storage();
  connection.Close();
  Start(std::move(image));
  EXPECT_EQ(Rows(), "0 1");
}

// ---- Disks that lie ----

TEST_F(SimVfsTest, DroppedSyncsOfTheWalLoseAcknowledgedCommits) {
  Create("PRAGMA journal_mode = WAL");
  disk_->DropSyncsOf(FileRole::kWal);
  EXPECT_EQ(RowsAfterMoreAndLoss("PRAGMA synchronous = FULL", 3), "0");
}

TEST_F(SimVfsTest, DroppedSyncsOfTheDatabaseLoseWhatACheckpointPromised) {
  Create("PRAGMA journal_mode = WAL");
  disk_->DropSyncsOf(FileRole::kDatabase);
  Connection connection;
  Insert(connection, 1);
  EXPECT_EQ(connection.Get("PRAGMA wal_checkpoint(TRUNCATE)"), "0,0,0");
  Storage image = AfterLosing(kSimDatabase);
  connection.Close();
  Start(std::move(image));
  EXPECT_EQ(Rows(), "0");
}

TEST_F(SimVfsTest, DroppedSyncsOfTheDirectoryLoseTheJournal) {
  Create("PRAGMA synchronous = EXTRA");
  disk_->DropDirectorySyncs();
  Connection connection;
  EXPECT_EQ(connection.Run("PRAGMA cache_size = 1; BEGIN;"
                           "UPDATE t SET y = randomblob(90000)"),
            SQLITE_OK);
  EXPECT_TRUE(Has(kJournal));
  EXPECT_THAT(AfterPowerLoss(SurvivalKind::kNone).Paths(),
              Not(testing::Contains(kJournal)));
}

TEST_F(SimVfsTest, DroppedSyncsAreNotObserved) {
  std::vector<std::string> syncs;
  watcher_.before = [&](const VfsCall& call) {
    if (call.kind == VfsCallKind::kSync) syncs.emplace_back(Name(call.role));
    return SQLITE_OK;
  };
  Create("PRAGMA journal_mode = WAL");
  disk_->DropSyncsOf(FileRole::kWal);
  disk_->set_observer(&watcher_);
  Connection connection;
  Insert(connection, 1);
  connection.Close();
  EXPECT_THAT(syncs, ElementsAre("database"));
}

// ---- A full disk ----

TEST_F(SimVfsTest, AFullDiskRefusesWhatNeedsMoreSectors) {
  Create("");
  disk_->set_capacity_sectors(disk_->storage().AllocatedSectors() + 4);
  Connection connection;
  EXPECT_EQ(connection.Run("UPDATE t SET y = randomblob(90000)"), SQLITE_FULL);
  EXPECT_EQ(connection.Run("UPDATE t SET y = randomblob(50)"), SQLITE_OK);
  EXPECT_EQ(Rows(), "0");
  disk_->set_capacity_sectors(-1);
  EXPECT_EQ(connection.Run("UPDATE t SET y = randomblob(90000)"), SQLITE_OK);
}

TEST_F(SimVfsTest, TheWalIndexCostsSectors) {
  Create("PRAGMA journal_mode = WAL");
  disk_->set_capacity_sectors(disk_->storage().AllocatedSectors() + 7);
  Connection refused;
  EXPECT_EQ(refused.Run("SELECT * FROM t"), SQLITE_IOERR);
  EXPECT_EQ(refused.extended_result(), SQLITE_IOERR_SHMSIZE);
  disk_->set_capacity_sectors(disk_->storage().AllocatedSectors() + 8);
  Connection connection;
  EXPECT_EQ(connection.Get("SELECT x FROM t"), "0");
}

TEST_F(SimVfsTest, TemporaryFilesCostSectors) {
  Create("");
  Connection connection;
  connection.Run(
      "PRAGMA temp_store = FILE; CREATE TEMP TABLE u(x);"
      "PRAGMA temp.cache_size = 1");
  disk_->set_capacity_sectors(disk_->storage().AllocatedSectors() + 4);
  EXPECT_EQ(connection.Run("INSERT INTO u VALUES (randomblob(90000))"),
            SQLITE_FULL);
  disk_->set_capacity_sectors(-1);
  EXPECT_EQ(connection.Run("INSERT INTO u VALUES (randomblob(90000))"),
            SQLITE_OK);
}

// ---- Time and randomness ----

TEST_F(SimVfsTest, TimeIsTheSameInEveryLifetime) {
  constexpr char kNow[] = "SELECT datetime('now')";
  EXPECT_EQ(Connection().Get(kNow), "2026-01-01 00:00:00");
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  EXPECT_EQ(vfs->xSleep(vfs, 90'000'000), 90'000'000);
  EXPECT_EQ(Connection().Get(kNow), "2026-01-01 00:01:30");
  BeginSimLifetime(1);
  EXPECT_EQ(Connection().Get(kNow), "2026-01-01 00:00:00");
}

TEST_F(SimVfsTest, TimePassesWhenSomebodyLooks) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  sqlite3_int64 first = 0;
  vfs->xCurrentTimeInt64(vfs, &first);
  sqlite3_int64 now = first;
  for (int i = 0; i < 1000; ++i) vfs->xCurrentTimeInt64(vfs, &now);
  EXPECT_GT(now, first);
  EXPECT_LT(now, first + 1000);
}

TEST_F(SimVfsTest, TheSameSeedMakesTheSameDisk) {
  const auto digest = [&](std::uint32_t seed) {
    Start(Storage(Storage::Options{}));
    BeginSimLifetime(seed);
    Create("PRAGMA journal_mode = WAL");
    Connection connection;
    Insert(connection, 1);
    return disk_->storage().Digest();
  };
  const std::uint64_t first = digest(7);
  EXPECT_EQ(digest(7), first);
  EXPECT_NE(digest(8), first);
}

}  // namespace
}  // namespace lastcommit
