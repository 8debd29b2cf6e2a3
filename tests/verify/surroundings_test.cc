// What is said of what stands around a database: other names of its files,
// processes that have them open, and files that are parts of one.

#include "verify/surroundings.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "verify/databases.h"
#include "verify/verification_fixture.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A process that is in the middle of what it does, until it is let go.
class Other {
 public:
  explicit Other(const std::function<void()>& work) {
    EXPECT_EQ(pipe(to_child_), 0);
    int to_parent[2];
    EXPECT_EQ(pipe(to_parent), 0);
    pid_ = fork();
    char byte = 0;
    if (pid_ == 0) {
      close(to_child_[1]);
      work();
      const bool is_said = write(to_parent[1], "x", 1) == 1;
      _exit(is_said && read(to_child_[0], &byte, 1) == 0 ? 0 : 1);
    }
    EXPECT_EQ(read(to_parent[0], &byte, 1), 1);
    close(to_parent[0]);
    close(to_parent[1]);
  }
  ~Other() {
    close(to_child_[0]);
    close(to_child_[1]);
    waitpid(pid_, nullptr, 0);
  }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;

  pid_t pid() const { return pid_; }

 private:
  int to_child_[2] = {};
  pid_t pid_ = -1;
};

class SurroundingsTest : public VerificationFixture {
 protected:
  std::string Path(const std::string& suffix = "") {
    return directory_.Path("a.db" + suffix);
  }
  // What is said of a file that is no database.
  std::string Refused(const std::string& name) {
    const Verification found = Check(name);
    EXPECT_THAT(found, Is(Soundness::kCannotCheck));
    return found.summary;
  }
};

TEST_F(SurroundingsTest, AWalBesideAnotherNameOfTheFileIsAWarning) {
  MakeKilled("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  std::filesystem::rename(Path("-wal"), directory_.Path("b.db-wal"));
  std::filesystem::create_hard_link(Path(), directory_.Path("b.db"));
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kWarning));
  EXPECT_THAT(found.summary,
              HasSubstr(absl::StrCat("the file has another name, ",
                                     directory_.Path("b.db"),
                                     ", with a wal of its own beside it")));
  EXPECT_THAT(Check("b.db"), Is(Soundness::kOk));
}

TEST_F(SurroundingsTest, AnotherNameWithoutAJournalIsNoWarning) {
  Sql(Path()).Run(kRows);
  std::filesystem::create_hard_link(Path(), directory_.Path("b.db"));
  EXPECT_THAT(Check(), Is(Soundness::kOk));
}

TEST_F(SurroundingsTest, ANameInAnotherDirectoryIsANote) {
  Sql(Path()).Run(kRows);
  const Directory other;
  std::filesystem::create_hard_link(Path(), other.Path("b.db"));
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), HasSubstr("1 more names in other directories"));
}

TEST_F(SurroundingsTest, WhoWritesToAWalWhoseNameWasRemovedIsWarnedOf) {
  const Other other([&] {
    auto* const sql = new Sql(Path());
    sql->Run("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
    std::filesystem::remove(Path("-wal"));
    sql->Run("INSERT INTO t VALUES (1)");
  });
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kWarning));
  EXPECT_THAT(found.summary,
              AllOf(HasSubstr(absl::StrCat("process ", other.pid(), " (")),
                    HasSubstr("has a WAL open whose name was removed or "
                              "replaced")));
  EXPECT_THAT(Text(found), HasSubstr("what it commits there is lost"));
}

TEST_F(SurroundingsTest, WhoHasADatabaseOpenThatWasReplacedIsWarnedOf) {
  const Other other([&] {
    auto* const sql = new Sql(Path());
    sql->Run("CREATE TABLE t (a)");
    std::filesystem::remove(Path());
  });
  Sql(Path()).Run(kRows);
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kWarning));
  EXPECT_THAT(found.summary, HasSubstr("has a database open whose name was"));
}

TEST_F(SurroundingsTest, WhoWritesWithAJournalIsInItsTransaction) {
  const Other other([&] {
    auto* const sql = new Sql(Path());
    sql->Run(kRows);
    sql->Run("PRAGMA cache_size = 2; BEGIN; UPDATE t SET b = zeroblob(99)");
  });
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_EQ(found.journal.fate, JournalFate::kInUse);
  EXPECT_THAT(
      Text(found),
      AllOf(HasSubstr("not hot: its transaction is under way"),
            HasSubstr(absl::StrCat("process ", other.pid(), " has it open"))));
}

TEST_F(SurroundingsTest, APartOfADatabaseIsNamedWithItsDatabase) {
  MakeKilled("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  directory_.Put("a.db-shm", "");
  directory_.Put("a.db-journal", "");
  const std::string of =
      absl::StrCat(" of ", Path(), ", which is what to check");
  EXPECT_THAT(Refused("a.db-wal"), HasSubstr("is the WAL" + of));
  EXPECT_THAT(Refused("a.db-shm"), HasSubstr("is the wal-index" + of));
  EXPECT_THAT(Refused("a.db-journal"),
              HasSubstr("is the rollback journal" + of));
}

TEST_F(SurroundingsTest, APartWhoseDatabaseIsMissingOrThatIsRenamedIsNamed) {
  MakeKilled("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  directory_.Put("b.db-wal", directory_.Get("a.db-wal"));
  directory_.Put("renamed", directory_.Get("a.db-wal"));
  directory_.Put("journal", "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7 and so on");
  EXPECT_THAT(Refused("b.db-wal"),
              HasSubstr(absl::StrCat("is the WAL of ", directory_.Path("b.db"),
                                     ", which is not there")));
  EXPECT_THAT(Refused("renamed"), HasSubstr("is a WAL; it belongs beside"));
  EXPECT_THAT(Refused("journal"),
              HasSubstr("is a rollback journal; it belongs"));
}

TEST_F(SurroundingsTest, ADatabaseMayBeCalledLikeAPart) {
  Sql(directory_.Path("b-wal")).Run(kRows);
  EXPECT_THAT(Check("b-wal"), Is(Soundness::kOk));
}

}  // namespace
}  // namespace lastcommit
