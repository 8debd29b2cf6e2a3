#include "trial/trial_files.h"

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "directory.h"
#include "disk/super_journal.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TrialFilesTest : public testing::Test {
 protected:
  absl::Status Copy(CopyWhat what) {
    return CopyDirectory(from_.path(), to_.path(), what);
  }

  Directory from_;
  Directory to_;
};

TEST_F(TrialFilesTest, ACopyLeavesOutTheSharedMemory) {
  for (const char* name : {"state.db", "state.db-wal", "state.db-journal",
                           "state.db-shm", "state.db-blob-1", "other"}) {
    from_.Put(name, name);
  }
  EXPECT_THAT(Copy(CopyWhat::kAll), IsOk());
  EXPECT_THAT(to_.Names(), ElementsAre("other", "state.db", "state.db-blob-1",
                                       "state.db-journal", "state.db-wal"));
  EXPECT_EQ(to_.Get("state.db-wal"), "state.db-wal");
}

TEST_F(TrialFilesTest, TheDatabaseAloneHasNoJournalAndNoWal) {
  for (const char* name : {"state.db", "state.db-wal", "state.db-journal",
                           "state.db-shm", "state.db-blob-1"}) {
    from_.Put(name, "");
  }
  EXPECT_THAT(Copy(CopyWhat::kDatabaseAlone), IsOk());
  EXPECT_THAT(to_.Names(), ElementsAre("state.db", "state.db-blob-1"));
}

TEST_F(TrialFilesTest, ACopyReplacesWhatWasThere) {
  to_.Put("old", "");
  from_.Put("state.db", "new");
  EXPECT_THAT(Copy(CopyWhat::kAll), IsOk());
  EXPECT_THAT(to_.Names(), ElementsAre("state.db"));
}

TEST_F(TrialFilesTest, ACopyHasEveryByte) {
  std::string bytes(1'000'000, '\0');
  bytes.front() = bytes.back() = 'x';
  from_.Put("state.db", bytes);
  EXPECT_THAT(Copy(CopyWhat::kAll), IsOk());
  EXPECT_EQ(to_.Get("state.db"), bytes);
}

TEST_F(TrialFilesTest, AMissingDirectoryCannotBeCopied) {
  EXPECT_THAT(CopyDirectory(from_.Path("none"), to_.path(), CopyWhat::kAll),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TrialFilesTest, ACopyToAFullFileSystemIsResourceExhausted) {
  const std::string reason = to_.MountTmpfs("size=64k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  from_.Put("state.db", std::string(100'000, 'x'));
  EXPECT_THAT(CopyDirectory(from_.path(), to_.Path("copy"), CopyWhat::kAll),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(TrialFilesTest, ADirectoryIsRemovedWithAllThatIsInIt) {
  from_.Put("a", "");
  std::filesystem::create_directories(from_.Path("b/c"));
  RemoveDirectory(from_.path());
  EXPECT_FALSE(std::filesystem::exists(from_.path()));
  RemoveDirectory(from_.path());
}

TEST_F(TrialFilesTest, NothingIsLeftInAnEmptyDirectory) {
  const Leftovers left = FindLeftovers(from_.path());
  EXPECT_EQ(left.wal_bytes, 0);
  EXPECT_FALSE(left.hot_journal);
}

TEST_F(TrialFilesTest, AJournalIsHotOnlyWhileItsSuperJournalIsThere) {
  const std::string super = from_.Path("state.db-mj1234569AB");
  from_.Put("state.db", "database");
  from_.Put("attached-1.db", "database");
  from_.Put("attached-1.db-journal", "records" + SuperJournalRecord(super));
  EXPECT_FALSE(FindLeftovers(from_.path()).hot_journal);
  from_.Put("state.db-mj1234569AB", "");
  EXPECT_TRUE(FindLeftovers(from_.path()).hot_journal);
}

TEST_F(TrialFilesTest, TheWalsOfAllDatabasesAreLeft) {
  from_.Put("state.db-wal", "12");
  from_.Put("attached-1.db", "");
  from_.Put("attached-1.db-wal", "345");
  EXPECT_EQ(FindLeftovers(from_.path()).wal_bytes, 5);
}

TEST_F(TrialFilesTest, TheSizeOfTheWalIsFound) {
  from_.Put("state.db-wal", std::string(33, '\0'));
  EXPECT_EQ(FindLeftovers(from_.path()).wal_bytes, 33);
}

TEST_F(TrialFilesTest, AJournalIsHotUnlessItsHeaderIsZeroed) {
  from_.Put("state.db-journal", "\xd9\xd5\x05\xf9 and so on");
  EXPECT_FALSE(FindLeftovers(from_.path()).hot_journal);  // of no database
  from_.Put("state.db", "pages");
  EXPECT_TRUE(FindLeftovers(from_.path()).hot_journal);
  from_.Put("state.db-journal", std::string(28, '\0') + "old records");
  EXPECT_FALSE(FindLeftovers(from_.path()).hot_journal);
  from_.Put("state.db-journal", "");
  EXPECT_FALSE(FindLeftovers(from_.path()).hot_journal);
}

}  // namespace
}  // namespace lastcommit
