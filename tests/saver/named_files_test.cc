// Another program removes or replaces a file of an open database.

#include "saver/named_files.h"

#include <sqlite3.h>

#include <filesystem>
#include <string>
#include <tuple>

#include "saver/saver_fixture.h"
#include "saver/transaction.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

class NamedFilesTest : public SaverTest {
 protected:
  void Remove(const std::string& suffix) {
    ASSERT_TRUE(std::filesystem::remove(path_ + suffix)) << suffix;
  }
  // The same bytes, under the same name.
  void Replace(const std::string& suffix) {
    const std::string name = path_ + suffix;
    std::filesystem::copy_file(name, name + ".copy");
    std::filesystem::rename(name + ".copy", name);
  }
  // Another process, that opens the database when it is told to, commits "b",
  // and is killed. It is begun before the database is open here: of what this
  // process has open SQLite would know in a fork, too.
  void StartAnother() {
    ASSERT_EQ(pipe(pipe_), 0);
    another_ = fork();
    if (another_ != 0) return;
    char go = 0;
    if (read(pipe_[0], &go, 1) != 1) _exit(1);
    auto saver = SqliteSaver::Open(path_, Options());
    if (!saver.ok()) _exit(2);
    if (!(*saver)->PutBlob("t", "b", "2").ok()) _exit(3);
    raise(SIGKILL);
  }
  void AnotherCommits() {
    ASSERT_EQ(write(pipe_[1], "x", 1), 1);
    int status = 0;
    ASSERT_EQ(waitpid(another_, &status, 0), another_);
    EXPECT_TRUE(WIFSIGNALED(status)) << "status " << status;
    close(pipe_[0]);
    close(pipe_[1]);
  }
  static Options Deaf() {
    Options options;
    options.notice_removed_files = false;
    return options;
  }

 private:
  int pipe_[2] = {-1, -1};
  pid_t another_ = -1;
};

using Which = std::tuple<std::string, bool>;

class EachFile : public NamedFilesTest,
                 public testing::WithParamInterface<Which> {
 public:
  void TakeAway() {
    const auto& [suffix, is_replaced] = GetParam();
    is_replaced ? Replace(suffix) : Remove(suffix);
  }
};

INSTANTIATE_TEST_SUITE_P(
    AndManner, EachFile,
    testing::Combine(testing::Values("", "-wal", "-shm"), testing::Bool()),
    [](const testing::TestParamInfo<Which>& which) {
      const std::string suffix = std::get<0>(which.param);
      return (suffix.empty() ? "database" : suffix.substr(1)) +
             (std::get<1>(which.param) ? "Replaced" : "Removed");
    });

TEST_P(EachFile, NothingIsAcknowledgedUntilItIsOpenedAgain) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  TakeAway();
  for (int i = 0; i < 2; ++i) {
    const absl::Status refused = Put("a", "2");
    EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_FALSE(IsInDoubt(refused));
    EXPECT_THAT(saver_->Begin(), StatusIs(StatusCode::kFailedPrecondition));
  }
  EXPECT_EQ(Get("a").value_or("gone"), "1");
  Open();
  EXPECT_THAT(Put("a", "3"), IsOk());
  EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
}

TEST_P(EachFile, ATransactionThatWasOpenIsRolledBack) {
  Open();
  Transaction transaction = Begin();
  ASSERT_THAT(Put("a", "1"), IsOk());
  TakeAway();
  const absl::Status refused = transaction.Commit().status();
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(IsInDoubt(refused));
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(Get("a"), StatusIs(StatusCode::kNotFound));
}

// Between the look under the lock and the COMMIT.
TEST_P(EachFile, ACommitThatWentThereIsInDoubt) {
  Open();
  sqlite3_commit_hook(
      saver_->connection(),
      [](void* test) {
        static_cast<EachFile*>(test)->TakeAway();
        return 0;
      },
      this);
  const absl::Status refused = Put("a", "1");
  sqlite3_commit_hook(saver_->connection(), nullptr, nullptr);
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_TRUE(IsInDoubt(refused));
}

