#include "saver/wal_checkpointer.h"

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>

#include "saver/saver_fixture.h"
#include "saver/system_calls.h"
#include "saver/unfetch_vfs.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

constexpr CheckpointMode kAllModes[] = {
    CheckpointMode::kPassive, CheckpointMode::kFull, CheckpointMode::kRestart,
    CheckpointMode::kTruncate};

// The claims hold for every version of SQLite, with the defence and without.
class WalCheckpointerTest : public SaverTest {
 protected:
  WalCheckpointerTest() { options_.busy_timeout = absl::ZeroDuration(); }

  std::unique_ptr<SqliteSaver> Another() {
    return SqliteSaver::Open(path_, options_).value();
  }
  // A blob of so many pages.
  absl::Status PutPages(const std::string& name, std::size_t pages) {
    return Put(name, std::string(pages * 4096, 'p'));
  }
  std::uintmax_t DatabaseSize() { return std::filesystem::file_size(path_); }
  std::uintmax_t WalSize() {
    std::error_code is_missing;
    const auto size = std::filesystem::file_size(path_ + "-wal", is_missing);
    return is_missing ? 0 : size;
  }

  Options options_;
};

// A read transaction of another connection, which keeps what it has seen.
class Reader {
 public:
  explicit Reader(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &connection_), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection_, "BEGIN; SELECT * FROM meta", nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
  }
  ~Reader() { sqlite3_close(connection_); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  sqlite3* connection_ = nullptr;
};

TEST(HasWalResetBugTest, VersionsWithTheBug) {
  for (const int version :
       {3007000, 3040001, 3044005, 3045000, 3050006, 3051000, 3051002}) {
    EXPECT_TRUE(HasWalResetBug(version)) << version;
  }
  for (const int version :
       {3006023, 3044006, 3050007, 3051003, 3052000, 3054001}) {
    EXPECT_FALSE(HasWalResetBug(version)) << version;
  }
}

// One connection of the two is in a checkpoint and knows an old header, all of
// the WAL has been copied, and the other one, which has the write lock, starts
// it anew.
class WalResetTest : public WalCheckpointerTest,
                     public testing::WithParamInterface<CheckpointMode> {
 protected:
  // The rows that are there when all is closed, of the two that the other one
  // commits in the checkpoint and after it.
  std::string RowsAfterwards() {
    options_.vfs = UnfetchVfs();
    options_.wal_autocheckpoint = 0;
    Open(options_);
    EXPECT_EQ(Sql("CREATE TABLE own (x)"), "");  // it knows a header
    auto other = Another();
    EXPECT_THAT(other->PutBlob("t", "old", std::string(100000, 'o')), IsOk());
    EXPECT_THAT(other->WalCheckpoint(CheckpointMode::kPassive), IsOk());
    Run(*other, "BEGIN IMMEDIATE");
    int times = 0;
    AtNextUnfetch([&] {
      ++times;
      Run(*other, "INSERT INTO own VALUES ('new'); COMMIT");
    });
    EXPECT_THAT(saver_->WalCheckpoint(GetParam()), IsOk());
    AtNextUnfetch(nullptr);
    EXPECT_EQ(times, 1);
    Run(*other, "INSERT INTO own VALUES ('late')");
    other.reset();
    Close();
    return StrangersSql("SELECT group_concat(x) FROM own");
  }

 private:
  static void Run(SqliteSaver& saver, const char* sql) {
    EXPECT_EQ(sqlite3_exec(saver.connection(), sql, nullptr, nullptr, nullptr),
              SQLITE_OK);
  }
};

TEST_P(WalResetTest, CommitsInACheckpointAndAfterItAreKept) {
  EXPECT_EQ(RowsAfterwards(), "new,late");
}

TEST_P(WalResetTest, CommitAfterItIsLostWithoutTheDefence) {
  options_.avoid_sqlite_bugs = false;
  const bool has_bug = HasWalResetBug(sqlite3_libversion_number());
  EXPECT_EQ(RowsAfterwards(), has_bug ? "new" : "new,late");
}

INSTANTIATE_TEST_SUITE_P(Modes, WalResetTest, testing::ValuesIn(kAllModes),
                         [](const auto& mode) {
                           return std::string(Name(mode.param));
                         });

