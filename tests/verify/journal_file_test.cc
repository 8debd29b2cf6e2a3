// What is said of a journal is what SQLite does with it: each is opened by
// SQLite, too, on a copy.

#include "verify/journal_file.h"

#include <filesystem>
#include <string>

#include "directory.h"
#include "disk/super_journal.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "verify/databases.h"
#include "verify/verification_fixture.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kSector = 512;
constexpr std::size_t kRecord = 4 + 4096 + 4;
// So small a cache that each page is written at once: a header for each.
constexpr std::size_t kSecondHeader =
    (kSector + kRecord + kSector - 1) / kSector * kSector;

class JournalFileTest : public VerificationFixture {
 protected:
  // The table t has 'old' in each of its two rows, two pages apart, if the
  // journal is rolled back, else 'new'.
  JournalFileTest() {
    MakeKilled(
        "PRAGMA page_size = 4096; CREATE TABLE t (a, b);"
        "INSERT INTO t VALUES ('old', zeroblob(3900)), ('old', "
        "zeroblob(3900)); PRAGMA cache_size = 1; BEGIN; UPDATE t SET a = "
        "'new'");
  }
  void MakeKilled(const std::string& sql) {
    const Directory made;
    Sql connection(made.Path("a.db"));
    connection.Run(sql);
    EXPECT_EQ(sqlite3_db_cacheflush(connection.connection()), SQLITE_OK);
    CopyAsKilled(made, directory_);
  }
  std::string Journal() { return directory_.Get("a.db-journal"); }
  void PutJournal(const std::string& bytes) {
    directory_.Put("a.db-journal", bytes);
  }
  // The journal's fate, and what is said of it.
  void ExpectFate(JournalFate fate, const std::string& words) {
    const Verification found = Check();
    EXPECT_EQ(found.journal.fate, fate) << Text(found);
    EXPECT_THAT(Text(found), HasSubstr(words));
    const auto state = ReadJournal(directory_.Path("a.db"), false);
    ASSERT_THAT(state, IsOk());
    EXPECT_EQ(state->fate, fate);
  }
  // By SQLite: the rows, or that there are none.
  std::string RowsOfSqlite() {
    const Directory copy;
    CopyAsKilled(directory_, copy);
    sqlite3* connection = nullptr;
    std::string rows;
    sqlite3_open(copy.Path("a.db").c_str(), &connection);
    sqlite3_exec(
        connection, "SELECT a FROM t",
        [](void* text, int, char** values, char**) {
          static_cast<std::string*>(text)->append(values[0]).append(" ");
          return 0;
        },
        &rows, nullptr);
    sqlite3_close(connection);
    return rows;
  }

  Directory other_;
};

TEST_F(JournalFileTest, OfACutTransactionIsRolledBack) {
  ExpectFate(JournalFate::kRolledBack, "HOT: a transaction was cut short");
  EXPECT_EQ(RowsOfSqlite(), "old old ");
}

TEST_F(JournalFileTest, NoneIsNone) {
  std::filesystem::remove(directory_.Path("a.db-journal"));
  ExpectFate(JournalFate::kNone, "journal: none");
  EXPECT_EQ(RowsOfSqlite(), "new new ");
}

TEST_F(JournalFileTest, ThatIsEmptyOrBeginsWithAZeroIsCold) {
  for (const std::string& bytes :
       {std::string(), std::string(Journal()).replace(0, 28, 28, '\0'),
        std::string(Journal()).replace(0, 1, 1, '\0')}) {
    PutJournal(bytes);
    ExpectFate(JournalFate::kCold, "not hot: its transaction has ended");
    EXPECT_EQ(RowsOfSqlite(), "new new ");
  }
}

TEST_F(JournalFileTest, WithoutAWholeHeaderIsDeleted) {
  const std::string whole = Journal();
  for (const std::string& bytes :
       {std::string(whole).replace(4, 1, "x"), whole.substr(0, kSector - 1),
        // No size of pages, or of sectors, that there is.
        std::string(whole).replace(24, 4, BigEndian(4097)),
        std::string(whole).replace(20, 4, BigEndian(31)), std::string("x")}) {
    PutJournal(bytes);
    ExpectFate(JournalFate::kNoHeader, "not hot: it has no whole header");
    EXPECT_EQ(RowsOfSqlite(), "new new ");
  }
}

TEST_F(JournalFileTest, OfAnEmptyDatabaseIsDeletedUnread) {
  directory_.Put("a.db", "");
  ExpectFate(JournalFate::kDatabaseIsEmpty,
             "SQLite deletes it unread, because the database is empty; it is "
             "of a database of 4 pages and holds 2 of them");
  EXPECT_EQ(RowsOfSqlite(), "");
}

TEST_F(JournalFileTest, WhoseSuperJournalIsThereIsRolledBack) {
  other_.Put("super", "journals");
  PutJournal(Journal() + SuperJournalRecord(other_.Path("super")));
  ExpectFate(JournalFate::kRolledBack,
             "because its super-journal " + other_.Path("super") + " is there");
  EXPECT_EQ(RowsOfSqlite(), "old old ");
}

TEST_F(JournalFileTest, WhoseSuperJournalIsGoneIsDeleted) {
  PutJournal(Journal() + SuperJournalRecord(other_.Path("none")));
  ExpectFate(JournalFate::kSuperIsGone,
             "its super-journal " + other_.Path("none") + " is gone");
  EXPECT_EQ(RowsOfSqlite(), "new new ");
}

TEST_F(JournalFileTest, WhoseSuperJournalIsEmptyIsDeletedToo) {
  other_.Put("super", "");
  PutJournal(Journal() + SuperJournalRecord(other_.Path("super")));
  ExpectFate(JournalFate::kSuperIsGone, " is gone");
  EXPECT_EQ(RowsOfSqlite(), "new new ");
}

TEST_F(JournalFileTest, WithARecordThatDoesNotMatchIsRolledBackUpToThere) {
  // The checksum is over every 200th byte from the end.
  constexpr std::size_t kSummed = kSecondHeader + kSector + 4 + 4096 - 200;
  PutJournal(std::string(Journal()).replace(kSummed, 1, "x"));
  ExpectFate(JournalFate::kRolledBack, "1 page, to a database of 4 pages");
  EXPECT_EQ(RowsOfSqlite(), "old new ");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kWarning));
  EXPECT_THAT(found.summary,
              HasSubstr("SQLite rolls back 1 page and ignores the rest of the "
                        "journal, since the next record is "));
}

}  // namespace
}  // namespace lastcommit
