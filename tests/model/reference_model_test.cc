#include "model/reference_model.h"

#include <gtest/gtest.h>

#include "operations.h"
#include "threads/content.h"
#include "threads/rules.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

using absl::StatusCode;
using threads::BlobName;
using threads::CheckpointName;
using threads::CheckpointOf;
using threads::DigestOfList;
using threads::ListedCheckpoint;
using threads::TaskName;
using threads::ThreadName;

// Verbs for the steps, and a few looks at the state.
class ReferenceModelTest : public ::testing::Test {
 protected:
  ReferenceModelTest() { Do(StepKind::kOpen); }

  Outcome Do(StepKind kind) { return Do(Step{.kind = kind}); }
  Outcome Do(const Step& step) { return model_.Apply(step); }

  Outcome PutBlob(int id, std::uint64_t seed = 1) {
    return Do(Op(threads::Kind::kPutBlob, {.id = id, .content = {10, seed}}));
  }
  Outcome PutCheckpoint(int id) {
    return Do(
        Op(threads::Kind::kPutCheckpoint, {.id = id, .content = {10, 1}}));
  }
  Outcome AppendLog() {
    return Do(Op(threads::Kind::kAppendLog, {.content = {10, 1}}));
  }
  Outcome AppendLogs(int count, int invalid_at = -1) {
    return Do(
        Op(threads::Kind::kAppendLogs,
           {.content = {10, 1}, .count = count, .invalid_at = invalid_at}));
  }
  Outcome PutWrites(int id, int count, int replace = 0,
                    std::uint64_t seed = 1) {
    return Do(Op(
        threads::Kind::kPutWrites,
        {.id = id, .replace = replace, .content = {10, seed}, .count = count}));
  }
  Outcome CreateTask(int task = 0, int invalid_at = -1) {
    return Do(Op(threads::Kind::kCreateTask,
                 {.task = task, .content = {10, 1}, .invalid_at = invalid_at}));
  }
  Outcome UpdateTask(saver::TaskState state, int stale = 0) {
    return Do(Op(threads::Kind::kUpdateTask, {.state = state, .stale = stale}));
  }
  Outcome Prune(int keep) {
    return Do(Op(threads::Kind::kPrune, {.keep = keep}));
  }
  Outcome List(const threads::Arguments& arguments = {}) {
    return Do(Op(threads::Kind::kListCheckpoints, arguments));
  }
  // Of namespace 0 of thread 0.
  static Outcome Listed(const std::vector<ListedCheckpoint>& list) {
    return {StatusCode::kOk, DigestOfList(list)};
  }
  static ListedCheckpoint Numbered(int id, std::int64_t sequence) {
    return {CheckpointName(id), sequence};
  }
  Outcome RollbackTo(int up) {
    return Do({.kind = StepKind::kRollbackTo, .up = up});
  }

  State Now() const { return model_.state(); }
  bool HasBlob(int id) const {
    return Now().rows.contains(
        {threads::kBlobs, {ThreadName(0), BlobName(id)}, 0});
  }