TEST_P(EachFile, AllElseThatWritesIsRefusedToo) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  TakeAway();
  EXPECT_THAT(saver_->Vacuum(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kPassive),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(saver_->SetJournalMode(JournalMode::kDelete),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_P(EachFile, WhoDoesNotLookAcknowledges) {
  Open(Deaf());
  ASSERT_THAT(Put("a", "1"), IsOk());
  TakeAway();
  EXPECT_THAT(Put("a", "2"), IsOk());
}

TEST_F(NamedFilesTest, WhatWasMovedAwayAndBackStaysRefused) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  std::filesystem::rename(path_ + "-wal", path_ + ".away");
  EXPECT_THAT(Put("a", "1"), StatusIs(StatusCode::kFailedPrecondition));
  std::filesystem::rename(path_ + ".away", path_ + "-wal");
  EXPECT_THAT(Put("a", "1"), StatusIs(StatusCode::kFailedPrecondition));
}

// Nobody has come since, so the last close may move it into the database.
TEST_F(NamedFilesTest, ACloseKeepsWhatIsInARemovedWal) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  Remove("-wal");
  Open();
  EXPECT_EQ(Get("a").value_or("gone"), "1");
}

TEST_F(NamedFilesTest, ACloseLeavesWhatOthersHaveCommittedSince) {
  StartAnother();
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  Remove("-wal");
  Remove("-shm");
  AnotherCommits();
  Open();
  EXPECT_EQ(Get("b").value_or("gone"), "2");
  EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
}

TEST_F(NamedFilesTest, TheCloseOfWhoDoesNotLookTakesItAway) {
  StartAnother();
  Open(Deaf());
  ASSERT_THAT(Put("a", "1"), IsOk());
  Remove("-wal");
  Remove("-shm");
  AnotherCommits();
  Open();
  EXPECT_EQ(Get("b").value_or("gone"), "gone");
}

// Each has a write lock, in a wal-index of its own.
TEST_F(NamedFilesTest, OfTwoWalIndexesTheNamelessOneIsNotUsed) {
  StartAnother();
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  Remove("-shm");
  AnotherCommits();
  EXPECT_THAT(Put("a", "3"), StatusIs(StatusCode::kFailedPrecondition));
  Open();
  EXPECT_EQ(Get("a").value_or("gone"), "1");
  EXPECT_EQ(Get("b").value_or("gone"), "2");
  EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
}

// Journals are new files each time, and so is a WAL after a change of the mode.
TEST_F(NamedFilesTest, ChangesOfTheModeAreLegal) {
  Open();
  for (const JournalMode mode :
       {JournalMode::kDelete, JournalMode::kPersist, JournalMode::kWal,
        JournalMode::kTruncate, JournalMode::kWal}) {
    ASSERT_THAT(saver_->SetJournalMode(mode), IsOk());
    EXPECT_THAT(Put("a", std::string(Name(mode))), IsOk());
    EXPECT_THAT(Put("b", std::string(Name(mode))), IsOk());
  }
}

TEST_F(NamedFilesTest, AWalThatAnotherConnectionBeganIsLookedAtToo) {
  Options options;
  options.journal_mode = JournalMode::kTruncate;
  Open(options);
  ASSERT_EQ(StrangersSql("PRAGMA journal_mode = wal"), "wal");
  ASSERT_THAT(Put("a", "1"), IsOk());
  Remove("-wal");
  EXPECT_THAT(Put("a", "2"), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(NamedFilesTest, AWalMadeAnewByAnotherAfterTheSaverLeftItsOwnIsLegal) {
  Open();
  ASSERT_THAT(Put("a", "1"), IsOk());
  ASSERT_THAT(saver_->SetJournalMode(JournalMode::kDelete), IsOk());
  ASSERT_EQ(StrangersSql("PRAGMA journal_mode = wal"), "wal");
  EXPECT_THAT(Put("a", "2"), IsOk());
}

TEST_F(NamedFilesTest, WithoutAWalTheDatabaseIsLookedAt) {
  for (const JournalMode mode :
       {JournalMode::kDelete, JournalMode::kTruncate, JournalMode::kPersist}) {
    Options options;
    options.journal_mode = mode;
    Open(options);
    ASSERT_THAT(Put("a", "1"), IsOk());
    Remove("");
    EXPECT_THAT(Put("a", "2"), StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_THAT(saver_->Begin(), StatusIs(StatusCode::kFailedPrecondition));
  }
}

TEST_F(NamedFilesTest, SeveralThatHaveItOpenAreNobodysRemoval) {
  Open();
  for (int i = 0; i < 3; ++i) {
    auto other = SqliteSaver::Open(path_, Options());
    ASSERT_THAT(other, IsOk());
    EXPECT_THAT((*other)->PutBlob("t", "a", "1"), IsOk());
    EXPECT_THAT(Put("b", "2"), IsOk());
    EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kTruncate), IsOk());
    EXPECT_THAT((*other)->Vacuum(), IsOk());
  }
  EXPECT_THAT(Put("b", "3"), IsOk());
}

}  // namespace
}  // namespace lastcommit::saver
