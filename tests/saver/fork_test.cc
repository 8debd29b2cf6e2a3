// A saver that a child has inherited: it refuses, and it touches nothing.

#include <fcntl.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;

class ForkTest : public SaverTest {
 protected:
  ForkTest() { Open(); }

  // `work` says in the child whether all is as it should be.
  static void InChild(const std::function<bool()>& work) {
    const pid_t child = fork();
    if (child == 0) _exit(work() ? 0 : 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  static bool AreRefused(const std::vector<absl::Status>& answers) {
    for (const absl::Status& answer : answers) {
      if (!absl::IsFailedPrecondition(answer)) return false;
    }
    return true;
  }
};

std::vector<absl::Status> EveryCall(SqliteSaver& saver) {
  const CheckpointKey key = {"t", "", "c"};
  Checkpoint checkpoint;
  checkpoint.key = key;
  checkpoint.metadata = "{}";
  return {saver.Begin().status(),
          saver.PutCheckpoint(checkpoint),
          saver.GetCheckpoint(key).status(),
          saver.GetLatestCheckpoint("t", "").status(),
          saver.ListCheckpoints("t").status(),
          saver.ListCheckpoints(CheckpointQuery{"t", "", {}}).status(),
          saver.Prune("t", "", 0).status(),
          saver.PutWrites(key, {}),
          saver.ListWrites(key).status(),
          saver.CommitStep(checkpoint, {}),
          saver.AppendLog("t", "1").status(),
          saver.AppendLogs("t", {"1"}).status(),
          saver.ReadLogs("t").status(),
          saver.CreateTask({"t", "x"}, "1"),
          saver.UpdateTask({"t", "x"}, {}).status(),
          saver.GetTask({"t", "x"}).status(),
          saver.ListTasks("t").status(),
          saver.PutBlob("t", "b", "x"),
          saver.GetBlob("t", "b").status(),
          saver.WriteBlob("t", "b", 1).status(),
          saver.ReadBlob("t", "b").status(),
          saver.ListBlobs("t").status(),
          saver.CopyThread("t", "u"),
          saver.DeleteThread("t"),
          saver.ListThreads().status(),
          saver.ListThreads(ThreadPage()).status(),
          saver.CommitCounter().status(),
          saver.WalCheckpoint(CheckpointMode::kPassive).status(),
          saver.Vacuum(),
          saver.Backup("/nowhere/copy"),
          saver.SetJournalMode(JournalMode::kDelete)};
}

TEST_F(ForkTest, EveryCallInTheChildIsRefused) {
  InChild([&] { return AreRefused(EveryCall(*saver_)); });
  EXPECT_THAT(Put("b", "x"), IsOk());
  EXPECT_EQ(Counter(), 1);
}

TEST_F(ForkTest, EveryCallOfATransactionInTheChildIsRefused) {
  Transaction transaction = Begin();
  Transaction savepoint = transaction.Savepoint().value();
  InChild([&] {
    return AreRefused({transaction.Commit().status(), transaction.Rollback(),
                       transaction.Savepoint().status(), savepoint.Release(),
                       savepoint.RollbackTo(), savepoint.Rollback()});
  });
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(1));
}

TEST_F(ForkTest, EveryCallOfAStreamInTheChildIsRefused) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  std::array<char, 10> buffer = {};
  {
    BlobWriter writer = saver_->WriteBlob("t", "w", 1).value();
    InChild([&] { return AreRefused({writer.Write("x"), writer.Finish()}); });
    EXPECT_THAT(writer.Write("y"), IsOk());
    EXPECT_THAT(writer.Finish(), IsOk());
  }
  BlobReader reader = saver_->ReadBlob("t", "b").value();
  InChild([&] { return AreRefused({reader.Read(buffer).status()}); });
  EXPECT_THAT(reader.Read(buffer), IsOkAndHolds(1));
}

TEST_F(ForkTest, DestructionInTheChildTouchesNothing) {
  std::optional<Transaction> transaction = Begin();
  ASSERT_THAT(Put("a", "x"), IsOk());
  std::optional<BlobWriter> writer = saver_->WriteBlob("t", "w", 1).value();
  const std::string wal = FileBytes(path_ + "-wal");
  ASSERT_FALSE(wal.empty());
  InChild([&] {
    writer.reset();
    transaction.reset();
    saver_.reset();
    return true;
  });
  EXPECT_EQ(FileBytes(path_ + "-wal"), wal);
  ASSERT_THAT(writer->Write("y"), IsOk());
  ASSERT_THAT(writer->Finish(), IsOk());
  EXPECT_THAT(transaction->Commit(), IsOkAndHolds(1));
  EXPECT_THAT(Get("w"), IsOkAndHolds("y"));
}

TEST_F(ForkTest, DestructionInTheChildLeavesTheParentItsLock) {
  Transaction transaction = Begin();
  InChild([&] {
    saver_.reset();
    return true;
  });
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = 120;  // WAL_WRITE_LOCK, https://sqlite.org/walformat.html
  lock.l_len = 1;
  InChild([&] {
    const int shm = open((path_ + "-shm").c_str(), O_RDWR);
    return shm >= 0 && fcntl(shm, F_GETLK, &lock) == 0 &&
           lock.l_type != F_UNLCK;
  });
  EXPECT_THAT(transaction.Commit(), IsOkAndHolds(1));
}

// SQLite in the child would take the parent's locks for its own: when the
// parent closes it deletes the WAL that the child writes to.
TEST_F(ForkTest, FileWhoseSaverTheChildInheritedIsRefusedThere) {
  InChild([&] { return AreRefused({TryOpen()}); });
  InChild([&] {
    saver_.reset();
    return AreRefused({TryOpen()});
  });
  InChild([&] {
    path_ += "-other";
    return TryOpen().ok();
  });
  Close();
  InChild([&] { return TryOpen().ok(); });
}

TEST_F(ForkTest, FileThatWasReplacedIsAnotherOne) {
  ASSERT_THAT(Put("b", "x"), IsOk());
  ASSERT_EQ(rename(path_.c_str(), (path_ + "-old").c_str()), 0);
  for (const char* end : {"-wal", "-shm"}) {
    ASSERT_EQ(rename((path_ + end).c_str(), (path_ + "-old" + end).c_str()), 0);
  }
  InChild([&] {
    path_ += "-old";
    return AreRefused({TryOpen()});
  });
  InChild([&] { return TryOpen().ok(); });
}

}  // namespace
}  // namespace lastcommit::saver