TEST_F(WalCheckpointerTest, CommitCheckpointsFromTheThresholdOn) {
  options_.wal_autocheckpoint = 20;
  Open(options_);
  const auto before = DatabaseSize();
  ASSERT_THAT(PutPages("a", 5), IsOk());
  EXPECT_EQ(DatabaseSize(), before);
  ASSERT_THAT(PutPages("b", 20), IsOk());
  EXPECT_GT(DatabaseSize(), before);
}

TEST_F(WalCheckpointerTest, NoCommitCheckpointsIfItIsTurnedOff) {
  options_.wal_autocheckpoint = 0;
  Open(options_);
  const auto before = DatabaseSize();
  ASSERT_THAT(PutPages("a", 1500), IsOk());
  EXPECT_EQ(DatabaseSize(), before);
}

TEST_F(WalCheckpointerTest, CommitOfTheCallersOwnCheckpointsToo) {
  options_.wal_autocheckpoint = 20;
  Open(options_);
  const auto before = DatabaseSize();
  EXPECT_EQ(Sql("CREATE TABLE own AS SELECT randomblob(100000)"), "");
  EXPECT_GT(DatabaseSize(), before);
}

TEST_F(WalCheckpointerTest, CommitToAnAttachedDatabaseCheckpointsThatOne) {
  options_.wal_autocheckpoint = 20;
  Open(options_);
  const std::string other = directory_ + "/other.db";
  EXPECT_EQ(Sql("ATTACH '" + other + "' AS other"), "");
  EXPECT_EQ(Sql("PRAGMA other.journal_mode = WAL"), "wal");
  const auto before = std::filesystem::file_size(other);
  EXPECT_EQ(Sql("CREATE TABLE other.own AS SELECT randomblob(100000)"), "");
  EXPECT_GT(std::filesystem::file_size(other), before);
}

TEST_F(WalCheckpointerTest, ReaderOnlyDelaysTheCheckpointAfterACommit) {
  options_.wal_autocheckpoint = 20;
  Open(options_);
  ASSERT_THAT(PutPages("a", 1), IsOk());
  const auto before = DatabaseSize();
  {
    const Reader reader(path_);
    ASSERT_THAT(PutPages("b", 30), IsOk());
    EXPECT_LT(DatabaseSize(), before + 30 * 4096);
  }
  ASSERT_THAT(PutPages("c", 1), IsOk());
  EXPECT_GE(DatabaseSize(), before + 30 * 4096);
}

TEST_F(WalCheckpointerTest, WriterDoesNotHinderAPassiveCheckpoint) {
  options_.wal_autocheckpoint = 0;
  Open(options_);
  auto other = Another();
  ASSERT_THAT(PutPages("a", 5), IsOk());
  Transaction transaction = Begin();
  const auto result = other->WalCheckpoint(CheckpointMode::kPassive);
  ASSERT_THAT(result, IsOk());
  EXPECT_FALSE(result->busy);
  EXPECT_GE(result->log_frames, 5);
  EXPECT_EQ(result->checkpointed_frames, result->log_frames);
}

TEST_F(WalCheckpointerTest, CheckpointThatIsNotBusyHasCopiedAll) {
  Open(options_);
  auto other = Another();
  for (const CheckpointMode mode : kAllModes) {
    const auto before = DatabaseSize();
    ASSERT_THAT(PutPages(std::string(Name(mode)), 50), IsOk());
    const auto result = other->WalCheckpoint(mode);
    ASSERT_THAT(result, IsOk());
    EXPECT_FALSE(result->busy) << Name(mode);
    EXPECT_EQ(result->checkpointed_frames, result->log_frames) << Name(mode);
    EXPECT_GE(DatabaseSize(), before + 50 * 4096) << Name(mode);
    EXPECT_EQ(WalSize() == 0, mode == CheckpointMode::kTruncate);
  }
}

TEST_F(WalCheckpointerTest, NextCommitAfterARestartIsAtTheBeginning) {
  Open(options_);
  ASSERT_THAT(PutPages("a", 50), IsOk());
  const auto before = WalSize();
  ASSERT_THAT(saver_->WalCheckpoint(CheckpointMode::kRestart), IsOk());
  ASSERT_THAT(PutPages("b", 20), IsOk());
  EXPECT_EQ(WalSize(), before);
}

TEST_F(WalCheckpointerTest, AllButPassiveAreBusyBesideAWriter) {
  Open(options_);
  auto other = Another();
  Transaction transaction = Begin();
  ASSERT_THAT(PutPages("a", 5), IsOk());
  for (const CheckpointMode mode : kAllModes) {
    const auto result = other->WalCheckpoint(mode);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->busy, mode != CheckpointMode::kPassive) << Name(mode);
  }
}

