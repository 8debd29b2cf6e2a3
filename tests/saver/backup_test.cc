// SqliteSaver::Backup, sentence by sentence of its header. What a crash leaves
// of it: judge_test BackupTest.

#include <sqlite3.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

class BackupTest : public SaverTest,
                   public testing::WithParamInterface<JournalMode> {
 protected:
  BackupTest() {
    Open(AnyDurability(GetParam()));
    EXPECT_THAT(saver_->PutBlob("t", "big", std::string(50'000, 'x')), IsOk());
  }
  std::string PathOf(const std::string& name) const {
    return directory_ + "/" + name;
  }
  // But those of the database itself.
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with("test.db")) names.push_back(name);
    }
    return names;
  }
  std::vector<std::string> BlobsOf(const std::string& path) const {
    const auto copy = SqliteSaver::Open(path, AnyDurability(GetParam()));
    EXPECT_THAT(copy, IsOk());
    if (!copy.ok()) return {};
    const auto blobs = (*copy)->ListBlobs("t");
    EXPECT_THAT(blobs, IsOk());
    return blobs.ok() ? *blobs : std::vector<std::string>();
  }
};

TEST_P(BackupTest, HasWhatIsCommittedAndNothingThatComesLater) {
  ASSERT_THAT(saver_->Backup(PathOf("copy.db")), IsOk());
  EXPECT_THAT(Files(), ElementsAre("copy.db"));
  ASSERT_THAT(saver_->PutBlob("t", "later", "y"), IsOk());
  EXPECT_THAT(BlobsOf(PathOf("copy.db")), ElementsAre("big"));
  EXPECT_THAT(saver_->ListBlobs("t"),
              IsOkAndHolds(ElementsAre("big", "later")));
}

TEST_P(BackupTest, IsItsOwnersAlone) {
  ASSERT_THAT(saver_->Backup(PathOf("copy.db")), IsOk());
  struct stat info = {};
  ASSERT_EQ(stat(PathOf("copy.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_P(BackupTest, WhatHasTheNameStays) {
  std::ofstream(PathOf("copy.db")) << "precious";
  std::filesystem::create_symlink("nowhere", PathOf("link.db"));
  for (const char* name : {"copy.db", "link.db", "test.db"}) {
    EXPECT_THAT(saver_->Backup(PathOf(name)),
                StatusIs(StatusCode::kAlreadyExists));
  }
  std::string text;
  std::getline(std::ifstream(PathOf("copy.db")), text);
  EXPECT_EQ(text, "precious");
  EXPECT_THAT(Files(), UnorderedElementsAre("copy.db", "link.db"));
}

TEST_P(BackupTest, NotInsideATransaction) {
  const auto transaction = saver_->Begin();
  ASSERT_THAT(transaction, IsOk());
  EXPECT_THAT(saver_->Backup(PathOf("copy.db")),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(Files(), ElementsAre());
}

TEST_P(BackupTest, WithoutItsDirectoryThereIsNone) {
  EXPECT_THAT(saver_->Backup(PathOf("none/copy.db")),
              StatusIs(StatusCode::kNotFound));
}

// In WAL mode readers do not wait for who writes.
TEST_P(BackupTest, WhileAnotherOneWritesItIsBusyAndLeavesNothing) {
  Options impatient = AnyDurability(GetParam());
  impatient.busy_timeout = absl::Milliseconds(20);
  Open(impatient);
  // EXCLUSIVE: it keeps readers out.
  auto other = SqliteSaver::Open(path_, AnyDurability(GetParam()));
  ASSERT_THAT(other, IsOk());
  ASSERT_EQ(sqlite3_exec((*other)->connection(), "BEGIN EXCLUSIVE", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  const absl::Status status = saver_->Backup(PathOf("copy.db"));
  sqlite3_exec((*other)->connection(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (GetParam() == JournalMode::kWal) {
    EXPECT_THAT(status, IsOk());
    EXPECT_THAT(BlobsOf(PathOf("copy.db")), ElementsAre("big"));
  } else {
    EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable));
    EXPECT_THAT(Files(), ElementsAre());
    EXPECT_THAT(saver_->Backup(PathOf("copy.db")), IsOk());
  }
}

INSTANTIATE_TEST_SUITE_P(
    EachMode, BackupTest,
    testing::Values(JournalMode::kWal, JournalMode::kDelete,
                    JournalMode::kTruncate, JournalMode::kPersist),
    [](const auto& test) { return std::string(Name(test.param)); });

}  // namespace
}  // namespace lastcommit::saver