  std::size_t CountRows(Table table) const {
    std::size_t count = 0;
    for (const auto& [key, row] : model_.state().rows) {
      count += key.table == table ? 1 : 0;
    }
    return count;
  }
  const Fingerprint& Row(const RowKey& key) const {
    static const Fingerprint kNone;
    const auto found = model_.state().rows.find(key);
    return found == model_.state().rows.end() ? kNone : found->second;
  }
  RowKey ThreadKey() const { return {threads::kThreads, {ThreadName(0)}, 0}; }

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

TEST_F(ReferenceModelTest, DeleteThreadLeavesATombstoneAlone) {
  PutBlob(1);
  PutCheckpoint(1);
  PutWrites(1, 2);
  AppendLogs(3);
  CreateTask();
  Do(Op(threads::Kind::kPutBlob, {.thread = 1, .id = 1}));
  EXPECT_EQ(Do(Op(threads::Kind::kDeleteThread)).code, StatusCode::kOk);
  // Thread and blob of the other one, and the tombstone.
  EXPECT_EQ(Now().rows.size(), 3u);
  EXPECT_EQ(Row(ThreadKey()),
            RowHasher().Integer(0).Integer(0).Integer(1).Finish());
}

TEST_F(ReferenceModelTest, ACopyHasTheRowsOfItsThread) {
  PutBlob(1);
  PutCheckpoint(1);
  PutWrites(1, 2);
  AppendLogs(3);
  CreateTask();
  const State before = Now();
  EXPECT_EQ(Do(Op(threads::Kind::kCopyThread)).code, StatusCode::kOk);
  EXPECT_EQ(Now().rows.size(), 2 * before.rows.size());
  for (const auto& [key, row] : before.rows) {
    RowKey copy = key;
    copy.names[0] = ThreadName(1);
    EXPECT_EQ(Row(key), row) << Describe(key);
    EXPECT_EQ(Row(copy), row) << Describe(copy);
  }
}

TEST_F(ReferenceModelTest, TheNumbersOfACopyGoOnByThemselves) {
  PutCheckpoint(1);
  AppendLogs(3);
  CreateTask();
  Do(Op(threads::Kind::kCopyThread));
  EXPECT_EQ(AppendLogs(2).value, 5);
  EXPECT_EQ(Do(Op(threads::Kind::kAppendLog, {.thread = 1})).value, 4);
  Do(Op(threads::Kind::kPutCheckpoint, {.thread = 1, .id = 2}));
  EXPECT_EQ(List({.thread = 1}), Listed({Numbered(2, 2), Numbered(1, 1)}));
  EXPECT_EQ(Do(Op(threads::Kind::kUpdateTask,
                  {.thread = 1, .state = saver::TaskState::kRunning}))
                .value,
            2);
}

TEST_F(ReferenceModelTest, ACopyIsUndoneWithItsTransaction) {
  PutBlob(1);
  const State before = Now();
  Do(StepKind::kBegin);
  EXPECT_EQ(Do(Op(threads::Kind::kCopyThread)).code, StatusCode::kOk);
  Do(StepKind::kRollback);
  EXPECT_EQ(Now(), before);
}

TEST_F(ReferenceModelTest, OnlyAThreadIsCopiedAndOnlyIntoNone) {
  const auto copy = [&](int from, int into) {
    return Do(Op(threads::Kind::kCopyThread, {.thread = from, .into = into}))
        .code;
  };
  PutBlob(1);
  Do(Op(threads::Kind::kPutBlob, {.thread = 1}));
  Do(Op(threads::Kind::kDeleteThread, {.thread = 2}));
  const State before = Now();
  EXPECT_EQ(copy(0, 0), StatusCode::kAlreadyExists);
  EXPECT_EQ(copy(0, 1), StatusCode::kAlreadyExists);
  EXPECT_EQ(copy(3, 0), StatusCode::kNotFound);
  EXPECT_EQ(copy(3, 3), StatusCode::kNotFound);
  for (const int other : {0, 2, 3}) {
    EXPECT_EQ(copy(other, 2), StatusCode::kFailedPrecondition);
    EXPECT_EQ(copy(2, other), StatusCode::kFailedPrecondition);
  }
  EXPECT_EQ(Now(), before);
}

TEST_F(ReferenceModelTest, NothingIsWrittenToADeletedThread) {
  PutCheckpoint(1);
  CreateTask();
  Do(Op(threads::Kind::kDeleteThread));
  const State before = Now();
  for (int i = 0; i < threads::kKinds; ++i) {
    const auto kind = static_cast<threads::Kind>(i);
    const Step step = Op(kind, {.id = 1});
    if (!IsChange(step.kind) || kind == threads::Kind::kDeleteThread) continue;
    EXPECT_EQ(Do(step).code, kind == threads::Kind::kUpdateTask
                                 ? StatusCode::kNotFound
                                 : StatusCode::kFailedPrecondition)
        << NameOf(step);
  }
  EXPECT_EQ(AppendLogs(2, /*invalid_at=*/1).code,
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Now(), before);
}

TEST_F(ReferenceModelTest, ADeletedThreadCanBeDeletedAgain) {
  Do(Op(threads::Kind::kDeleteThread));
  State expected = Now();
  ++expected.cut;
  EXPECT_EQ(Do(Op(threads::Kind::kDeleteThread)).code, StatusCode::kOk);
  EXPECT_EQ(Now(), expected);
}

TEST_F(ReferenceModelTest, CheckpointsAreNumberedInTheirThread) {
  PutCheckpoint(5);
  Do(Op(threads::Kind::kPutCheckpoint, {.thread = 1, .id = 1}));
  Do(Op(threads::Kind::kPutCheckpoint, {.ns = 1, .id = 7}));
  PutCheckpoint(2);
  EXPECT_EQ(List(), Listed({Numbered(2, 3), Numbered(5, 1)}));
}

TEST_F(ReferenceModelTest, APutAgainKeepsNumberAndWrites) {
  PutCheckpoint(1);
  PutWrites(1, 2);
  PutCheckpoint(2);
  PutCheckpoint(1);
  EXPECT_EQ(List(), Listed({Numbered(2, 2), Numbered(1, 1)}));
  EXPECT_EQ(CountRows(threads::kWrites), 2u);
}

TEST_F(ReferenceModelTest, ANumberIsNeverUsedTwice) {
  PutCheckpoint(1);
  PutCheckpoint(2);
  Prune(0);
  PutCheckpoint(2);
  EXPECT_EQ(List(), Listed({Numbered(2, 3)}));
}

TEST_F(ReferenceModelTest, ListsByFilterBeforeAndLimit) {
  std::vector<ListedCheckpoint> with_zero;
  for (int i = 1; i <= 20; ++i) {
    const Step put =
        Op(threads::Kind::kPutCheckpoint,
           {.id = i, .content = {10, static_cast<std::uint64_t>(i)}});
    Do(put);
    if (CheckpointOf(ArgumentsOf(put)).filter != 0) continue;
    with_zero.insert(with_zero.begin(), Numbered(i, i));
  }
  EXPECT_GT(with_zero.size(), 1u);
  EXPECT_EQ(List({.filter = 0}), Listed(with_zero));
  EXPECT_EQ(List({.filter = 0, .limit = 1}), Listed({with_zero[0]}));
  EXPECT_EQ(List({.before = 3}), Listed({Numbered(2, 2), Numbered(1, 1)}));
  EXPECT_EQ(List({.before = 3, .limit = 1}), Listed({Numbered(2, 2)}));
  EXPECT_EQ(List({.before = 1}), Listed({}));
  EXPECT_EQ(List({.before = 99}).code, StatusCode::kNotFound);
}

TEST_F(ReferenceModelTest, PruneKeepsTheNewestWithTheirWrites) {
  for (const int id : {3, 1, 2}) {
    PutCheckpoint(id);
    PutWrites(id, 2);
  }
  EXPECT_EQ(Prune(5).value, 0);
  EXPECT_EQ(Prune(2).value, 1);
  EXPECT_EQ(List(), Listed({Numbered(2, 3), Numbered(1, 2)}));
  EXPECT_EQ(CountRows(threads::kWrites), 4u);
}

TEST_F(ReferenceModelTest, APruneThatDeletesNothingIsACommit) {
  EXPECT_EQ(Prune(3).code, StatusCode::kOk);
  EXPECT_EQ(Now().cut, 1);
  EXPECT_TRUE(Now().rows.empty());
}

TEST_F(ReferenceModelTest, WritesNeedACheckpoint) {
  PutCheckpoint(1);
  EXPECT_EQ(PutWrites(2, 1).code, StatusCode::kNotFound);
  EXPECT_EQ(Now().cut, 1);
}

TEST_F(ReferenceModelTest, AWriteAgainChangesNothingUnlessItReplaces) {
  PutCheckpoint(1);
  PutWrites(1, 2, /*replace=*/0, /*seed=*/1);
  const State before = Now();
  EXPECT_EQ(PutWrites(1, 2, /*replace=*/0, /*seed=*/2).code, StatusCode::kOk);
  EXPECT_EQ(Now().rows, before.rows);
  EXPECT_EQ(Now().cut, before.cut + 1);
  PutWrites(1, 2, /*replace=*/1, /*seed=*/2);
  EXPECT_NE(Now().rows, before.rows);
  EXPECT_EQ(Now().rows.size(), before.rows.size());
}

TEST_F(ReferenceModelTest, ACommitStepIsCheckpointAndWritesOrNothing) {
  const Step step = Op(threads::Kind::kCommitStep, {.id = 1, .count = 3});
  const Step refused = With(step, [](auto& a) { a.invalid_at = 0; });
  EXPECT_EQ(Do(refused).code, StatusCode::kInvalidArgument);
  EXPECT_TRUE(Now().rows.empty());
  EXPECT_EQ(Do(step).code, StatusCode::kOk);
  EXPECT_EQ(Now().cut, 1);
  EXPECT_EQ(CountRows(threads::kCheckpoints), 1u);
  EXPECT_EQ(CountRows(threads::kWrites), 3u);
}

TEST_F(ReferenceModelTest, ATaskGoesThroughItsStates) {
  using enum saver::TaskState;
  EXPECT_EQ(CreateTask().code, StatusCode::kOk);
  EXPECT_EQ(UpdateTask(kDone).code, StatusCode::kFailedPrecondition);
  EXPECT_EQ(UpdateTask(kRunning).value, 2);
  EXPECT_EQ(UpdateTask(kPending).value, 3);
  EXPECT_EQ(UpdateTask(kRunning).value, 4);
  EXPECT_EQ(UpdateTask(kRunning).value, 5);  // progress, not an attempt
  EXPECT_EQ(UpdateTask(kFailed).value, 6);
  EXPECT_EQ(UpdateTask(kDone).code, StatusCode::kFailedPrecondition);
  EXPECT_EQ(UpdateTask(kPending).value, 7);
  EXPECT_EQ(UpdateTask(kCancelled).value, 8);
  EXPECT_EQ(UpdateTask(kPending).code, StatusCode::kFailedPrecondition);
  EXPECT_EQ(Row({threads::kTasks, {ThreadName(0), TaskName(0)}, 0}),
            RowHasher()
                .Text("cancelled")
                .Integer(2)
                .Integer(8)
                .Text(ContentJson({10, 1}, true))
                .Finish());
}

TEST_F(ReferenceModelTest, ATaskThatIsThereCannotBeCreated) {
  CreateTask();
  EXPECT_EQ(CreateTask(0, /*invalid_at=*/0).code, StatusCode::kAlreadyExists);
  EXPECT_EQ(CreateTask(1, /*invalid_at=*/0).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(Now().cut, 1);
}

TEST_F(ReferenceModelTest, AnUpdateOfAnotherVersionIsRefused) {
  EXPECT_EQ(UpdateTask(saver::TaskState::kRunning).code, StatusCode::kNotFound);
  CreateTask();
  EXPECT_EQ(UpdateTask(saver::TaskState::kRunning, /*stale=*/1).code,
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(Now().cut, 1);
}

TEST_F(ReferenceModelTest, AnUpdateReplacesThePayloadIfItHasOne) {
  CreateTask();
  const Step update =
      Op(threads::Kind::kUpdateTask, {.replace = 1, .content = {20, 2}});
  const Step refused = With(update, [](auto& a) { a.invalid_at = 0; });
  EXPECT_EQ(Do(refused).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(Do(update).value, 2);
  EXPECT_EQ(Row({threads::kTasks, {ThreadName(0), TaskName(0)}, 0}),
            RowHasher()
                .Text("running")
                .Integer(1)
                .Integer(2)
                .Text(ContentJson({20, 2}, true))
                .Finish());
}

TEST_F(ReferenceModelTest, AStreamedBlobIsTheSameBlob) {
  PutBlob(1);
  const State before = Now();
  EXPECT_EQ(
      Do(Op(threads::Kind::kStreamBlob, {.id = 1, .content = {10, 1}})).code,
      StatusCode::kOk);
  EXPECT_EQ(Now().rows, before.rows);
}

TEST_F(ReferenceModelTest, TheLevelOfALogEntryIsInItsRow) {
  Do(Op(threads::Kind::kAppendLog,
        {.content = {10, 1}, .level = saver::LogLevel::kError}));
  EXPECT_EQ(Row({threads::kLogs, {ThreadName(0)}, 1}),
            RowHasher()
                .Integer(3)
                .Text(threads::LogPayloadsOf({.content = {10, 1}})[0])
                .Finish());
}

// What follows from the state is as it was, not only the rows.
TEST_F(ReferenceModelTest, AnswersAreUndoneToo) {
  PutCheckpoint(1);
  CreateTask();
  const Outcome list = List();
  Do(StepKind::kBegin);
  Prune(0);
  PutCheckpoint(2);
  UpdateTask(saver::TaskState::kRunning);
  Do(Op(threads::Kind::kDeleteThread));
  Do(StepKind::kRollback);
  EXPECT_EQ(List(), list);
  EXPECT_EQ(UpdateTask(saver::TaskState::kRunning).value, 2);
  model_.RevertLastCommit();
  EXPECT_EQ(UpdateTask(saver::TaskState::kRunning).value, 2);
  PutCheckpoint(3);
  EXPECT_EQ(List(), Listed({Numbered(3, 2), Numbered(1, 1)}));
}

TEST_F(ReferenceModelTest, DeleteThreadIsUndone) {
  PutBlob(1);
  PutCheckpoint(1);
  AppendLogs(3);
  const State before = Now();
  Do(StepKind::kBegin);
  Do(StepKind::kSavepoint);
  Do(Op(threads::Kind::kDeleteThread));
  EXPECT_EQ(AppendLog().code, StatusCode::kFailedPrecondition);
  RollbackTo(0);
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(AppendLog().value, 4);
  Do(Op(threads::Kind::kDeleteThread));
  Do(StepKind::kRollback);
  EXPECT_EQ(Now(), before);
  EXPECT_EQ(AppendLog().value, 4);
}

TEST_F(ReferenceModelTest, DeletingNothingIsACommitToo) {
  EXPECT_EQ(Do(Op(threads::Kind::kDeleteThread)).code, StatusCode::kOk);
  EXPECT_EQ(Now().cut, 1);
}

TEST_F(ReferenceModelTest, ALiveReadSeesOnlyWhatIsCommitted) {
  const Outcome committed = Do(StepKind::kRead);
  Do(StepKind::kBegin);
  PutBlob(1);
  EXPECT_EQ(Do(StepKind::kLiveRead), committed);
  EXPECT_EQ(Do(StepKind::kBackup), committed);
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
