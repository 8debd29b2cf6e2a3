#include "disk/confined_vfs.h"

#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "directory.h"
#include "disk/super_journal.h"
#include "gmock/gmock.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;

// The first value that `sql` gives, or SQLite's error.
std::string Query(const std::string& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  std::string found;
  const int result = sqlite3_open(path.c_str(), &connection);
  const auto take = [](void* text, int, char** values, char**) {
    static_cast<std::string*>(text)->assign(values[0] == nullptr ? "NULL"
                                                                 : values[0]);
    return 0;
  };
  if (result != SQLITE_OK || sqlite3_exec(connection, sql.c_str(), take, &found,
                                          nullptr) != SQLITE_OK) {
    found = absl::StrCat("error: ", sqlite3_errmsg(connection));
  }
  sqlite3_close(connection);
  return found;
}

class ConfinedVfsTest : public testing::Test {
 protected:
  // What `work` gives in a child that is confined to inside_. A child that
  // hangs is ended.
  std::string Confined(const std::function<std::string()>& work) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      const absl::Status confined = ConfineSqlite(inside_.path());
      const std::string text = confined.ok() ? work() : confined.ToString();
      _exit(write(ends[1], text.data(), text.size()) >= 0 ? 0 : 1);
    }
    close(ends[1]);
    char buffer[1024];
    const ssize_t size = read(ends[0], buffer, sizeof(buffer));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return std::string(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  std::string ReadInside() {
    return Confined(
        [&] { return Query(inside_.Path("a.db"), "SELECT a FROM t"); });
  }

  Directory inside_;
  Directory outside_;
};

TEST_F(ConfinedVfsTest, ASuperJournalOutsideStaysAndTheJournalIsRolledBack) {
  outside_.Put("victim", "a file of the reader's");
  MakeDatabaseWithSuperJournal(inside_.Path("a.db"), outside_.Path("victim"));
  EXPECT_EQ(ReadInside(), "old");
  EXPECT_FALSE(inside_.Has("a.db-journal"));
  EXPECT_EQ(outside_.Get("victim"), "a file of the reader's");
}

// The twin: SQLite by itself deletes it.
TEST_F(ConfinedVfsTest, WithoutItTheSuperJournalIsDeleted) {
  outside_.Put("victim", "a file of the reader's");
  MakeDatabaseWithSuperJournal(inside_.Path("a.db"), outside_.Path("victim"));
  EXPECT_EQ(Query(inside_.Path("a.db"), "SELECT a FROM t"), "old");
  EXPECT_FALSE(outside_.Has("victim"));
}

TEST_F(ConfinedVfsTest, WithoutItsSuperJournalAJournalIsNotRolledBack) {
  MakeDatabaseWithSuperJournal(inside_.Path("a.db"), outside_.Path("none"));
  EXPECT_EQ(ReadInside(), "new");
  EXPECT_FALSE(inside_.Has("a.db-journal"));
}

TEST_F(ConfinedVfsTest, AFifoOrADirectoryAsSuperJournalIsNotOpened) {
  ASSERT_EQ(mkfifo(outside_.Path("fifo").c_str(), 0600), 0);
  ASSERT_EQ(mkdir(outside_.Path("directory").c_str(), 0700), 0);
  MakeDatabaseWithSuperJournal(inside_.Path("a.db"), outside_.Path("fifo"));
  EXPECT_EQ(ReadInside(), "old");
  std::filesystem::remove(inside_.Path("a.db"));
  MakeDatabaseWithSuperJournal(inside_.Path("a.db"),
                               outside_.Path("directory"));
  EXPECT_EQ(ReadInside(), "old");
  EXPECT_THAT(outside_.Names(), ElementsAre("directory", "fifo"));
}

// A journal has its names as they are, relative to wherever the process is.
TEST_F(ConfinedVfsTest, NoSpellingOfANameLeadsOutside) {
  outside_.Put("victim", "a file of the reader's");
  const std::string name = outside_.path().substr(outside_.path().rfind('/'));
  for (const std::string& spelled :
       {std::string("victim"), std::string("./victim"),
        std::string("/proc/self/cwd/victim"),
        absl::StrCat(inside_.path(), "/..", name, "/victim"),
        absl::StrCat("..", name, "/victim")}) {
    MakeDatabaseWithSuperJournal(inside_.Path("a.db"), spelled);
    EXPECT_EQ(Confined([&] {
                return chdir(outside_.path().c_str()) == 0
                           ? Query(inside_.Path("a.db"), "SELECT a FROM t")
                           : "no directory";
              }),
              "old");
    EXPECT_TRUE(outside_.Has("victim")) << spelled;
    std::filesystem::remove(inside_.Path("a.db"));
  }
}

