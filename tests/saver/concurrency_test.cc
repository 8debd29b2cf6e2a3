#include <sqlite3.h>

#include <memory>
#include <string>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

// A SELECT that has begun and not ended, and holds its shared lock.
class RunningRead {
 public:
  explicit RunningRead(SqliteSaver& saver) {
    sqlite3_prepare_v2(saver.connection(), "SELECT * FROM blobs", -1, &select_,
                       nullptr);
    EXPECT_EQ(sqlite3_step(select_), SQLITE_ROW);
  }
  ~RunningRead() { sqlite3_finalize(select_); }

 private:
  sqlite3_stmt* select_ = nullptr;
};

class ConcurrencyTest : public SaverTest {
 protected:
  ConcurrencyTest() {
    options_.busy_timeout = absl::ZeroDuration();
    Open(options_);
    other_ = SqliteSaver::Open(path_, options_).value();
  }
  ~ConcurrencyTest() override { other_.reset(); }

  absl::Status OtherPut() { return other_->PutBlob("t", "other", "x"); }

  Options options_;
  std::unique_ptr<SqliteSaver> other_;
};

TEST_F(ConcurrencyTest, SecondWriterIsUnavailableUntilTheFirstEnds) {
  Transaction transaction = Begin();
  EXPECT_THAT(OtherPut(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(other_->Begin(), StatusIs(StatusCode::kUnavailable));
  ASSERT_THAT(transaction.Commit(), IsOkAndHolds(1));
  EXPECT_THAT(OtherPut(), IsOk());
  EXPECT_EQ(Counter(), 2);
}

TEST_F(ConcurrencyTest, ReaderSeesCommittedChangesOnly) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("b", "x"), IsOk());
  EXPECT_THAT(other_->GetBlob("t", "b"), StatusIs(StatusCode::kNotFound));
  ASSERT_THAT(transaction.Commit(), IsOk());
  EXPECT_THAT(other_->GetBlob("t", "b"), IsOkAndHolds("x"));
}

TEST_F(ConcurrencyTest, OpeningBesideAWriterDoesNotWaitForIt) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("b", "x"), IsOk());
  options_.busy_timeout = absl::Hours(1);
  auto third = SqliteSaver::Open(path_, options_);
  ASSERT_THAT(third, IsOk());
  EXPECT_TRUE((*third)->recovery_report().checkpoint_busy);
  EXPECT_THAT((*third)->CommitCounter(), IsOkAndHolds(0));
}

TEST_F(ConcurrencyTest, CheckpointBesideAWriterIsBusy) {
  Transaction transaction = Begin();
  const auto result = other_->WalCheckpoint(CheckpointMode::kRestart);
  ASSERT_THAT(result, IsOk());
  EXPECT_TRUE(result->busy);
}

TEST_F(ConcurrencyTest, RefusedCommitMayBeTriedAgain) {
  other_.reset();
  options_.journal_mode = JournalMode::kDelete;
  Open(options_);
  other_ = SqliteSaver::Open(path_, options_).value();
  ASSERT_THAT(OtherPut(), IsOk());
  Transaction transaction = Begin();
  ASSERT_THAT(Put("b", "x"), IsOk());
  {
    const RunningRead read(*other_);
    EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kUnavailable));
    EXPECT_TRUE(transaction.is_open());
  }
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(2));
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
}

}  // namespace
}  // namespace lastcommit::saver
