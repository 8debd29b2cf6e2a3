// Files that are refused: each with a clear error, and left byte for byte as
// they were, with what stands beside them.

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"
#include "saver/system_calls.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

class ForeignFileTest : public SaverTest {
 protected:
  struct File {
    std::string bytes;
    std::int64_t changed_s = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const File&) const = default;
  };
  // Everything in the directory, by name.
  std::map<std::string, File> Files() {
    std::map<std::string, File> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      struct stat facts = {};
      stat(entry.path().c_str(), &facts);
      files[entry.path().filename()] = {
          FileBytes(entry.path()), facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
    }
    return files;
  }
  void ExpectRefusedAndUnchanged(StatusCode code) {
    const auto before = Files();
    EXPECT_THAT(TryOpen(), StatusIs(code));
    EXPECT_TRUE(Files() == before);
  }
  // What `sql` leaves when its process is killed.
  void MakeAndDie(const std::string& sql) {
    InKilledChild([&] {
      sqlite3* connection = nullptr;
      sqlite3_open(path_.c_str(), &connection);
      sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
      raise(SIGKILL);
    });
  }
  void CutTo(std::uintmax_t size) { std::filesystem::resize_file(path_, size); }
};

constexpr char kRows[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
    "200) INSERT INTO t SELECT randomblob(500) FROM n;";

TEST_F(ForeignFileTest, HotJournalIsNotRolledBack) {
  MakeAndDie(
      absl::StrCat("PRAGMA cache_size = 1; PRAGMA application_id = 7;"
                   "CREATE TABLE t (x);",
                   kRows, "BEGIN;", kRows));
  ASSERT_GT(std::filesystem::file_size(path_ + "-journal"), 0U);
  ExpectRefusedAndUnchanged(StatusCode::kFailedPrecondition);
  EXPECT_EQ(StrangersSql("SELECT count(*) FROM t"), "200");
}

TEST_F(ForeignFileTest, WalIsNotMovedIntoItsDatabase) {
  MakeAndDie(
      "PRAGMA journal_mode = WAL; PRAGMA application_id = 7;"
      "PRAGMA wal_checkpoint; CREATE TABLE t (x)");
  ExpectRefusedAndUnchanged(StatusCode::kFailedPrecondition);
}

// Whose it is stands in the WAL only. SQLite makes the -shm file anew.
TEST_F(ForeignFileTest, UndecidedWalIsReadAndNotMovedEither) {
  MakeAndDie("PRAGMA journal_mode = WAL; CREATE TABLE t (x)");
  const auto before = Files();
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
  auto after = Files();
  for (const char* name : {"test.db", "test.db-wal"}) {
    EXPECT_TRUE(after.at(name) == before.at(name)) << name;
  }
}

TEST_F(ForeignFileTest, NewerSchemaIsLeftAloneInDatabaseAndInWal) {
  Open();
  Close();
  const std::string newer =
      absl::StrCat("PRAGMA user_version = ", kSchemaVersion + 1);
  MakeAndDie(newer);
  const auto before = Files();
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_TRUE(Files().at("test.db") == before.at("test.db"));
  EXPECT_TRUE(Files().at("test.db-wal") == before.at("test.db-wal"));
  StrangersSql("PRAGMA journal_mode = DELETE");
  ExpectRefusedAndUnchanged(StatusCode::kFailedPrecondition);
}

TEST_F(ForeignFileTest, NewerSchemaWithAHotJournalIsLeftAlone) {
  Open(AnyDurability(JournalMode::kDelete));
  Close();
  MakeAndDie(absl::StrCat("PRAGMA user_version = ", kSchemaVersion + 1,
                          "; PRAGMA cache_size = 1; CREATE TABLE t (x);", kRows,
                          "BEGIN;", kRows));
  ASSERT_GT(std::filesystem::file_size(path_ + "-journal"), 0U);
  ExpectRefusedAndUnchanged(StatusCode::kFailedPrecondition);
}

TEST_F(ForeignFileTest, CutShortIsDataLoss) {
  Open();
  ASSERT_THAT(Put("b", std::string(50'000, 'x')), IsOk());
  Close();
  const auto size = std::filesystem::file_size(path_);
  for (const std::uintmax_t lost : {1U, 100U, 4096U, 20'000U}) {
    CutTo(size - lost);
    ExpectRefusedAndUnchanged(StatusCode::kDataLoss);
  }
}

TEST_F(ForeignFileTest, ShorterThanAHeaderIsDataLoss) {
  Open();
  Close();
  for (const std::uintmax_t size : {1024U, 110U, 99U, 16U, 2U}) {
    CutTo(size);
    ExpectRefusedAndUnchanged(StatusCode::kDataLoss);
  }
}

// A checkpoint writes page 1, with the new length, before the new pages.
TEST_F(ForeignFileTest, ShortFileWithItsWalIsNotRefused) {
  bool was_killed = true;
  for (int call = 1; was_killed; ++call) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(path_ + suffix);
    }
    InKilledChild([&] {
      auto saver = SqliteSaver::Open(path_, Options()).value();
      saver->PutBlob("t", "b", std::string(30'000, 'x')).IgnoreError();
      KillBeforeCall(call);
      saver->WalCheckpoint(CheckpointMode::kTruncate).status().IgnoreError();
      KillBeforeCall(0);
      std::ofstream{directory_ + "/finished"};
      raise(SIGKILL);
    });
    was_killed = !std::filesystem::exists(directory_ + "/finished");
    Open();
    EXPECT_THAT(Get("b"), IsOkAndHolds(std::string(30'000, 'x')));
    Close();
  }
}

TEST_F(ForeignFileTest, NoDatabaseIsDataLoss) {
  std::ofstream(path_) << std::string(5000, 'x');
  ExpectRefusedAndUnchanged(StatusCode::kDataLoss);
}

TEST_F(ForeignFileTest, FifoAndDirectoryAreRefusedAtOnce) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
  path_ = directory_;
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(ForeignFileTest, LinksInACircleAreRefused) {
  std::filesystem::create_symlink("other", path_);
  std::filesystem::create_symlink("test.db", directory_ + "/other");
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(ForeignFileTest, FileBehindALinkIsCreatedForItsOwnerOnly) {
  std::filesystem::create_symlink("second", path_);
  std::filesystem::create_symlink(directory_ + "/target",
                                  directory_ + "/second");
  Open();
  struct stat facts = {};
  ASSERT_EQ(stat((directory_ + "/target").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  ASSERT_THAT(Put("b", "x"), IsOk());
  Open();
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
}

class NameTest : public ForeignFileTest,
                 public testing::WithParamInterface<const char*> {};

TEST_P(NameTest, OfAnyBytesIsOpenedAndLookedAt) {
  path_ = directory_ + "/" + GetParam();
  Open();
  ASSERT_THAT(Put("b", "x"), IsOk());
  Open();
  EXPECT_THAT(Get("b"), IsOkAndHolds("x"));
  Close();
  EXPECT_EQ(Files().size(), 1U);
  StrangersSql("PRAGMA application_id = 7");
  ExpectRefusedAndUnchanged(StatusCode::kFailedPrecondition);
}

INSTANTIATE_TEST_SUITE_P(Names, NameTest,
                         testing::Values("a b", "a?mode=memory", "a#b", "%41",
                                         "a%", "a&b=c", "\xc3\xa9\xff", "a:b",
                                         "+", "/a", "\n"));

TEST_F(ForeignFileTest, RelativeNameIsLookedAt) {
  std::filesystem::current_path(directory_);
  path_ = "file";
  Open();
  Open();
  Close();
  StrangersSql("PRAGMA application_id = 7");
  ExpectRefusedAndUnchanged(StatusCode::kFailedPrecondition);
  std::filesystem::current_path("/");
}

class NobodyTest : public ForeignFileTest {
 protected:
  // What a user without rights of root is told.
  StatusCode CodeForNobody() {
    std::filesystem::permissions(directory_,
                                 std::filesystem::perms::others_exec |
                                     std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    const pid_t child = fork();
    if (child == 0) {
      if (setuid(65534) != 0) _exit(255);
      _exit(static_cast<int>(TryOpen().code()));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return static_cast<StatusCode>(WEXITSTATUS(status));
  }
  void SetUp() override {
    if (getuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    Open();
    Close();
  }
};

TEST_F(NobodyTest, UnreadableFileIsPermissionDenied) {
  EXPECT_EQ(CodeForNobody(), StatusCode::kPermissionDenied);
}

TEST_F(NobodyTest, FileThatMayOnlyBeReadIsPermissionDenied) {
  StrangersSql("PRAGMA journal_mode = DELETE");
  chmod(path_.c_str(), 0644);
  EXPECT_EQ(CodeForNobody(), StatusCode::kPermissionDenied);
}

// A process loses all its locks on a file when it closes any descriptor of it.
TEST_F(ForeignFileTest, LookingAtAFileDropsNoLocksOfTheProcess) {
  Options options;
  options.busy_timeout = absl::ZeroDuration();
  for (const JournalMode mode : {JournalMode::kWal, JournalMode::kTruncate}) {
    options.journal_mode = mode;
    Close();
    int begun[2];
    ASSERT_EQ(pipe(begun), 0);
    const pid_t child = fork();  // before there is a saver to inherit
    if (child == 0) {
      char byte = 0;
      if (read(begun[0], &byte, 1) != 1) _exit(254);
      auto other = SqliteSaver::Open(path_, options);
      _exit(other.ok() ? static_cast<int>((*other)->Begin().status().code())
                       : 255);
    }
    Open(options);
    Transaction transaction = Begin();
    TryOpen(options).IgnoreError();
    ASSERT_EQ(write(begun[1], "x", 1), 1);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(StatusCode::kUnavailable));
    for (const int end : begun) close(end);
  }
}

}  // namespace
}  // namespace lastcommit::saver