TEST_F(ConfinedVfsTest, NothingOutsideIsOpenedOrMade) {
  Query(outside_.Path("b.db"), "CREATE TABLE t (a)");
  const std::string before = outside_.Get("b.db");
  for (const char* sql :
       {"ATTACH '$/b.db' AS b; INSERT INTO b.t VALUES (1)",
        "ATTACH 'file:$/b.db?mode=ro' AS b; SELECT count(*) FROM b.t",
        "ATTACH '$/c.db' AS c; CREATE TABLE c.t (a)", "VACUUM INTO '$/c.db'"}) {
    std::string text = sql;
    text.replace(text.find('$'), 1, outside_.path());
    EXPECT_THAT(Confined([&] { return Query(inside_.Path("a.db"), text); }),
                testing::StartsWith("error: unable to open database"))
        << sql;
  }
  EXPECT_THAT(outside_.Names(), ElementsAre("b.db"));
  EXPECT_EQ(outside_.Get("b.db"), before);
}

TEST_F(ConfinedVfsTest, NoLinkInsideIsFollowed) {
  outside_.Put("b.db", "");
  outside_.Put("b.db-journal", "text");
  ASSERT_EQ(
      symlink(outside_.Path("b.db").c_str(), inside_.Path("a.db").c_str()), 0);
  EXPECT_THAT(Confined([&] {
                return Query(inside_.Path("a.db"), "CREATE TABLE t (a)");
              }),
              testing::StartsWith("error: unable to open database"));
  EXPECT_EQ(outside_.Get("b.db"), "");
}

TEST_F(ConfinedVfsTest, AFifoInsideIsNotWaitedFor) {
  Query(inside_.Path("a.db"), "CREATE TABLE t (a)");
  ASSERT_EQ(mkfifo(inside_.Path("a.db-journal").c_str(), 0600), 0);
  EXPECT_THAT(ReadInside(), testing::StartsWith("error: "));
}

TEST_F(ConfinedVfsTest, ADirectoryWhoseNameBeginsTheSameIsOutside) {
  const std::string sibling = absl::StrCat(inside_.path(), "-b");
  ASSERT_EQ(mkdir(sibling.c_str(), 0700), 0);
  EXPECT_THAT(
      Confined([&] { return Query(sibling + "/a.db", "CREATE TABLE t (a)"); }),
      testing::StartsWith("error: unable to open database"));
  EXPECT_EQ(rmdir(sibling.c_str()), 0);
}

TEST_F(ConfinedVfsTest, TemporaryFilesAreInMemory) {
  EXPECT_EQ(Confined([&] {
              // Any real file of that size would be the end of this process.
              const rlimit limit = {65536, 65536};
              setrlimit(RLIMIT_FSIZE, &limit);
              return Query(
                  inside_.Path("a.db"),
                  "PRAGMA temp_store = FILE; PRAGMA temp.cache_size = 2;"
                  "CREATE TEMP TABLE x AS WITH RECURSIVE n(i) AS (SELECT 1 "
                  "UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT i, "
                  "randomblob(500) AS b FROM n; CREATE INDEX temp.y ON x (b);"
                  "BEGIN; SAVEPOINT s; UPDATE x SET b = randomblob(600);"
                  "ROLLBACK TO s; COMMIT; SELECT sum(length(b)) FROM x");
            }),
            "1000000");
}

TEST_F(ConfinedVfsTest, ACommitOverTwoFilesInsideIsAsEver) {
  EXPECT_EQ(Confined([&] {
              return Query(inside_.Path("a.db"),
                           absl::StrCat("ATTACH '", inside_.Path("b.db"),
                                        "' AS b; BEGIN; CREATE TABLE t (a);"
                                        "CREATE TABLE b.t (a); COMMIT;"
                                        "SELECT count(*) FROM b.t"));
            }),
            "0");
  EXPECT_THAT(inside_.Names(), ElementsAre("a.db", "b.db"));
}

TEST_F(ConfinedVfsTest, AMissingDirectoryIsAnError) {
  EXPECT_THAT(ConfineSqlite(inside_.Path("none")),
              StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lastcommit
