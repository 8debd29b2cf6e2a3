// What SQLite does by itself when a call to the operating system fails, memory
// or disk is full or it is interrupted; and what is said of the transaction.

#include <sqlite3.h>

#include <string>
#include <vector>

#include "saver/saver_fixture.h"
#include "saver/system_calls.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::Not;

class FailureTest : public SaverTest {
 protected:
  ~FailureTest() override {
    FailSyncs(false);
    FailWrites(false);
    FailUnlinks(false);
    FailOpens(false);
  }
  // So small that changes are written before their COMMIT.
  static Options SmallCache(JournalMode mode) {
    Options options;
    options.journal_mode = mode;
    options.cache_size = 1;
    return options;
  }
  void ExpectAborted(Transaction& transaction) {
    EXPECT_TRUE(transaction.is_aborted());
    EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kPassive),
                StatusIs(StatusCode::kAborted));
    EXPECT_THAT(saver_->Vacuum(), StatusIs(StatusCode::kAborted));
    EXPECT_FALSE(transaction.is_open());
    EXPECT_THAT(Put("more", "x"), StatusIs(StatusCode::kAborted));
    EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kAborted));
    EXPECT_THAT(transaction.Rollback(), IsOk());
    EXPECT_FALSE(transaction.is_aborted());
    EXPECT_THAT(Get("before"), StatusIs(StatusCode::kNotFound));
    EXPECT_THAT(Put("after", "x"), IsOk());
  }
};

class FailedCommit : public FailureTest,
                     public testing::WithParamInterface<JournalMode> {
 protected:
  FailedCommit() { options_.journal_mode = GetParam(); }
  void ExpectInDoubt(const absl::Status& status) {
    EXPECT_THAT(status, StatusIs(StatusCode::kUnknown));
    EXPECT_TRUE(IsInDoubt(status));
  }
  Options options_;
};

TEST_P(FailedCommit, AtItsSyncIsInDoubtAndHasEnded) {
  Open(options_);
  ASSERT_THAT(Put("b", "old"), IsOk());
  Transaction transaction = Begin();
  ASSERT_THAT(Put("b", "new"), IsOk());
  FailSyncs(true);
  ExpectInDoubt(transaction.Commit().status());
  FailSyncs(false);
  EXPECT_FALSE(transaction.is_open());
  EXPECT_FALSE(transaction.is_aborted());
  EXPECT_THAT(Get("b"), IsOkAndHolds("old"));
}

// A journal that is written over is synced before anything is in doubt.
TEST_P(FailedCommit, OfAChangeAloneOrAStreamIsInDoubtToo) {
  Open(options_);
  auto writer = saver_->WriteBlob("t", "b", 1);
  ASSERT_THAT(writer->Write("x"), IsOk());
  FailSyncs(true);
  ExpectInDoubt(writer->Finish());
  EXPECT_THAT(writer->Finish(), StatusIs(StatusCode::kFailedPrecondition));
  FailSyncs(false);
  ASSERT_THAT(Put("settled", "x"), IsOk());
  FailSyncs(true);
  const absl::Status alone = Put("c", "x");
  EXPECT_THAT(alone, StatusIs(StatusCode::kUnknown));
  EXPECT_EQ(IsInDoubt(alone), GetParam() != JournalMode::kTruncate &&
                                  GetParam() != JournalMode::kPersist);
  FailSyncs(false);
  EXPECT_THAT(saver_->ListBlobs("t"),
              IsOkAndHolds(testing::ElementsAre("settled")));
}

// Over a journal whose end may not be durable nothing is written.
TEST_P(FailedCommit, KeepsTheNextFromBeginningUntilItsJournalIsSynced) {
  Open(options_);
  FailSyncs(true);
  ExpectInDoubt(Put("a", "x"));
  const absl::Status next = Put("b", "x");
  const bool writes_over_journal = GetParam() == JournalMode::kTruncate ||
                                   GetParam() == JournalMode::kPersist;
  EXPECT_THAT(next, StatusIs(StatusCode::kUnknown));
  EXPECT_EQ(IsInDoubt(next), !writes_over_journal);
  FailSyncs(false);
  EXPECT_THAT(Put("c", "x"), IsOk());
}