TEST_F(WalCheckpointerTest, RestartAndTruncateAreBusyBesideAReader) {
  Open(options_);
  ASSERT_THAT(PutPages("a", 5), IsOk());
  const Reader reader(path_);
  for (const CheckpointMode mode : kAllModes) {
    const auto result = saver_->WalCheckpoint(mode);
    ASSERT_THAT(result, IsOk());
    EXPECT_EQ(result->busy, mode >= CheckpointMode::kRestart) << Name(mode);
    EXPECT_EQ(result->checkpointed_frames, result->log_frames) << Name(mode);
  }
}

TEST_F(WalCheckpointerTest, StatementAtWorkMakesACheckpointUnavailable) {
  options_.busy_timeout = absl::Hours(1);
  Open(options_);
  ASSERT_THAT(Put("a", "x"), IsOk());
  sqlite3_stmt* select = nullptr;
  sqlite3_prepare_v2(saver_->connection(), "SELECT * FROM blobs", -1, &select,
                     nullptr);
  ASSERT_EQ(sqlite3_step(select), SQLITE_ROW);
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kFull),
              StatusIs(StatusCode::kUnavailable));
  sqlite3_finalize(select);
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kFull), IsOk());
}

TEST_F(WalCheckpointerTest, CheckpointLeavesTheBusyTimeout) {
  options_.busy_timeout = absl::Milliseconds(1234);
  Open(options_);
  ASSERT_THAT(saver_->WalCheckpoint(CheckpointMode::kTruncate), IsOk());
  EXPECT_EQ(Sql("PRAGMA busy_timeout"), "1234");
}

TEST_F(WalCheckpointerTest, CommitHoldsWhoseCheckpointFails) {
  options_.wal_autocheckpoint = 1;
  Open(options_);
  ASSERT_THAT(Put("first", "x"), IsOk());  // opens the WAL
  FailOpens(true);
  const absl::Status put = PutPages("a", 5);
  FailOpens(false);
  EXPECT_THAT(put, IsOk());
  EXPECT_THAT(Get("a"), IsOkAndHolds(std::string(5 * 4096, 'p')));
}

// No other connection can be open then, the guard's neither.
TEST_F(WalCheckpointerTest, CheckpointsUnderAnExclusiveLock) {
  options_.wal_autocheckpoint = 20;
  Open(options_);
  EXPECT_EQ(Sql("PRAGMA locking_mode = EXCLUSIVE"), "exclusive");
  const auto before = DatabaseSize();
  ASSERT_THAT(PutPages("a", 30), IsOk());
  EXPECT_GE(DatabaseSize(), before + 30 * 4096);
  const auto result = saver_->WalCheckpoint(CheckpointMode::kTruncate);
  ASSERT_THAT(result, IsOk());
  EXPECT_FALSE(result->busy);
  EXPECT_EQ(WalSize(), 0);
}

// It would be refused if there were another connection.
TEST_F(WalCheckpointerTest, LeavesNoConnectionOpen) {
  options_.wal_autocheckpoint = 1;
  Open(options_);
  ASSERT_THAT(PutPages("a", 5), IsOk());
  ASSERT_THAT(saver_->WalCheckpoint(CheckpointMode::kFull), IsOk());
  EXPECT_EQ(Sql("PRAGMA journal_mode = DELETE"), "delete");
}

TEST_F(WalCheckpointerTest, ClosingLeavesNoWal) {
  options_.wal_autocheckpoint = 1;
  Open(options_);
  ASSERT_THAT(PutPages("a", 5), IsOk());
  Close();
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

TEST_F(WalCheckpointerTest, StatementThatOutlivesTheSaverMayCommit) {
  options_.wal_autocheckpoint = 1;
  Open(options_);
  EXPECT_EQ(Sql("CREATE TABLE own (x)"), "");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(saver_->connection(), "INSERT INTO own VALUES (1)", -1,
                     &insert, nullptr);
  Close();
  EXPECT_EQ(sqlite3_step(insert), SQLITE_DONE);
  sqlite3_finalize(insert);
  EXPECT_EQ(StrangersSql("SELECT count(*) FROM own"), "1");
}

}  // namespace
}  // namespace lastcommit::saver
