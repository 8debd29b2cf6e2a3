#include "model/reference_model.h"

#include <gtest/gtest.h>

#include "plan/content.h"

namespace lastcommit {
namespace {

using absl::StatusCode;

// Verbs for the steps, and a few looks at the state.
class ReferenceModelTest : public ::testing::Test {
 protected:
  ReferenceModelTest() { Do(StepKind::kOpen); }

  Outcome Do(StepKind kind) { return Do(Step{.kind = kind}); }
  Outcome Do(const Step& step) { return model_.Apply(step); }

  Outcome PutBlob(int id, std::uint64_t seed = 1) {
    return Do({.kind = StepKind::kPutBlob, .id = id, .content = {10, seed}});
  }
  Outcome PutCheckpoint(int id) {
    return Do({.kind = StepKind::kPutCheckpoint, .id = id, .content = {10, 1}});
  }
  Outcome AppendLog() {
    return Do({.kind = StepKind::kAppendLog, .content = {10, 1}});
  }
  Outcome AppendLogs(int count, int invalid_at = -1) {
    return Do({.kind = StepKind::kAppendLogs,
               .content = {10, 1},
               .count = count,
               .invalid_at = invalid_at});
  }
  Outcome RollbackTo(int up) {
    return Do({.kind = StepKind::kRollbackTo, .up = up});
  }

  State Now() const { return model_.state(); }
  bool HasBlob(int id) const {
    return Now().rows.contains(
        {Table::kBlobs, ThreadName(0), BlobName(id), "", "", 0});
  }

