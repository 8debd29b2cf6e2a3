#include <set>
#include <string>

#include "saver/saver_fixture.h"
#include "saver/system_calls.h"

namespace lastcommit::saver {
namespace {

using testing::Contains;
using testing::IsSubsetOf;
using testing::Not;

class FilesTest : public SaverTest,
                  public testing::WithParamInterface<JournalMode> {
 protected:
  void UseEverything(const Options& options) {
    Open(options);
    {
      Transaction transaction = Begin();
      auto savepoint = transaction.Savepoint();
      EXPECT_THAT(Put("b", std::string(200'000, 'x')), IsOk());
      EXPECT_THAT(savepoint->RollbackTo(), IsOk());
      EXPECT_THAT(Put("b", std::string(200'000, 'y')), IsOk());
      EXPECT_THAT(saver_->AppendLogs("t", {"1", "2", "{"}), Not(IsOk()));
      EXPECT_THAT(transaction.Commit(), IsOk());
    }
    EXPECT_THAT(saver_->WalCheckpoint(CheckpointMode::kTruncate), IsOk());
    EXPECT_THAT(saver_->CopyThread("t", "copy"), IsOk());
    EXPECT_THAT(saver_->DeleteThread("t"), IsOk());
    Open(options);
    Close();
  }
};

// SQLite spills the journals of statements and savepoints into unlinked
// temporary files, and VACUUM and a copied thread their copies; nothing else
// may be touched.
TEST_P(FilesTest, OnlyTheDatabaseAndItsCompanionsAreOpened) {
  Options options = AnyDurability(GetParam());
  options.cache_size = 1;
  StartRecording();
  UseEverything(options);
  std::set<std::string> paths = StopRecording();
  EXPECT_THAT(paths, Contains(path_));
  std::erase_if(paths, [](const std::string& path) {
    return path.find("/etilqs_") != std::string::npos || path == "/dev/urandom";
  });
  EXPECT_THAT(paths, IsSubsetOf({path_, path_ + "-wal", path_ + "-shm",
                                 path_ + "-journal", directory_}));
}

INSTANTIATE_TEST_SUITE_P(
    Modes, FilesTest,
    testing::Values(JournalMode::kWal, JournalMode::kDelete,
                    JournalMode::kTruncate, JournalMode::kPersist,
                    JournalMode::kMemory, JournalMode::kOff),
    [](const auto& test) { return std::string(Name(test.param)); });

class FullDiskTest : public SaverTest {};

TEST_F(FullDiskTest, OperationIsAbsentAndSaysResourceExhausted) {
  Open();
  ASSERT_THAT(Put("a", "x"), IsOk());
  Close();
  const pid_t child = fork();
  if (child == 0) {
    auto saver = SqliteSaver::Open(path_, Options());
    FillDisk();
    const bool is_refused =
        absl::IsResourceExhausted((*saver)->PutBlob("t", "b", "x"));
    const bool is_absent =
        absl::IsNotFound((*saver)->GetBlob("t", "b").status());
    _exit(is_refused && is_absent ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  Open();
  EXPECT_THAT(Get("a"), IsOkAndHolds("x"));
  EXPECT_EQ(Counter(), 1);
}

}  // namespace
}  // namespace lastcommit::saver
