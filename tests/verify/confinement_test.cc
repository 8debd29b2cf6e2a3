// Nothing but the private directory is touched, whatever a database and its
// files say: by what the kernel is asked, and by what is there afterwards.

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "disk/super_journal.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "tree.h"
#include "verify/databases.h"
#include "verify/file_calls.h"
#include "verify/verification.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::IsSubsetOf;

class ConfinementTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<WatchedRun> run = WatchFileCalls([] { return 0; });
    if (absl::IsUnavailable(run.status())) GTEST_SKIP() << run.status();
    outside_.Put("victim", "a file of the reader's");
  }

  WatchedRun Watch(const std::function<int()>& work) {
    const absl::StatusOr<WatchedRun> run = WatchFileCalls(
        [&] { return chdir(outside_.path().c_str()) == 0 ? work() : 99; });
    EXPECT_THAT(run, IsOk());
    return run.value_or(WatchedRun());
  }
  // It gets a verdict, and everything stays as it was.
  void Check(Soundness soundness) {
    const Tree database = TreeOf(directory_.path());
    const Tree outside = TreeOf(outside_.path());
    const WatchedRun run = Watch([&] {
      const absl::StatusOr<Verification> found =
          Verify(directory_.Path("a.db"), {.directory = place_.path()});
      return found.ok() ? static_cast<int>(found->soundness) : 98;
    });
    EXPECT_EQ(run.exit_code, static_cast<int>(soundness));
    EXPECT_EQ(TreeOf(directory_.path()), database);
    EXPECT_EQ(TreeOf(outside_.path()), outside);
    EXPECT_THAT(place_.Names(), IsEmpty());
    ExpectKeptApart(run);
  }

  Directory directory_;
  Directory outside_;
  Directory place_;

 private:
  void ExpectKeptApart(const WatchedRun& run) {
    int changes = 0;
    std::set<std::string> read;
    for (const FileCall& call : run.calls) {
      if (call.changes) {
        ++changes;
        EXPECT_TRUE(absl::StartsWith(call.path, place_.path() + "/"))
            << call.name << " " << call.path;
      }
      EXPECT_FALSE(absl::StartsWith(call.path, outside_.path()))
          << call.name << " " << call.path;
      if (absl::StartsWith(call.path, directory_.path()))
        read.insert(call.path);
    }
    EXPECT_GT(changes, 0);  // those of the copy: they are really watched
    EXPECT_THAT(read, IsSubsetOf({directory_.path(), directory_.Path("a.db"),
                                  directory_.Path("a.db-wal"),
                                  directory_.Path("a.db-journal")}));
  }
};

// So that what the others say means something.
TEST_F(ConfinementTest, SqliteByItselfOpensAndDeletesTheSuperJournal) {
  MakeDatabaseWithSuperJournal(directory_.Path("a.db"),
                               outside_.Path("victim"));
  const WatchedRun run = Watch([&] {
    Sql(directory_.Path("a.db")).Run("SELECT a FROM t");
    return 0;
  });
  EXPECT_THAT(run.calls, Contains(testing::AllOf(
                             Field(&FileCall::path, outside_.Path("victim")),
                             Field(&FileCall::changes, false))));
  EXPECT_THAT(run.calls, Contains(testing::AllOf(
                             Field(&FileCall::path, outside_.Path("victim")),
                             Field(&FileCall::changes, true))));
  EXPECT_THAT(outside_.Names(), IsEmpty());
}

TEST_F(ConfinementTest, AJournalWhoseSuperJournalIsAnyFileTouchesNothing) {
  ASSERT_EQ(mkfifo(outside_.Path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(outside_.Path("empty"));
  std::filesystem::create_symlink("victim", outside_.Path("link"));
  for (const std::string& name :
       {outside_.Path("victim"), outside_.Path("fifo"), outside_.Path("empty"),
        outside_.Path("link"), outside_.Path("empty/../victim"),
        std::string("victim"), std::string("/proc/self/cwd/victim")}) {
    SCOPED_TRACE(name);
    MakeDatabaseWithSuperJournal(directory_.Path("a.db"), name);
    Check(Soundness::kOk);
  }
}

// As an honest commit over two files leaves it: the other one still needs it.
TEST_F(ConfinementTest, TheSuperJournalBesideTheDatabaseStays) {
  directory_.Put("a.db-mj0123456789", directory_.Path("b.db-journal"));
  MakeDatabaseWithSuperJournal(directory_.Path("a.db"),
                               directory_.Path("a.db-mj0123456789"));
  Check(Soundness::kOk);
}

TEST_F(ConfinementTest, NoJournalThatASuperJournalListsIsOpened) {
  MakeDatabaseWithSuperJournal(directory_.Path("a.db"),
                               outside_.Path("victim"));
  // With its last zero byte: a list of one.
  outside_.Put("victim", outside_.Path("listed") + std::string(1, '\0'));
  outside_.Put("listed", "a journal");
  Check(Soundness::kOk);
}

TEST_F(ConfinementTest, AWalIsRecoveredInTheCopyAlone) {
  Directory made;
  Sql sql(made.Path("a.db"));
  sql.Run("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  CopyAsKilled(made, directory_);
  directory_.Put("a.db-shm", "not looked at");
  Check(Soundness::kOk);
}

TEST_F(ConfinementTest, LinksBesideTheDatabaseAreReadAndNotWritten) {
  Directory made;
  Sql sql(made.Path("a.db"));
  sql.Run("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  CopyAsKilled(made, directory_);
  outside_.Put("wal", directory_.Get("a.db-wal"));
  const Tree before = TreeOf(outside_.path());
  std::filesystem::remove(directory_.Path("a.db-wal"));
  std::filesystem::create_symlink(outside_.Path("wal"),
                                  directory_.Path("a.db-wal"));
  const absl::StatusOr<Verification> found =
      Verify(directory_.Path("a.db"), {.directory = place_.path()});
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->soundness, Soundness::kOk) << found->summary;
  EXPECT_EQ(TreeOf(outside_.path()), before);
}

}  // namespace
}  // namespace lastcommit
