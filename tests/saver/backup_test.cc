// SqliteSaver::Backup, sentence by sentence of its header. What a crash leaves
// of it: judge_test BackupTest.

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "refused_call.h"
#include "saver/saver_fixture.h"
#include "saver/system_calls.h"

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

// Where the kernel or the file system cannot rename without replacing: the
// copy gets its name by link(). In a child, which opens the database itself.
class BackupByLinkTest : public BackupTest {
 protected:
  BackupByLinkTest() { Close(); }

  static constexpr int kCannotRefuse = 77;

  // Runs `work` in a child in which `calls` fail with `error`; returns how it
  // ended, as waitpid() does. A failed expectation is an exit code of 1.
  int InChildWithout(const std::vector<long>& calls, int error,
                     const std::function<void(SqliteSaver&)>& work) {
    const pid_t child = fork();
    if (child == 0) {
      for (const long call : calls) {
        if (!RefuseCall(call, error)) _exit(kCannotRefuse);
      }
      const auto saver = SqliteSaver::Open(path_, AnyDurability(GetParam()));
      EXPECT_THAT(saver, IsOk());
      if (saver.ok()) work(**saver);
      fflush(stdout);
      _exit(HasFailure() ? 1 : 0);
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }
  static std::vector<long> Renames() { return {SYS_renameat2}; }
  static std::vector<long> RenamesAndLinks() {
    std::vector<long> calls = {SYS_renameat2, SYS_linkat};
#ifdef SYS_link
    calls.push_back(SYS_link);
#endif
    return calls;
  }
};

TEST_P(BackupByLinkTest, IsWholeUnderItsNameAlone) {
  for (const int error : {EINVAL, ENOSYS}) {
    const int status = InChildWithout(Renames(), error, [&](SqliteSaver& s) {
      EXPECT_EQ(syscall(SYS_renameat2, 0, "", 0, "", 0), -1);
      EXPECT_EQ(errno, error);
      EXPECT_THAT(s.Backup(PathOf("copy.db")), IsOk());
      EXPECT_THAT(Files(), ElementsAre("copy.db"));
    });
    ASSERT_EQ(status, 0) << error;
    EXPECT_THAT(BlobsOf(PathOf("copy.db")), ElementsAre("big"));
    struct stat info = {};
    ASSERT_EQ(stat(PathOf("copy.db").c_str(), &info), 0);
    EXPECT_EQ(info.st_nlink, 1u);
    std::filesystem::remove(PathOf("copy.db"));
    std::filesystem::remove(PathOf("copy.db-wal"));
    std::filesystem::remove(PathOf("copy.db-shm"));
    std::filesystem::remove(PathOf("copy.db-journal"));
  }
}

TEST_P(BackupByLinkTest, WhatHasTheNameStays) {
  std::ofstream(PathOf("copy.db")) << "precious";
  std::filesystem::create_symlink("nowhere", PathOf("link.db"));
  std::filesystem::create_directory(PathOf("directory"));
  const int status = InChildWithout(Renames(), EINVAL, [&](SqliteSaver& s) {
    for (const char* name : {"copy.db", "link.db", "test.db", "directory"}) {
      EXPECT_THAT(s.Backup(PathOf(name)), StatusIs(StatusCode::kAlreadyExists));
    }
  });
  ASSERT_EQ(status, 0);
  EXPECT_EQ(FileBytes(PathOf("copy.db")), "precious");
  EXPECT_EQ(std::filesystem::read_symlink(PathOf("link.db")), "nowhere");
  EXPECT_THAT(Files(), UnorderedElementsAre("copy.db", "link.db", "directory"));
  EXPECT_THAT(BlobsOf(path_), ElementsAre("big"));
}

TEST_P(BackupByLinkTest, AnotherErrorIsNoReasonForIt) {
  const int status = InChildWithout(Renames(), EACCES, [&](SqliteSaver& s) {
    EXPECT_THAT(s.Backup(PathOf("copy.db")),
                StatusIs(StatusCode::kPermissionDenied));
  });
  ASSERT_EQ(status, 0);
  EXPECT_THAT(Files(), ElementsAre());
}

TEST_P(BackupByLinkTest, WithoutLinksThereIsNoneAndNothingBesides) {
  const int status =
      InChildWithout(RenamesAndLinks(), ENOSYS, [&](SqliteSaver& s) {
        EXPECT_THAT(s.Backup(PathOf("copy.db")),
                    StatusIs(StatusCode::kUnimplemented));
      });
  ASSERT_EQ(status, 0);
  EXPECT_THAT(Files(), ElementsAre());
}

// Losses of power: judge_test BackupTest.
TEST_P(BackupByLinkTest, KilledBeforeEachCallItIsWholeOrHasNoName) {
  constexpr int kMostCalls = 500;
  int without_name = 0;
  int with_both_names = 0;
  int calls = 1;
  for (;; ++calls) {
    ASSERT_LT(calls, kMostCalls);
    const int status = InChildWithout(Renames(), EINVAL, [&](SqliteSaver& s) {
      KillBeforeCall(calls);
      EXPECT_THAT(s.Backup(PathOf("copy.db")), IsOk());
      KillBeforeCall(0);
    });
    if (status == 0) break;
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    const std::vector<std::string> files = Files();
    const bool has_name = std::filesystem::exists(PathOf("copy.db"));
    without_name += has_name ? 0 : 1;
    with_both_names += has_name && files.size() == 2 ? 1 : 0;
    if (has_name) {
      EXPECT_THAT(BlobsOf(PathOf("copy.db")), ElementsAre("big")) << calls;
    }
    for (const std::string& name : Files()) {
      EXPECT_TRUE(name.starts_with("copy.db")) << name;
      std::filesystem::remove(PathOf(name));
    }
  }
  EXPECT_GT(without_name, 10);
  EXPECT_EQ(with_both_names, 1);
}

INSTANTIATE_TEST_SUITE_P(EachMode, BackupByLinkTest,
                         testing::Values(JournalMode::kWal,
                                         JournalMode::kDelete),
                         [](const auto& test) {
                           return std::string(Name(test.param));
                         });

}  // namespace
}  // namespace lastcommit::saver
