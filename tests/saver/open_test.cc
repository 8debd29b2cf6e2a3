#include <sqlite3.h>
#include <sys/stat.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"
#include "saver/wal_checkpointer.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

class OpenTest : public SaverTest {
 protected:
  // What `sql` makes, as another program would.
  void Make(const std::string& sql) { StrangersSql(sql); }
};

TEST_F(OpenTest, SettingsAreInForce) {
  Options options;
  options.durability = Durability::kProcessCrash;
  options.page_size = 1024;
  options.cache_size = 7;
  options.wal_autocheckpoint = 3;
  options.busy_timeout = absl::Milliseconds(1234);
  Open(options);
  EXPECT_EQ(Sql("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Sql("PRAGMA synchronous"), "1");
  EXPECT_EQ(Sql("PRAGMA page_size"), "1024");
  EXPECT_EQ(Sql("PRAGMA cache_size"), "7");
  EXPECT_EQ(Sql("PRAGMA wal_autocheckpoint"),
            GuardsCheckpoints(options) ? "0" : "3");
  EXPECT_EQ(Sql("PRAGMA busy_timeout"), "1234");
  EXPECT_EQ(Sql("PRAGMA foreign_keys"), "1");
}

TEST_F(OpenTest, EveryJournalModeIsSetAndKeptApartFromCreation) {
  for (const JournalMode mode :
       {JournalMode::kWal, JournalMode::kDelete, JournalMode::kTruncate,
        JournalMode::kPersist, JournalMode::kMemory, JournalMode::kOff,
        JournalMode::kWal}) {
    Open(AnyDurability(mode));
    EXPECT_EQ(Sql("PRAGMA journal_mode"), std::string(Name(mode)));
    EXPECT_THAT(Put(std::string(Name(mode)), "x"), IsOk());
  }
  EXPECT_EQ(Counter(), 7);
}

TEST_F(OpenTest, SynchronousLevelsAreSet) {
  Options options = AnyDurability(JournalMode::kWal);
  for (const Synchronous level : {Synchronous::kOff, Synchronous::kNormal,
                                  Synchronous::kFull, Synchronous::kExtra}) {
    options.synchronous = level;
    Open(options);
    EXPECT_EQ(Sql("PRAGMA synchronous"),
              std::to_string(static_cast<int>(level)));
  }
}

TEST_F(OpenTest, OptionsOutOfRangeAreRefused) {
  Options options;
  options.page_size = 1000;
  EXPECT_THAT(TryOpen(options), StatusIs(StatusCode::kInvalidArgument));
  options = Options();
  options.wal_autocheckpoint = -1;
  EXPECT_THAT(TryOpen(options), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(OpenTest, NamesThatAreNoFilesAreRefused) {
  for (const char* path : {"", ":memory:", "file:x.db"}) {
    EXPECT_THAT(SqliteSaver::Open(path, Options()),
                StatusIs(StatusCode::kInvalidArgument));
  }
  path_ = directory_ + "/no-such-directory/test.db";
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kNotFound));
  path_ = directory_;
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(OpenTest, UnknownVfsIsAnError) {
  Options options;
  options.vfs = "no such vfs";
  EXPECT_FALSE(TryOpen(options).ok());
}

// unix-dotfile cannot share memory; asked for a WAL it keeps its journal and
// reports no error.
TEST_F(OpenTest, NamedVfsIsUsedAndASilentRefusalIsAnError) {
  Options options;
  options.vfs = "unix-dotfile";
  EXPECT_THAT(TryOpen(options), StatusIs(StatusCode::kFailedPrecondition));
  options.journal_mode = JournalMode::kDelete;
  EXPECT_THAT(TryOpen(options), IsOk());
}

// The default one refuses every file.
TEST_F(OpenTest, ANamedVfsIsTheOnlyOne) {
  sqlite3_vfs* const former = sqlite3_vfs_find(nullptr);
  sqlite3_vfs refusing = *former;
  refusing.zName = "refusing";
  refusing.xOpen = [](sqlite3_vfs*, const char*, sqlite3_file* file, int,
                      int*) {
    file->pMethods = nullptr;
    return SQLITE_CANTOPEN;
  };
  refusing.xAccess = [](sqlite3_vfs*, const char*, int, int*) {
    return SQLITE_IOERR_ACCESS;
  };
  refusing.xDelete = [](sqlite3_vfs*, const char*, int) {
    return SQLITE_IOERR_DELETE;
  };
  ASSERT_EQ(sqlite3_vfs_register(&refusing, /*makeDflt=*/1), SQLITE_OK);
  EXPECT_FALSE(TryOpen().ok());
  Options options;
  options.vfs = former->zName;
  for (const bool is_new : {true, false}) {
    Open(options);
    EXPECT_EQ(saver_->recovery_report().created, is_new);
    EXPECT_THAT(Put("b", "x"), IsOk());
    EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kTruncate), IsOk());
    EXPECT_THAT(saver_->Vacuum(), IsOk());
    EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
    EXPECT_THAT(Put("b", "y"), IsOk());
    EXPECT_THAT(saver_->SetJournalMode(JournalMode::kWal), IsOk());
    EXPECT_THAT(Get("b"), IsOkAndHolds("y"));
  }
  Close();
  sqlite3_vfs_unregister(&refusing);
  sqlite3_vfs_register(former, /*makeDflt=*/1);
}

TEST_F(OpenTest, NewFileIsForItsOwnerOnly) {
  Open();
  ASSERT_THAT(Put("b", "x"), IsOk());
  struct stat file;
  for (const char* suffix : {"", "-wal", "-shm"}) {
    ASSERT_EQ(stat((path_ + suffix).c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(OpenTest, ReopeningFindsWhatWasCommitted) {
  Open();
  EXPECT_TRUE(saver_->recovery_report().created);
  ASSERT_THAT(Put("b", "x"), IsOk());
  Open();
  EXPECT_FALSE(saver_->recovery_report().created);
  EXPECT_EQ(saver_->recovery_report().wal_frames, 0);
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
  EXPECT_EQ(Counter(), 1);
}

TEST_F(OpenTest, RecoveryReportsAndEmptiesTheWal) {
  Crash(Options(),
        [](SqliteSaver& saver) { saver.PutBlob("t", "b", "x").IgnoreError(); });
  ASSERT_GT(std::filesystem::file_size(path_ + "-wal"), 0U);
  Open();
  EXPECT_GT(saver_->recovery_report().wal_frames, 0);
  EXPECT_FALSE(saver_->recovery_report().checkpoint_busy);
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), 0U);
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
}

TEST_F(OpenTest, HotJournalIsRolledBack) {
  Options options;
  options.journal_mode = JournalMode::kDelete;
  options.cache_size = 1;
  Crash(options, [](SqliteSaver& saver) {
    saver.PutBlob("t", "b", std::string(50'000, 'x')).IgnoreError();
    auto transaction = saver.Begin();
    saver.PutBlob("t", "b", std::string(50'000, 'y')).IgnoreError();
    raise(SIGKILL);
  });
  ASSERT_TRUE(std::filesystem::exists(path_ + "-journal"));
  Open(options);
  EXPECT_THAT(Get("b"), IsOkAndHolds(std::string(50'000, 'x')));
}

class ForeignKindTest : public OpenTest,
                        public testing::WithParamInterface<const char*> {};

TEST_P(ForeignKindTest, IsRefusedAndNotChanged) {
  Make(GetParam());
  const std::string before = FileBytes(path_);
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(FileBytes(path_), before);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-journal"));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ForeignKindTest,
    testing::Values("CREATE TABLE t (x)",
                    "PRAGMA journal_mode = WAL; CREATE TABLE t (x)",
                    "PRAGMA application_id = 7", "PRAGMA user_version = 7",
                    "PRAGMA application_id = 7; PRAGMA user_version = 1;"
                    "CREATE TABLE meta (key, value)"));

}  // namespace
}  // namespace lastcommit::saver
