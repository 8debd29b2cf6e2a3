// results.sqlite in a directory in which anybody may have put anything: SQLite
// touches nothing outside of its workplace.

#include "results/results_database.h"

#include <sqlite3.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "directory.h"
#include "disk/super_journal.h"
#include "explain/finding_fields.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "tree.h"

namespace lastcommit {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// Where a connection is told to write that another program has got hold of.
std::string& Elsewhere() {
  static auto* const path = new std::string;
  return *path;
}

int WriteElsewhere(sqlite3* connection, char** /*error*/,
                   const void* /*routines*/) {
  const std::string sql = absl::StrCat(
      "ATTACH '", Elsewhere(), "' AS elsewhere; CREATE TABLE elsewhere.t (a)");
  sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
  // Or opening fails by the error that the connection had last.
  return sqlite3_exec(connection, "SELECT 1", nullptr, nullptr, nullptr);
}

class ResultsDatabaseTest : public testing::Test {
 protected:
  ResultsDatabaseTest() {
    outside_.Put("victim", "a file of the reader's");
    before_ = TreeOf(outside_.path());
  }
  // The one that is there was made by this program.
  void Build() {
    EXPECT_THAT(BuildResultsDatabase(directory_.path(), Identity(), Tally()),
                IsOk());
  }

  // By a connection that nothing confines.
  int ReadByWhoOpensItNext() {
    sqlite3* connection = nullptr;
    sqlite3_open(directory_.Path("results.sqlite").c_str(), &connection);
    int rows = 0;
    sqlite3_exec(
        connection, "PRAGMA user_version",
        [](void* count, int, char**, char**) {
          ++*static_cast<int*>(count);
          return 0;
        },
        &rows, /*errmsg=*/nullptr);
    sqlite3_close(connection);
    return rows;
  }

  Directory directory_;  // of the campaign
  Directory outside_;
  Tree before_;  // of outside_
};

TEST_F(ResultsDatabaseTest, AJournalBesideItIsNotPlayedBack) {
  Build();
  MakeDatabaseWithSuperJournal(directory_.Path("made"),
                               outside_.Path("victim"));
  const std::string journal = directory_.Get("made-journal");
  for (const char* name : {"results.sqlite-journal", "results.sqlite-wal"}) {
    directory_.Put(name, journal);
  }
  Build();
  EXPECT_EQ(TreeOf(outside_.path()), before_);
  for (const char* name : {"results.sqlite-journal", "results.sqlite-wal"}) {
    EXPECT_EQ(directory_.Get(absl::StrCat(name, ".old")), journal);
  }
  EXPECT_EQ(ReadByWhoOpensItNext(), 1);
  EXPECT_EQ(TreeOf(outside_.path()), before_);
}

// The first column of each row.
std::vector<std::string> Column(const std::string& path, const char* sql) {
  std::vector<std::string> rows;
  sqlite3* connection = nullptr;
  sqlite3_open(path.c_str(), &connection);
  sqlite3_exec(
      connection, sql,
      [](void* all, int, char** values, char**) {
        static_cast<std::vector<std::string>*>(all)->emplace_back(values[0]);
        return 0;
      },
      &rows, /*errmsg=*/nullptr);
  sqlite3_close(connection);
  return rows;
}

TEST_F(ResultsDatabaseTest, AFindingHasAColumnForEachOfItsFields) {
  Finding finding;
  finding.key = {18'000'000'000'000'000'000U, 3};
  finding.state = FindingState::kExplained;
  finding.filed_under = "lost_commit";
  finding.verdicts = {{"held", 2}, {"violated(lost_commit)", 3}};
  finding.looks_like = {"wal-reset-race"};
  Tally tally;
  tally.Add(FindingRecord{finding});
  ASSERT_THAT(BuildResultsDatabase(directory_.path(), Identity(), tally),
              IsOk());
  const std::string path = directory_.Path("results.sqlite");
  std::vector<std::string> names;
  VisitFields(finding, [&](const char* name, const auto& /*field*/) {
    names.emplace_back(name);
  });
  EXPECT_EQ(Column(path, "SELECT name FROM pragma_table_info('findings')"),
            names);
  EXPECT_THAT(Column(path, "SELECT seed FROM findings"),
              ElementsAre("18000000000000000000"));
  EXPECT_THAT(Column(path, "SELECT state FROM findings WHERE \"index\" = 3"),
              ElementsAre("explained"));
  EXPECT_THAT(Column(path,
                     "SELECT key || ' ' || json_each.value "
                     "FROM findings, json_each(verdicts)"),
              ElementsAre("held 2", "violated(lost_commit) 3"));
  EXPECT_THAT(Column(path,
                     "SELECT json_each.value "
                     "FROM findings, json_each(looks_like)"),
              ElementsAre("wal-reset-race"));
}

// No content of a database is known that makes SQLite do it: what if there were
// one?
TEST_F(ResultsDatabaseTest, AConnectionThatIsToldToWriteElsewhereCannot) {
  Build();
  Elsewhere() = outside_.Path("made.db");
  const auto entry = reinterpret_cast<void (*)()>(WriteElsewhere);
  ASSERT_EQ(sqlite3_auto_extension(entry), SQLITE_OK);
  Build();
  sqlite3_cancel_auto_extension(entry);
  EXPECT_EQ(TreeOf(outside_.path()), before_);
}

// So that the one above is known to say something.
TEST_F(ResultsDatabaseTest, AConnectionThatIsNotConfinedWritesElsewhere) {
  Elsewhere() = outside_.Path("made.db");
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(directory_.Path("a.db").c_str(), &connection),
            SQLITE_OK);
  WriteElsewhere(connection, nullptr, nullptr);
  sqlite3_close(connection);
  EXPECT_THAT(outside_.Names(), Contains("made.db"));
}

}  // namespace
}  // namespace lastcommit
