// SqliteSaver::CopyThread, sentence by sentence of its header.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::SizeIs;

class CopyThreadTest : public SaverTest {
 protected:
  CopyThreadTest() { Open(); }

  // Something of everything in "t", of some more than one, and with gaps.
  void Fill() {
    for (const char* id : {"a", "b", "c"}) PutCheckpoint("t", id);
    ASSERT_THAT(saver_->Prune("t", "", 2), IsOk());
    ASSERT_THAT(saver_->PutCheckpoint(
                    {{"t", "ns", "a"}, "parent", "raw", "other", "[1]"}),
                IsOk());
    ASSERT_THAT(saver_->PutWrites({"t", "", "c"}, {{"task", 0, "x", "y", "z"},
                                                   {"task", 7, "", "", ""}}),
                IsOk());
    ASSERT_THAT(saver_->AppendLogs("t", {"1", "2"}, LogLevel::kError), IsOk());
    ASSERT_THAT(saver_->CreateTask({"t", "pending"}, "{}"), IsOk());
    ASSERT_THAT(saver_->CreateTask({"t", "running"}, "{}"), IsOk());
    ASSERT_THAT(
        saver_->UpdateTask({"t", "running"}, {1, TaskState::kRunning, "[]"}),
        IsOk());
    ASSERT_THAT(saver_->PutBlob("t", "small", "x"), IsOk());
    ASSERT_THAT(saver_->PutBlob("t", "big", std::string(50'000, 'x')), IsOk());
  }

  void PutCheckpoint(const std::string& thread, const std::string& id) {
    EXPECT_THAT(
        saver_->PutCheckpoint({{thread, "", id}, {}, "raw", "state", "{}"}),
        IsOk());
  }
  std::int64_t SequenceOf(const std::string& thread, const std::string& id) {
    const auto checkpoint = saver_->GetCheckpoint({thread, "", id});
    EXPECT_THAT(checkpoint, IsOk());
    return checkpoint.ok() ? checkpoint->sequence : -1;
  }

  // Every column but the thread's id, of every row of the thread.
  std::vector<std::string> RowsOf(const std::string& thread) {
    std::vector<std::string> rows;
    for (const char* columns :
         {"last_log || ' ' || last_checkpoint || ' ' || is_deleted"
          " FROM threads",
          "checkpoint_ns || ' ' || checkpoint_id || ' ' ||"
          " coalesce(parent_id, 'NULL') || ' ' || type || ' ' || state || ' '"
          " || metadata || ' ' || sequence || ' ' || hex(digest)"
          " FROM checkpoints",
          "checkpoint_ns || ' ' || checkpoint_id || ' ' || task_id || ' ' ||"
          " idx || ' ' || channel || ' ' || type || ' ' || bytes FROM writes",
          "number || ' ' || level || ' ' || payload FROM logs",
          "task_id || ' ' || state || ' ' || attempts || ' ' || version ||"
          " ' ' || payload FROM tasks",
          "name || ' ' || size || ' ' || hex(digest) || ' ' || bytes"
          " FROM blobs JOIN contents ON id = content_id"}) {
      rows.push_back(Sql(absl::StrCat(
          "SELECT group_concat(row, char(10)) FROM (SELECT ", columns,
          " WHERE thread_id = '", thread, "' ORDER BY 1)")));
    }
    return rows;
  }
};

TEST_F(CopyThreadTest, EverythingIsInTheCopyAsItIs) {
  Fill();
  const std::vector<std::string> rows = RowsOf("t");
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  EXPECT_EQ(RowsOf("copy"), rows);
  EXPECT_EQ(RowsOf("t"), rows);
  EXPECT_THAT(Threads(), ElementsAre("copy", "t"));
  EXPECT_EQ(Sql("PRAGMA foreign_key_check"), "");
}

TEST_F(CopyThreadTest, TheSaverReadsTheCopyAsItReadsTheOriginal) {
  Fill();
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  EXPECT_THAT(saver_->ListCheckpoints("copy"), IsOkAndHolds(SizeIs(3)));
  EXPECT_THAT(saver_->ListWrites({"copy", "", "c"}), IsOkAndHolds(SizeIs(2)));
  EXPECT_EQ(saver_->GetTask({"copy", "running"})->version, 2);
  EXPECT_THAT(saver_->GetBlob("copy", "big"), IsOkAndHolds(SizeIs(50'000)));
}

TEST_F(CopyThreadTest, AThreadInWhichNothingIsLeftIsCopiedWithItsNumbers) {
  PutCheckpoint("t", "a");
  ASSERT_THAT(saver_->Prune("t", "", 0), IsOk());
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  PutCheckpoint("copy", "b");
  EXPECT_EQ(SequenceOf("copy", "b"), 2);
}

TEST_F(CopyThreadTest, TheNumbersGoOnInBoth) {
  Fill();
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  for (const char* thread : {"t", "copy"}) {
    PutCheckpoint(thread, "next");
    EXPECT_EQ(SequenceOf(thread, "next"), 5);
    EXPECT_THAT(saver_->AppendLog(thread, "3"), IsOkAndHolds(3));
  }
}

TEST_F(CopyThreadTest, WhatIsDoneToOneIsNotDoneToTheOther) {
  for (const auto& [changed, other] :
       {std::pair("t", "copy"), std::pair("copy", "t")}) {
    Open();
    Fill();
    ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
    const std::vector<std::string> rows = RowsOf(other);
    PutCheckpoint(changed, "c");
    EXPECT_THAT(saver_->PutBlob(changed, "big", "y"), IsOk());
    EXPECT_THAT(saver_->UpdateTask({changed, "running"},
                                   {2, TaskState::kDone, std::nullopt}),
                IsOk());
    EXPECT_EQ(RowsOf(other), rows);
    EXPECT_THAT(saver_->DeleteThread(changed), IsOk());
    EXPECT_EQ(RowsOf(other), rows);
    Close();
    std::filesystem::remove(path_);
  }
}

TEST_F(CopyThreadTest, WhatIsDamagedIsDataLossInBoth) {
  Fill();
  ASSERT_EQ(Sql("UPDATE contents SET bytes = x'00' RETURNING hex(bytes)"),
            "00");
  ASSERT_EQ(Sql("UPDATE checkpoints SET type = 'raws' RETURNING type"), "raws");
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  for (const char* thread : {"t", "copy"}) {
    EXPECT_THAT(saver_->GetBlob(thread, "big"),
                StatusIs(StatusCode::kDataLoss));
    EXPECT_THAT(saver_->GetCheckpoint({thread, "", "c"}),
                StatusIs(StatusCode::kDataLoss));
  }
}

TEST_F(CopyThreadTest, ADeletedThreadIsNeitherCopiedNorACopy) {
  Fill();
  ASSERT_THAT(saver_->DeleteThread("deleted"), IsOk());
  EXPECT_THAT(saver_->CopyThread("deleted", "copy"),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(saver_->CopyThread("t", "deleted"),
              StatusIs(StatusCode::kFailedPrecondition));
  // Also where the other one is wrong.
  EXPECT_THAT(saver_->CopyThread("deleted", "t"),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(saver_->CopyThread("never", "deleted"),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Threads(), ElementsAre("deleted", "t"));
}

TEST_F(CopyThreadTest, AThreadThatIsNotThereIsNotCopied) {
  Fill();
  for (const char* to : {"copy", "t", "never"}) {
    EXPECT_THAT(saver_->CopyThread("never", to),
                StatusIs(StatusCode::kNotFound));
  }
  EXPECT_THAT(Threads(), ElementsAre("t"));
}

TEST_F(CopyThreadTest, AThreadThatIsThereBecomesNoCopy) {
  Fill();
  ASSERT_THAT(saver_->AppendLog("other", "1"), IsOk());
  const std::vector<std::string> rows = RowsOf("other");
  const std::int64_t commits = Counter();
  EXPECT_THAT(saver_->CopyThread("t", "other"),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_THAT(saver_->CopyThread("t", "t"),
              StatusIs(StatusCode::kAlreadyExists));
  EXPECT_EQ(RowsOf("other"), rows);
  EXPECT_EQ(Counter(), commits);
}

TEST_F(CopyThreadTest, AnEmptyIdIsRefused) {
  Fill();
  EXPECT_THAT(saver_->CopyThread("t", ""),
              StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(saver_->CopyThread("", "copy"),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(CopyThreadTest, ACopyIsOneCommit) {
  Fill();
  const std::int64_t commits = Counter();
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  EXPECT_EQ(Counter(), commits + 1);
}

TEST_F(CopyThreadTest, ACopyIsUndoneWithItsTransaction) {
  Fill();
  {
    Transaction transaction = Begin();
    ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
    ASSERT_THAT(saver_->AppendLog("copy", "3"), IsOkAndHolds(3));
    Transaction savepoint = transaction.Savepoint().value();
    ASSERT_THAT(saver_->CopyThread("copy", "another"), IsOk());
    ASSERT_THAT(savepoint.Rollback(), IsOk());
    EXPECT_THAT(Threads(), ElementsAre("copy", "t"));
  }
  EXPECT_THAT(Threads(), ElementsAre("t"));
  EXPECT_EQ(Sql("SELECT count(*) FROM contents"), "2");
}

TEST_F(CopyThreadTest, ATransactionGoesOnAfterARefusedCopy) {
  Fill();
  Transaction transaction = Begin();
  ASSERT_THAT(saver_->AppendLog("t", "3"), IsOk());
  EXPECT_THAT(saver_->CopyThread("t", "t"),
              StatusIs(StatusCode::kAlreadyExists));
  ASSERT_THAT(saver_->CopyThread("t", "copy"), IsOk());
  EXPECT_THAT(transaction.Commit(), IsOk());
  EXPECT_EQ(RowsOf("copy"), RowsOf("t"));
}

}  // namespace
}  // namespace lastcommit::saver
