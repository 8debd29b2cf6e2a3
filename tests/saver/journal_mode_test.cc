// Changing the journal mode of a database that is open.

#include <memory>
#include <string>

#include "saver/saver_fixture.h"

namespace lastcommit {
namespace {

constexpr JournalMode kOnDisk[] = {JournalMode::kDelete, JournalMode::kTruncate,
                                   JournalMode::kPersist, JournalMode::kWal};

class SetJournalModeTest : public SaverTest {
 protected:
  std::unique_ptr<SqliteSaver> Another(const Options& options = Options()) {
    auto opened = SqliteSaver::Open(path_, options);
    EXPECT_THAT(opened, IsOk());
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  static Options Impatient() {
    Options options;
    options.busy_timeout = absl::ZeroDuration();
    return options;
  }
};

TEST_F(SetJournalModeTest, KeepsWhatIsThere) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  std::string last = "1";
  for (const JournalMode from : kOnDisk) {
    for (const JournalMode to : kOnDisk) {
      ASSERT_THAT(saver_->SetJournalMode(from), IsOk());
      ASSERT_THAT(saver_->SetJournalMode(to), IsOk());
      EXPECT_EQ(Sql("PRAGMA journal_mode"), Name(to));
      EXPECT_EQ(Get("a").value_or("gone"), last);
      last += "x";
      ASSERT_THAT(Put("a", last), IsOk());
    }
  }
  EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
}

TEST_F(SetJournalModeTest, KeepsWhatACommitIsWorth) {
  Open();
  for (const JournalMode mode : kOnDisk) {
    ASSERT_THAT(saver_->SetJournalMode(mode), IsOk());
    EXPECT_EQ(saver_->durability(), Durability::kPowerLoss);
    EXPECT_EQ(Sql("PRAGMA synchronous"),
              mode == JournalMode::kDelete ? "3" : "2")
        << Name(mode);
  }
}

TEST_F(SetJournalModeTest, KeepsTheLevelThatWasAskedForWhereItWillDo) {
  Options options;
  options.synchronous = Synchronous::kFull;
  Open(options);
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kTruncate), IsOk());
  EXPECT_EQ(Sql("PRAGMA synchronous"), "2");
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
  EXPECT_EQ(Sql("PRAGMA synchronous"), "3");
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kWal), IsOk());
  EXPECT_EQ(Sql("PRAGMA synchronous"), "2");
}

TEST_F(SetJournalModeTest, RefusesModesWithoutAJournalOnTheDisk) {
  Open();
  for (const JournalMode mode : {JournalMode::kMemory, JournalMode::kOff}) {
    EXPECT_THAT(saver_->SetJournalMode(mode),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
  EXPECT_EQ(Sql("PRAGMA journal_mode"), "wal");
}

TEST_F(SetJournalModeTest, IsRefusedInsideATransaction) {
  Open();
  Transaction transaction = Begin();
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(SetJournalModeTest, NobodyLeavesWalWhileAnotherHasTheDatabaseOpen) {
  Open(Impatient());
  auto other = Another(Impatient());
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Sql("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(Sql("PRAGMA synchronous"), "2");
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kPassive), IsOk());
  other.reset();
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
}

TEST_F(SetJournalModeTest, SeesWhatAnotherCommittedBeforeItClosed) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  ASSERT_EQ(Get("a").value_or("gone"), "1");  // in the cache now
  auto other = Another();
  ASSERT_THAT(other->PutBlob("t", "a", "2"), IsOk());
  other.reset();
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
  EXPECT_EQ(Get("a").value_or("gone"), "2");
  EXPECT_EQ(Counter(), 2);
}

TEST_F(SetJournalModeTest, WhoHasTheDatabaseOpenFollows) {
  Options options;
  options.journal_mode = JournalMode::kTruncate;
  Open(options);
  auto other = Another(options);
  ASSERT_THAT(other->SetJournalMode(JournalMode::kWal), IsOk());
  ASSERT_THAT(other->PutBlob("t", "a", "1"), IsOk());
  EXPECT_EQ(Get("a").value_or("gone"), "1");
  ASSERT_THAT(Put("a", "2"), IsOk());
  EXPECT_EQ(Sql("PRAGMA journal_mode"), "wal");
  // It knows of the WAL by now, and so must it if it had not read.
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kTruncate),
              StatusIs(absl::StatusCode::kUnavailable));
}

// SQLite does not undo a part of a transaction safely in WAL mode, if it has
// that bug (saver/partial_rollback.h); in the mode that this saver was opened
// in it does.
TEST_F(SetJournalModeTest, ItsDefencesFollowToo) {
  Options options;
  options.journal_mode = JournalMode::kTruncate;
  options.cache_size = 1;
  Open(options);
  ASSERT_EQ(StrangersSql("PRAGMA journal_mode = wal"), "wal");
  Close();
  Crash(options, [this](SqliteSaver& saver) {
    StrangersSql("PRAGMA journal_mode = wal");
    auto transaction = saver.Begin();
    auto savepoint = transaction->Savepoint();
    for (int i = 0; i < 20; ++i) {
      saver.PutBlob("t", "undone-" + std::to_string(i), std::string(3000, 'u'))
          .IgnoreError();
    }
    savepoint->Rollback().IgnoreError();
    saver.PutBlob("t", "kept", "1").IgnoreError();
    transaction->Commit().status().IgnoreError();
    saver.PutBlob("t", "last", "2").IgnoreError();
  });
  Open();
  EXPECT_EQ(Get("kept").value_or("gone"), "1");
  EXPECT_EQ(Get("last").value_or("gone"), "2");
}

}  // namespace
}  // namespace lastcommit