TEST_P(FailedCommit, IsSettledByTheNextThatSucceeds) {
  Open(options_);
  FailSyncs(true);
  ASSERT_THAT(Put("doubtful", "x"), Not(IsOk()));
  FailSyncs(false);
  ASSERT_THAT(Put("b", "x"), IsOk());
  Close();
  Open(options_);
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
  EXPECT_THAT(Get("doubtful"), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(Counter(), 1);
}

TEST_P(FailedCommit, ThatWasKilledNextIsThereAsAWholeOrNot) {
  InKilledChild([&] {
    auto saver = SqliteSaver::Open(path_, options_).value();
    saver->PutBlob("t", "a", "old").IgnoreError();
    auto transaction = saver->Begin();
    saver->PutBlob("t", "a", "new").IgnoreError();
    saver->PutBlob("t", "b", "new").IgnoreError();
    FailSyncs(true);
    if (!IsInDoubt(transaction->Commit().status())) _exit(1);
    raise(SIGKILL);
  });
  Open(options_);
  // All frames of the WAL were written; a rollback journal was rolled back.
  const bool is_there = GetParam() == JournalMode::kWal;
  EXPECT_EQ(Counter(), is_there ? 2 : 1);
  EXPECT_THAT(Get("a"), IsOkAndHolds(is_there ? "new" : "old"));
  EXPECT_EQ(Get("b").ok(), is_there);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, FailedCommit,
    testing::Values(JournalMode::kWal, JournalMode::kDelete,
                    JournalMode::kTruncate, JournalMode::kPersist),
    [](const auto& test) { return std::string(Name(test.param)); });

TEST_F(FailureTest, CommitWhoseJournalCannotBeDeletedIsInDoubt) {
  Options options;
  options.journal_mode = JournalMode::kDelete;
  Open(options);
  FailUnlinks(true);
  const absl::Status status = Put("b", "x");
  FailUnlinks(false);
  EXPECT_THAT(status, Not(IsOk()));
  EXPECT_TRUE(IsInDoubt(status));
}

TEST_F(FailureTest, BusyCommitIsNotInDoubt) {
  Options options;
  options.journal_mode = JournalMode::kDelete;
  options.busy_timeout = absl::ZeroDuration();
  Open(options);
  ASSERT_THAT(Put("b", "x"), IsOk());
  auto other = SqliteSaver::Open(path_, options).value();
  auto reader = other->ReadBlob("t", "b");
  Transaction transaction = Begin();
  ASSERT_THAT(Put("b", "y"), IsOk());
  const absl::Status status = transaction.Commit().status();
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable));
  EXPECT_FALSE(IsInDoubt(status));
  EXPECT_TRUE(transaction.is_open());
}

TEST_F(FailureTest, CommitOfARowThatRefersToNothingIsNotInDoubt) {
  Open();
  Transaction transaction = Begin();
  Sql("INSERT INTO logs VALUES ('nobody', 1, 1, '{}')");
  const absl::Status status = transaction.Commit().status();
  EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(IsInDoubt(status));
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(Put("b", "x"), IsOk());
}

TEST_F(FailureTest, OtherErrorsAreNotInDoubt) {
  Open();
  EXPECT_FALSE(IsInDoubt(absl::OkStatus()));
  EXPECT_FALSE(IsInDoubt(saver_->AppendLog("t", "{").status()));
  EXPECT_FALSE(IsInDoubt(absl::UnknownError("x")));
}

