// The files that a round left, as the examination opens them: whatever stands
// in them, it touches nothing else.

#include <sqlite3.h>

#include <cstdio>
#include <string>

#include "absl/time/time.h"
#include "directory.h"
#include "disk/super_journal.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "tree.h"
#include "trial/child.h"
#include "trial/examine.h"
#include "trial/trial_files.h"

namespace lastcommit {
namespace {

// What t holds, or SQLite's error.
std::string ValueIn(sqlite3* connection) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(connection, "SELECT a FROM t", -1, &statement, nullptr);
  std::string value = sqlite3_errmsg(connection);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  return value;
}

absl::StatusOr<State> PrintValue(sqlite3* connection,
                                 const std::string& /*path*/) {
  std::printf("copy: %s\n", ValueIn(connection).c_str());
  return State();
}

class RealRemainsTest : public testing::Test {
 protected:
  RealRemainsTest() {
    entry_.read = PrintValue;
    outside_.Put("victim", "a file of the reader's");
  }
  // What is read in the copy, and then by who opens the database itself.
  std::string Examine() {
    absl::StatusOr<ChildRunner> runner = ChildRunner::Create();
    EXPECT_THAT(runner, IsOk());
    std::fflush(stdout);  // not once more by the child
    const absl::StatusOr<ChildReport> report = runner->Run(
        [&] {
          RealRemains remains(directory_.path(), place_.Path("copy"));
          const auto read = remains.ReadCopy(entry_, CopyWhat::kAll);
          if (!read.ok()) std::printf("%s\n", read.status().ToString().c_str());
          if (opens_database_) OpenDatabase(remains.database());
          std::fflush(stdout);
        },
        absl::Minutes(1));
    EXPECT_THAT(report, IsOk());
    EXPECT_EQ(report->end, ChildEnd::kReturned) << report->how;
    return report->output;
  }

  Directory directory_;  // of the trial
  Directory place_;
  Directory outside_;
  bool opens_database_ = false;

 private:
  static void OpenDatabase(const std::string& path) {
    sqlite3* connection = nullptr;
    const int result = sqlite3_open(path.c_str(), &connection);
    std::printf("saver: %s\n", result == SQLITE_OK
                                   ? ValueIn(connection).c_str()
                                   : sqlite3_errmsg(connection));
    sqlite3_close(connection);
  }

  SaverEntry entry_ = {};
};

TEST_F(RealRemainsTest, ReadingTheCopyLeavesTheSuperJournalAndTheDatabase) {
  for (const std::string& name :
       {directory_.Path("state.db-mj012345"), outside_.Path("victim")}) {
    SCOPED_TRACE(name);
    directory_.Put("state.db-mj012345", "the journals of two");
    MakeDatabaseWithSuperJournal(directory_.Path(kDatabaseName), name);
    const Tree trial = TreeOf(directory_.path());
    const Tree outside = TreeOf(outside_.path());
    EXPECT_EQ(Examine(), "copy: old\n");
    EXPECT_EQ(TreeOf(directory_.path()), trial);
    EXPECT_EQ(TreeOf(outside_.path()), outside);
  }
}

TEST_F(RealRemainsTest, TheSaverRollsBackAndLeavesTheSuperJournalOutside) {
  opens_database_ = true;
  MakeDatabaseWithSuperJournal(directory_.Path(kDatabaseName),
                               outside_.Path("victim"));
  const Tree outside = TreeOf(outside_.path());
  EXPECT_EQ(Examine(), "copy: old\nsaver: old\n");
  EXPECT_EQ(TreeOf(outside_.path()), outside);
  EXPECT_FALSE(directory_.Has("state.db-journal"));
}

}  // namespace
}  // namespace lastcommit