  ReferenceModel model_;
};

TEST_F(ReferenceModelTest, CreatingTheSchemaIsCommitZero) {
  EXPECT_EQ(ReferenceModel().state().cut, -1);
  EXPECT_EQ(Now().cut, 0);
  EXPECT_EQ(Do(StepKind::kReopen).value, 0);
}

TEST_F(ReferenceModelTest, AChangeOutsideATransactionIsACommit) {
  PutBlob(1);
  AppendLog();
  EXPECT_EQ(Now().cut, 2);
}

TEST_F(ReferenceModelTest, ATransactionIsOneCommit) {
  Do(StepKind::kBegin);
  PutBlob(1);
  AppendLog();
  EXPECT_EQ(Now().cut, 0);
  EXPECT_EQ(Do(StepKind::kCommit).value, 1);
  EXPECT_EQ(Now().cut, 1);
}

TEST_F(ReferenceModelTest, RollbackRestoresTheState) {
  PutBlob(1);
  AppendLogs(3);
  const State before = Now();
  Do(StepKind::kBegin);
  PutBlob(1, /*seed=*/2);
  PutCheckpoint(1);
  AppendLogs(2);
  Do(StepKind::kRollback);
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(AppendLog().value, 4);
}

TEST_F(ReferenceModelTest, ACrashLeavesNothingOfTheOpenTransaction) {
  PutBlob(1);
  const State before = Now();
  Do(StepKind::kBegin);
  PutBlob(2);
  Do(StepKind::kSavepoint);
  PutBlob(3);
  model_.Crash();
  EXPECT_EQ(Now(), before);
  EXPECT_FALSE(model_.in_transaction());
}

TEST_F(ReferenceModelTest, ACrashKeepsWhatIsCommitted) {
  Do(StepKind::kBegin);
  PutBlob(1);
  Do(StepKind::kCommit);
  const State before = Now();
  model_.Crash();
  EXPECT_EQ(Now(), before);
}

TEST_F(ReferenceModelTest, ReopenEndsTheOpenTransaction) {
  Do(StepKind::kBegin);
  PutBlob(1);
  Do(StepKind::kReopen);
  EXPECT_FALSE(HasBlob(1));
  EXPECT_EQ(Do(StepKind::kCommit).code, StatusCode::kFailedPrecondition);
}

TEST_F(ReferenceModelTest, RollbackToUndoesWhatCameAfterTheSavepoint) {
  Do(StepKind::kBegin);
  PutBlob(1);
  Do(StepKind::kSavepoint);
  PutBlob(2);
  RollbackTo(0);
  EXPECT_TRUE(HasBlob(1));
  EXPECT_FALSE(HasBlob(2));
}

TEST_F(ReferenceModelTest, ASavepointIsStillOpenAfterRollbackTo) {
  Do(StepKind::kBegin);
  Do(StepKind::kSavepoint);
  PutBlob(1);
  RollbackTo(0);
  PutBlob(2);
  EXPECT_EQ(RollbackTo(0).code, StatusCode::kOk);
  EXPECT_FALSE(HasBlob(2));
}

TEST_F(ReferenceModelTest, RollbackToAnOuterSavepointEndsTheInnerOnes) {
  Do(StepKind::kBegin);
  Do(StepKind::kSavepoint);
  PutBlob(1);
  Do(StepKind::kSavepoint);
  Do(StepKind::kSavepoint);
  PutBlob(2);
  EXPECT_EQ(RollbackTo(2).code, StatusCode::kOk);
  EXPECT_FALSE(HasBlob(1));
  EXPECT_EQ(RollbackTo(1).code, StatusCode::kFailedPrecondition);
  EXPECT_EQ(Do(StepKind::kRelease).code, StatusCode::kOk);
  EXPECT_EQ(Do(StepKind::kRelease).code, StatusCode::kFailedPrecondition);
}

TEST_F(ReferenceModelTest, AReleasedSavepointIsUndoneWithTheOuterOne) {
  Do(StepKind::kBegin);
  Do(StepKind::kSavepoint);
  Do(StepKind::kSavepoint);
  PutBlob(1);
  Do(StepKind::kRelease);
  EXPECT_TRUE(HasBlob(1));
  RollbackTo(0);
  EXPECT_FALSE(HasBlob(1));
}

TEST_F(ReferenceModelTest, ARefusedChangeLeavesNothing) {
  const State before = Now();
  EXPECT_EQ(AppendLogs(3, /*invalid_at=*/2).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(Now(), before);
  Do(StepKind::kBegin);
  PutBlob(1);
  const State inside = Now();
  EXPECT_EQ(AppendLogs(3, /*invalid_at=*/0).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(Now(), inside);
  EXPECT_EQ(AppendLogs(3).value, 3);
}

TEST_F(ReferenceModelTest, RevertLastCommitTakesAWholeTransactionBack) {
  AppendLogs(2);
  const State before = Now();
  Do(StepKind::kBegin);
  PutBlob(1);
  AppendLogs(2);
  Do(StepKind::kCommit);
  model_.RevertLastCommit();
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(AppendLog().value, 3);
}

TEST_F(ReferenceModelTest, RevertLastCommitTakesASingleChangeBack) {
  PutBlob(1);
  const State before = Now();
  PutBlob(1, /*seed=*/2);
  model_.RevertLastCommit();
  EXPECT_EQ(Now(), before);
}

TEST_F(ReferenceModelTest, RevertLastCommitTakesTheSchemaBack) {
  model_.RevertLastCommit();
  EXPECT_EQ(Now(), State());
}

TEST_F(ReferenceModelTest, DeleteThreadTakesEverythingOfTheThread) {
  PutBlob(1);
  PutCheckpoint(1);
  AppendLogs(3);
  Do({.kind = StepKind::kPutBlob, .thread = 1, .id = 1});
  Do(StepKind::kDeleteThread);
  EXPECT_EQ(Now().rows.size(), 2u);  // thread and blob of the other one
  EXPECT_EQ(AppendLog().value, 1);
}

TEST_F(ReferenceModelTest, DeleteThreadIsUndone) {
  PutBlob(1);
  PutCheckpoint(1);
  AppendLogs(3);
  const State before = Now();
  Do(StepKind::kBegin);
  Do(StepKind::kSavepoint);
  Do(StepKind::kDeleteThread);
  AppendLog();
  RollbackTo(0);
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(AppendLog().value, 4);
  Do(StepKind::kDeleteThread);
  Do(StepKind::kRollback);
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(AppendLog().value, 4);
}

TEST_F(ReferenceModelTest, DeletingNothingIsACommitToo) {
  EXPECT_EQ(Do(StepKind::kDeleteThread).code, StatusCode::kOk);
  EXPECT_EQ(Now().cut, 1);
}

TEST_F(ReferenceModelTest, ALiveReadSeesOnlyWhatIsCommitted) {
  const Outcome committed = Do(StepKind::kRead);
  Do(StepKind::kBegin);
  PutBlob(1);
  EXPECT_EQ(Do(StepKind::kLiveRead), committed);
  EXPECT_NE(Do(StepKind::kRead), committed);
  Do(StepKind::kCommit);
  EXPECT_EQ(Do(StepKind::kLiveRead), Do(StepKind::kRead));
}

TEST_F(ReferenceModelTest, StepsOfATransactionAreRefusedOutsideOfOne) {
  for (const StepKind kind :
       {StepKind::kCommit, StepKind::kRollback, StepKind::kSavepoint,
        StepKind::kRelease, StepKind::kRollbackTo}) {
    EXPECT_EQ(Do(kind).code, StatusCode::kFailedPrecondition) << Name(kind);
  }
}

TEST_F(ReferenceModelTest, StepsOutsideOfATransactionAreRefusedInOne) {
  Do(StepKind::kBegin);
  for (const StepKind kind :
       {StepKind::kBegin, StepKind::kWalCheckpoint, StepKind::kVacuum}) {
    EXPECT_EQ(Do(kind).code, StatusCode::kFailedPrecondition) << Name(kind);
  }
}

}  // namespace
}  // namespace lastcommit