TEST_F(FailureTest, WriteErrorInATransactionAbortsIt) {
  for (const JournalMode mode : {JournalMode::kWal, JournalMode::kTruncate}) {
    Open(SmallCache(mode));
    Transaction transaction = Begin();
    ASSERT_THAT(Put("before", "x"), IsOk());
    FailWrites(true);
    EXPECT_THAT(Put("big", std::string(100'000, 'x')),
                StatusIs(StatusCode::kAborted));
    FailWrites(false);
    ExpectAborted(transaction);
  }
}

// The journal of the savepoint does not fit in memory, and SQLite leaves half
// of the statement in the transaction (docs/findings.md).
TEST_F(FailureTest, TemporaryFileThatCannotBeOpenedAbortsTheTransaction) {
  const TaskKey key = {"t", "a"};
  const auto json = [](std::size_t size) {
    return "\"" + std::string(size, 'x') + "\"";
  };
  Open();
  ASSERT_THAT(saver_->CreateTask(key, json(500'000)), IsOk());
  Transaction transaction = Begin();
  ASSERT_THAT(Put("before", "x"), IsOk());
  auto savepoint = transaction.Savepoint();
  ASSERT_THAT(savepoint, IsOk());
  FailOpens(true);
  EXPECT_THAT(saver_->UpdateTask(key, {1, TaskState::kRunning, json(400'000)}),
              StatusIs(StatusCode::kAborted));
  FailOpens(false);
  ASSERT_THAT(savepoint->Rollback(), IsOk());
  ExpectAborted(transaction);
  EXPECT_EQ(saver_->GetTask(key)->payload, json(500'000));
}

// SQLite calls an EIO of a read damage, and would refuse COMMIT
// (docs/findings.md).
TEST_F(FailureTest, DamageThatAChangeMeetsAbortsTheTransaction) {
  Open();
  ASSERT_THAT(Put("big", std::string(100'000, 'x')), IsOk());
  Transaction transaction = Begin();
  ASSERT_THAT(Put("before", "x"), IsOk());
  sqlite3_db_release_memory(saver_->connection());
  FailReads(true);
  const absl::Status status = Put("big", "y");
  FailReads(false);
  EXPECT_THAT(status, StatusIs(StatusCode::kAborted));
  EXPECT_THAT(status.message(), testing::HasSubstr("SQLITE_CORRUPT"));
  ExpectAborted(transaction);
}

TEST_F(FailureTest, InterruptedStatementAbortsTheTransaction) {
  Open();
  Transaction transaction = Begin();
  ASSERT_THAT(Put("before", "x"), IsOk());
  sqlite3_progress_handler(
      saver_->connection(), 1, [](void*) { return 1; }, nullptr);
  EXPECT_THAT(Put("b", "x"), Not(IsOk()));
  sqlite3_progress_handler(saver_->connection(), 0, nullptr, nullptr);
  // A SELECT that is interrupted leaves the transaction, a change does not.
  EXPECT_TRUE(transaction.is_open());
  ASSERT_THAT(Get("before"), IsOkAndHolds("x"));
  sqlite3_update_hook(
      saver_->connection(),
      [](void* connection, int, const char*, const char*, sqlite3_int64) {
        sqlite3_interrupt(static_cast<sqlite3*>(connection));
      },
      saver_->connection());
  EXPECT_THAT(saver_->AppendLogs("t", {"1", "2", "3"}),
              StatusIs(StatusCode::kAborted));
  sqlite3_update_hook(saver_->connection(), nullptr, nullptr);
  ExpectAborted(transaction);
}

TEST_F(FailureTest, InterruptedCallAloneIsCancelledAndAbsent) {
  Open();
  sqlite3_progress_handler(
      saver_->connection(), 1, [](void*) { return 1; }, nullptr);
  EXPECT_THAT(Put("b", "x"), StatusIs(StatusCode::kCancelled));
  sqlite3_progress_handler(saver_->connection(), 0, nullptr, nullptr);
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kNotFound));
  EXPECT_EQ(Counter(), 0);
}

class FullTest : public FailureTest {
 protected:
  void SetUp() override {
    Open();
    // Room for one page more than there is.
    Sql("PRAGMA max_page_count = " +
        std::to_string(1 + std::stoi(Sql("PRAGMA page_count"))));
  }
  const std::string big_ = '"' + std::string(100'000, 'x') + '"';
};

TEST_F(FullTest, CallAloneIsAbsent) {
  EXPECT_THAT(Put("b", big_), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(saver_->AppendLog("t", big_),
              StatusIs(StatusCode::kResourceExhausted));
  EXPECT_THAT(saver_->WriteBlob("t", "b", 100'000),
              StatusIs(StatusCode::kResourceExhausted));
  EXPECT_TRUE(Threads().empty());
  EXPECT_EQ(Counter(), 0);
}

// SQLite undoes the statement alone if it keeps a journal of it.
TEST_F(FullTest, TransactionGoesOnIfOnlyTheStatementIsUndone) {
  Transaction transaction = Begin();
  ASSERT_THAT(saver_->AppendLog("t", "1"), IsOk());
  EXPECT_THAT(saver_->AppendLogs("t", {"2", big_}),
              StatusIs(StatusCode::kResourceExhausted));
  EXPECT_TRUE(transaction.is_open());
  EXPECT_THAT(saver_->AppendLog("t", "2"), IsOkAndHolds(2));
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(1));
}

// A page that found no room in the journal would be written all the same.
TEST_F(FailureTest, WithARollbackJournalAFullDiskEndsTheTransaction) {
  for (const JournalMode mode :
       {JournalMode::kDelete, JournalMode::kTruncate, JournalMode::kPersist}) {
    Options options;
    options.journal_mode = mode;
    Open(options);
    Sql("PRAGMA max_page_count = " +
        std::to_string(1 + std::stoi(Sql("PRAGMA page_count"))));
    const std::string big = '"' + std::string(100'000, 'x') + '"';
    Transaction transaction = Begin();
    ASSERT_THAT(saver_->AppendLog("t", "1"), IsOk());
    EXPECT_THAT(saver_->AppendLogs("t", {"2", big}),
                StatusIs(StatusCode::kAborted));
    ExpectAborted(transaction);
  }
}

TEST_F(FullTest, TransactionIsAbortedIfAPartOfTheCallWasDone) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("before", "x"), IsOk());
  EXPECT_THAT(Put("b", big_), StatusIs(StatusCode::kAborted));
  ExpectAborted(transaction);
}

TEST_F(FullTest, StreamThatHasNoRoomIsUndoneAloneOrWithItsTransaction) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("before", "x"), IsOk());
  const absl::Status status = saver_->WriteBlob("t", "b", 100'000).status();
  EXPECT_THAT(status, Not(IsOk()));
  EXPECT_EQ(absl::IsAborted(status), transaction.is_aborted());
  EXPECT_NE(transaction.is_open(), transaction.is_aborted());
  EXPECT_THAT(Put("b", "x"), transaction.is_open()
                                 ? StatusIs(StatusCode::kOk)
                                 : StatusIs(StatusCode::kAborted));
}

TEST_F(FailureTest, StreamWithAWriteErrorIsUndone) {
  for (const JournalMode mode : {JournalMode::kWal, JournalMode::kTruncate}) {
    Open(SmallCache(mode));
    ASSERT_THAT(Put("b", "old"), IsOk());
    auto writer = saver_->WriteBlob("t", "b", 100'000);
    ASSERT_THAT(writer, IsOk());
    FailWrites(true);
    const absl::Status status = writer->Write(std::string(100'000, 'x'));
    FailWrites(false);
    EXPECT_THAT(status, StatusIs(StatusCode::kUnknown));
    EXPECT_THAT(writer->Finish(), StatusIs(StatusCode::kFailedPrecondition));
    EXPECT_THAT(Get("b"), IsOkAndHolds("old"));
  }
}

}  // namespace
}  // namespace lastcommit::saver
