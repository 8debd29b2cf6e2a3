// Changing the journal mode of a database that is open.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "saver/partial_rollback.h"
#include "saver/saver_fixture.h"
#include "saver/system_calls.h"

namespace lastcommit::saver {
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
  options.durability = Durability::kProcessCrash;  // NORMAL would do
  options.synchronous = Synchronous::kFull;
  Open(options);
  for (const JournalMode mode : kOnDisk) {
    ASSERT_THAT(saver_->SetJournalMode(mode), IsOk());
    EXPECT_EQ(Sql("PRAGMA synchronous"), "2") << Name(mode);
  }
  options.durability = Durability::kPowerLoss;
  Open(options);
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
  Options options = Impatient();
  options.journal_mode = JournalMode::kTruncate;
  Open(options);
  auto other = Another(options);
  ASSERT_THAT(other->SetJournalMode(JournalMode::kWal), IsOk());
  ASSERT_THAT(other->PutBlob("t", "a", "1"), IsOk());
  EXPECT_EQ(Get("a").value_or("gone"), "1");
  ASSERT_THAT(Put("a", "2"), IsOk());
  EXPECT_EQ(Sql("PRAGMA journal_mode"), "wal");
}

// PRAGMA journal_mode alone would say that it was done.
TEST_F(SetJournalModeTest, WhoHasNotReadSinceKnowsThatItIsInWalModeToo) {
  Options options = Impatient();
  options.journal_mode = JournalMode::kTruncate;
  Open(options);
  auto other = Another(options);
  ASSERT_THAT(other->SetJournalMode(JournalMode::kWal), IsOk());
  ASSERT_THAT(other->PutBlob("t", "a", "1"), IsOk());  // it has the WAL open
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kPersist),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kPassive), IsOk());
}

// What SQLite keeps while WAL is left (saver/kept_locks.h) must not outlive the
// change, which would shut out everybody else.
class LeavingWalTest : public SetJournalModeTest {
 protected:
  ~LeavingWalTest() override { Mend(); }
  static void Mend() {
    FailOpens(false);
    FailWrites(false);
    FailSyncs(false);
    FailUnlinks(false);
  }
  void ExpectOthersMayWrite() {
    EXPECT_EQ(StrangersSql("BEGIN IMMEDIATE"), "");
    auto other = Another(Impatient());
    EXPECT_THAT(other->PutBlob("t", "others", "x"), IsOk());
  }
};

TEST_F(LeavingWalTest, GivesItsLocksBack) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
  EXPECT_EQ(Sql("PRAGMA main.locking_mode"), "normal");
  ExpectOthersMayWrite();
  EXPECT_EQ(Get("a").value_or("gone"), "1");
}

TEST_F(LeavingWalTest, KeepsTheLocksOfACallerWhoWantsThem) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  ASSERT_EQ(Sql("PRAGMA main.locking_mode = EXCLUSIVE"), "exclusive");
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
  EXPECT_EQ(Sql("PRAGMA main.locking_mode"), "exclusive");
}

class LeavingWalFails : public LeavingWalTest,
                        public testing::WithParamInterface<void (*)(bool)> {};

// Before the statement has begun its commit, or in it.
TEST_P(LeavingWalFails, AndOthersMayWriteAllTheSame) {
  Open(Impatient());
  ASSERT_THAT(Put("a", "1"), IsOk());
  GetParam()(true);
  EXPECT_FALSE(saver_->SetJournalMode(JournalMode::kDelete).ok());
  Mend();
  EXPECT_THAT(saver_->CommitCounter(), IsOkAndHolds(1));
  ExpectOthersMayWrite();
  EXPECT_THAT(Put("a", "2"), IsOk());
  ExpectOthersMayWrite();
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
  ExpectOthersMayWrite();
  EXPECT_EQ(Get("a").value_or("gone"), "2");
}

std::string NameOf(const testing::TestParamInfo<void (*)(bool)>& fault) {
  constexpr const char* kNames[] = {"Opens", "Writes", "Syncs"};
  return kNames[fault.index];
}

INSTANTIATE_TEST_SUITE_P(All, LeavingWalFails,
                         testing::Values(&FailOpens, &FailWrites, &FailSyncs),
                         NameOf);

TEST_F(LeavingWalTest, NeedsAnotherOpeningIfTheWalCannotBeDeleted) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  FailUnlinks(true);
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete),
              StatusIs(absl::StatusCode::kDataLoss));
  Mend();
  EXPECT_THAT(Put("a", "2"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(Get("a"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kPassive),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kWal),
              StatusIs(absl::StatusCode::kDataLoss));
  Open();
  EXPECT_EQ(Get("a").value_or("gone"), "1");
  ExpectOthersMayWrite();
}

// The bug of saver/partial_rollback.h, in a saver that was opened in a mode
// that does not have it.
class FollowingDefencesTest : public SetJournalModeTest {
 protected:
  std::int64_t CommitsAfterCrash(bool avoid_bugs) {
    Options options;
    options.journal_mode = JournalMode::kTruncate;
    options.page_size = 512;
    options.cache_size = 5;
    options.avoid_sqlite_bugs = avoid_bugs;
    Crash(options, [this](SqliteSaver& saver) {
      StrangersSql("PRAGMA journal_mode = wal");
      auto transaction = saver.Begin();
      std::vector<std::string> payloads(100,
                                        '"' + std::string(1000, 'x') + '"');
      payloads.push_back("{");  // no JSON: the others are undone
      saver.AppendLogs("t", payloads).status().IgnoreError();
      saver.PutBlob("t", "after", std::string(3000, 'x')).IgnoreError();
      transaction->Commit().status().IgnoreError();
    });
    Open();
    return Counter();
  }
};

TEST_F(FollowingDefencesTest, KeepACommitThatPartlyRolledBack) {
  EXPECT_EQ(CommitsAfterCrash(/*avoid_bugs=*/true), 1);
  EXPECT_THAT(Get("after"), IsOk());
}

// Shows that the test above would notice.
TEST_F(FollowingDefencesTest, WithoutThemAnAffectedVersionLosesIt) {
  const bool is_affected = HasPartialRollbackBug(sqlite3_libversion_number());
  EXPECT_EQ(CommitsAfterCrash(/*avoid_bugs=*/false), is_affected ? 0 : 1);
}

}  // namespace
}  // namespace lastcommit::saver
