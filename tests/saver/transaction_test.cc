#include <sqlite3.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::SizeIs;

class TransactionTest : public SaverTest {
 protected:
  TransactionTest() { Open(); }

  Transaction SavepointIn(Transaction& outer) {
    auto savepoint = outer.Savepoint();
    EXPECT_THAT(savepoint, IsOk());
    return *std::move(savepoint);
  }
  bool Has(const std::string& name) { return Get(name).ok(); }
};

TEST_F(TransactionTest, CommitKeepsAllAndCountsOnce) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("a", "1"), IsOk());
  ASSERT_THAT(Put("b", "2"), IsOk());
  EXPECT_EQ(Counter(), 1);
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(1));
  EXPECT_FALSE(transaction.is_open());
  EXPECT_TRUE(Has("a"));
  EXPECT_TRUE(Has("b"));
  EXPECT_EQ(Counter(), 1);
}

TEST_F(TransactionTest, RollbackUndoesAllAndCountsNothing) {
  Transaction transaction = Begin();
  ASSERT_THAT(Put("a", "1"), IsOk());
  ASSERT_THAT(transaction.Rollback(), IsOk());
  EXPECT_FALSE(Has("a"));
  EXPECT_EQ(Counter(), 0);
}

TEST_F(TransactionTest, TheAttemptedCommitIsThatOfWhoTookTheWriteLockLast) {
  EXPECT_EQ(saver_->AttemptedCommit(), 0);
  {
    Transaction transaction = Begin();
    EXPECT_EQ(saver_->AttemptedCommit(), 1);
  }
  EXPECT_EQ(saver_->AttemptedCommit(), 1) << "it was rolled back";
  ASSERT_THAT(Put("a", "1"), IsOk());
  EXPECT_EQ(saver_->AttemptedCommit(), 1);
  ASSERT_THAT(Get("a"), IsOk());
  EXPECT_EQ(saver_->AttemptedCommit(), 1) << "who reads takes no lock";
  ASSERT_THAT(Put("b", "2"), IsOk());
  EXPECT_EQ(saver_->AttemptedCommit(), 2);
  EXPECT_EQ(Counter(), 2);
}

TEST_F(TransactionTest, DestructionRollsBack) {
  {
    Transaction transaction = Begin();
    ASSERT_THAT(Put("a", "1"), IsOk());
  }
  EXPECT_FALSE(Has("a"));
  EXPECT_THAT(Put("b", "2"), IsOk());
}

TEST_F(TransactionTest, DestructionAfterCommitRollsNothingBack) {
  { EXPECT_THAT(Begin().Commit(), IsOkAndHolds(1)); }
  EXPECT_EQ(Counter(), 1);
}

TEST_F(TransactionTest, OnlyOneIsOpenAtATime) {
  Transaction transaction = Begin();
  EXPECT_THAT(saver_->Begin(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_TRUE(transaction.is_open());
}

TEST_F(TransactionTest, EndedOneRefusesEveryCall) {
  Transaction transaction = Begin();
  ASSERT_THAT(transaction.Commit(), IsOk());
  Transaction next = Begin();
  for (const absl::Status& status :
       {transaction.Commit().status(), transaction.Rollback(),
        transaction.Savepoint().status(), transaction.Release(),
        transaction.RollbackTo()}) {
    EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition));
  }
  EXPECT_TRUE(next.is_open());
}

TEST_F(TransactionTest, MovedOneStaysOpenInItsNewPlace) {
  std::optional<Transaction> first(Begin());
  Transaction second = std::move(*first);
  EXPECT_FALSE(first->is_open());
  first.reset();
  EXPECT_TRUE(second.is_open());
  EXPECT_THAT(second.Commit(), IsOk());
}

TEST_F(TransactionTest, AssigningOverAnOpenOneRollsItBack) {
  Transaction outer = Begin();
  Transaction savepoint = SavepointIn(outer);
  ASSERT_THAT(Put("a", "1"), IsOk());
  savepoint = SavepointIn(outer);
  EXPECT_FALSE(savepoint.is_open());  // it was inside the one rolled back
  EXPECT_FALSE(Has("a"));
  EXPECT_THAT(outer.Commit(), IsOk());
}

TEST_F(TransactionTest, ReleaseKeepsAndRollbackOfASavepointUndoes) {
  Transaction outer = Begin();
  Transaction kept = SavepointIn(outer);
  ASSERT_THAT(Put("kept", "1"), IsOk());
  ASSERT_THAT(kept.Release(), IsOk());
  Transaction undone = SavepointIn(outer);
  ASSERT_THAT(Put("undone", "1"), IsOk());
  ASSERT_THAT(undone.Rollback(), IsOk());
  EXPECT_FALSE(undone.is_open());
  ASSERT_THAT(outer.Commit(), IsOk());
  EXPECT_TRUE(Has("kept"));
  EXPECT_FALSE(Has("undone"));
}

TEST_F(TransactionTest, RollbackToUndoesAndStaysOpen) {
  Transaction outer = Begin();
  Transaction savepoint = SavepointIn(outer);
  for (const char* name : {"a", "b"}) {
    ASSERT_THAT(Put(name, "1"), IsOk());
    ASSERT_THAT(savepoint.RollbackTo(), IsOk());
    EXPECT_FALSE(Has(name));
    EXPECT_TRUE(savepoint.is_open());
  }
}

TEST_F(TransactionTest, RollbackToOuterSavepointEndsTheInnerOnes) {
  Transaction transaction = Begin();
  Transaction outer = SavepointIn(transaction);
  ASSERT_THAT(Put("a", "1"), IsOk());
  Transaction inner = SavepointIn(outer);
  ASSERT_THAT(Put("b", "1"), IsOk());
  ASSERT_THAT(outer.RollbackTo(), IsOk());
  EXPECT_FALSE(inner.is_open());
  EXPECT_TRUE(outer.is_open());
  Transaction next = SavepointIn(outer);
  EXPECT_FALSE(inner.is_open());
  EXPECT_THAT(inner.Release(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_TRUE(next.is_open());
  ASSERT_THAT(transaction.Commit(), IsOk());
  EXPECT_FALSE(Has("a"));
  EXPECT_FALSE(Has("b"));
}

TEST_F(TransactionTest, CommitKeepsOpenSavepointsAndEndsThem) {
  Transaction transaction = Begin();
  Transaction savepoint = SavepointIn(transaction);
  ASSERT_THAT(Put("a", "1"), IsOk());
  EXPECT_THAT(savepoint.Commit(), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_THAT(transaction.Commit(), IsOk());
  EXPECT_FALSE(savepoint.is_open());
  EXPECT_TRUE(Has("a"));
}

// The connection does not let savepoints be undone.
int DenyRollbackTo(void*, int action, const char* word, const char*,
                   const char*, const char*) {
  const bool is_denied =
      action == SQLITE_SAVEPOINT && std::string_view(word) == "ROLLBACK";
  return is_denied ? SQLITE_DENY : SQLITE_OK;
}

TEST_F(TransactionTest, SavepointThatCannotBeUndoneTakesTheTransactionWithIt) {
  Transaction transaction = Begin();
  sqlite3_set_authorizer(saver_->connection(), DenyRollbackTo, nullptr);
  {
    Transaction given_up = SavepointIn(transaction);
    ASSERT_THAT(Put("a", "1"), IsOk());
  }
  EXPECT_TRUE(transaction.is_aborted());
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kAborted));
  ASSERT_THAT(transaction.Rollback(), IsOk());
  Transaction next = Begin();
  Transaction savepoint = SavepointIn(next);
  ASSERT_THAT(Put("a", "1"), IsOk());
  EXPECT_THAT(savepoint.Rollback(), StatusIs(StatusCode::kAborted));
  EXPECT_TRUE(next.is_aborted());
  ASSERT_THAT(next.Rollback(), IsOk());
  EXPECT_FALSE(Has("a"));
  EXPECT_EQ(Counter(), 0);
}

TEST_F(TransactionTest, SavepointsWordsAreRefusedOnTheTransaction) {
  Transaction transaction = Begin();
  EXPECT_THAT(transaction.Release(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(transaction.RollbackTo(),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_TRUE(transaction.is_open());
}

TEST_F(TransactionTest, RefusedOperationIsAbsentAndTheRestGoesOn) {
  Transaction transaction = Begin();
  ASSERT_THAT(saver_->AppendLogs("t", {"1", "2"}), IsOk());
  EXPECT_THAT(saver_->AppendLogs("t", {"3", "4", "{"}),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->AppendLog("t", "3"), IsOkAndHolds(3));
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(1));
  EXPECT_THAT(saver_->ReadLogs("t"), IsOkAndHolds(SizeIs(3)));
}

TEST_F(TransactionTest, CheckpointAndVacuumAreRefusedInside) {
  Transaction transaction = Begin();
  EXPECT_THAT(saver_->Vacuum(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kPassive),
              StatusIs(StatusCode::kFailedPrecondition));
}

// SQLite may roll back by itself; here a statement of the caller's own does.
TEST_F(TransactionTest, OneThatSqliteRolledBackCommitsNothingMore) {
  Transaction transaction = Begin();
  Transaction savepoint = SavepointIn(transaction);
  ASSERT_THAT(Put("a", "1"), IsOk());
  Sql("ROLLBACK");
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(Put("b", "1"), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Get("b"), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(saver_->Begin(), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(savepoint.RollbackTo(), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(savepoint.Rollback(), IsOk());
  EXPECT_THAT(Put("b", "1"), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(transaction.Rollback(), IsOk());
  EXPECT_EQ(Counter(), 0);
  EXPECT_THAT(Put("c", "1"), IsOk());
}

// The trigger fails the second statement of PutBlob, after the blob is there.
TEST_F(TransactionTest, OperationThatCannotBeUndoneAloneAbortsTheTransaction) {
  Sql("CREATE TRIGGER late BEFORE INSERT ON threads BEGIN"
      " SELECT RAISE(ABORT, 'late'); END");
  Transaction transaction = Begin();
  EXPECT_THAT(Put("a", "1"), StatusIs(StatusCode::kAborted));
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(transaction.Commit(), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(transaction.Rollback(), IsOk());
  EXPECT_FALSE(Has("a"));
  EXPECT_THAT(Put("a", "1"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(Has("a"));
}

TEST_F(TransactionTest, TransactionOfAnotherMakerIsNotTouched) {
  Sql("BEGIN");
  EXPECT_THAT(saver_->Begin(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Put("a", "1"), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_EQ(Sql("COMMIT"), "");
}

TEST_F(TransactionTest, UncommittedOneIsGoneAfterACrash) {
  Close();
  Crash(Options(), [](SqliteSaver& saver) {
    auto transaction = saver.Begin();
    saver.PutBlob("t", "a", "1").IgnoreError();
    transaction->Commit().status().IgnoreError();
    transaction = saver.Begin();
    saver.PutBlob("t", "b", "1").IgnoreError();
    raise(SIGKILL);
  });
  Open();
  EXPECT_TRUE(Has("a"));
  EXPECT_FALSE(Has("b"));
  EXPECT_EQ(Counter(), 1);
}

}  // namespace
}  // namespace lastcommit::saver
