#include <signal.h>
#include <sqlite3.h>

#include <string>

#include "e2e/plans.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class VerifyTest : public ProgramTest {
 protected:
  // A database of SqliteSaver as a SIGKILL left it.
  void MakeKilled() {
    directory_.Put("a.plan", PlanKilledInCommit(kHonest, "held"));
    ASSERT_EQ(Run({"replay", "a.plan", "--keep=kept"}).exit_code, 0);
  }
  void MakeRows(int count) {
    sqlite3* connection = nullptr;
    sqlite3_open(directory_.Path("a.db").c_str(), &connection);
    const std::string sql =
        "CREATE TABLE t (a); CREATE INDEX i ON t (a); WITH RECURSIVE n(x) AS "
        "(SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT " +
        std::to_string(count) + ") INSERT INTO t SELECT hex(x * x) FROM n";
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(connection);
  }
  Arguments Verify(const std::string& database) {
    return {"verify", database, "--dir=" + place_.path()};
  }

  const Directory place_;
};

TEST_F(VerifyTest, WhatAKillLeftIsIntactAndNotTouched) {
  MakeKilled();
  const std::string database = directory_.Get("kept/round-1/state.db");
  const std::string wal = directory_.Get("kept/round-1/state.db-wal");
  ASSERT_FALSE(wal.empty());
  const Outcome outcome = Run(Verify("kept/round-1/state.db"));
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(LastLine(outcome), StartsWith("OK: kept/round-1/state.db: "));
  EXPECT_EQ(directory_.Get("kept/round-1/state.db"), database);
  EXPECT_EQ(directory_.Get("kept/round-1/state.db-wal"), wal);
  EXPECT_FALSE(directory_.Has("kept/round-1/state.db-shm"));
}

TEST_F(VerifyTest, DamageExitsWithOne) {
  MakeRows(1000);
  std::string bytes = directory_.Get("a.db");
  directory_.Put("a.db", bytes.replace(5 * 4096 + 100, 50, 50, 'x'));
  const Outcome outcome = Run(Verify("a.db"));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(LastLine(outcome), StartsWith("DAMAGED: a.db: "));
}

TEST_F(VerifyTest, BadInputExitsWithTwo) {
  directory_.Put("text", "no database");
  directory_.Put("empty", "");
  for (const char* name : {"none", ".", "text", "empty", "none/a.db"}) {
    const Outcome outcome = Run(Verify(name));
    EXPECT_EQ(outcome.exit_code, 2) << name;
    EXPECT_THAT(LastLine(outcome), StartsWith("CANNOT CHECK: ")) << name;
  }
}

TEST_F(VerifyTest, ANameWithControlCharactersIsEscaped) {
  const Outcome outcome = Run(Verify("a\x1b[31m"));
  EXPECT_EQ(LastLine(outcome),
            "CANNOT CHECK: a\\x1b[31m: No such file or directory\n");
  EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
}

TEST_F(VerifyTest, ANameInUtf8IsShown) {
  EXPECT_EQ(LastLine(Run(Verify("größe"))),
            "CANNOT CHECK: größe: No such file or directory\n");
  EXPECT_THAT(LastLine(Run(Verify("a\u202eb"))), HasSubstr("a\\u{202e}b"));
}

TEST_F(VerifyTest, OfSeveralTheWorstIsTheVerdict) {
  MakeRows(1000);
  const std::string bytes = directory_.Get("a.db");
  directory_.Put("b.db",
                 std::string(bytes).replace(5 * 4096 + 100, 50, 50, 'x'));
  const Outcome outcome = Run({"verify", "a.db", "b.db", "none"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(LastLine(outcome),
            "DAMAGED: 3 databases: 1 OK, 1 DAMAGED, 1 CANNOT CHECK\n");
}

TEST_F(VerifyTest, JsonSaysTheSame) {
  MakeRows(10);
  const Outcome outcome = Run({"verify", "--json", "a.db", "none"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out, HasSubstr("\"schema\": 1"));
  EXPECT_THAT(outcome.out, HasSubstr("\"verdict\": \"CANNOT CHECK\""));
}

TEST_F(VerifyTest, NoDatabaseComesFromStandardInput) {
  EXPECT_EQ(Run({"verify", "-"}).exit_code, 2);
}

TEST_F(VerifyTest, APartOfADatabaseIsNone) {
  MakeRows(10);
  directory_.Put("a.db-wal", "");
  const Outcome outcome = Run(Verify("a.db-wal"));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(LastLine(outcome), HasSubstr("is the WAL of a.db, which is what "
                                           "to check"));
}

TEST_F(VerifyTest, AMissingDirectoryForTheCopyIsBadInput) {
  MakeRows(1);
  const Outcome outcome = Run({"verify", "a.db", "--dir=none"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(LastLine(outcome), EndsWith("none: No such file or directory\n"));
}

TEST_F(VerifyTest, NoRoomForTheCopyExitsWithThree) {
  MakeRows(10000);
  Directory small;
  const std::string reason = small.MountTmpfs("size=64k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  const Outcome outcome = Run({"verify", "a.db", "--dir=" + small.path()});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(LastLine(outcome), EndsWith("No space left on device\n"));
}

// Whenever the signal comes, and also when the check was faster.
TEST_F(VerifyTest, AnInterruptLeavesNothingBehind) {
  MakeRows(500'000);
  for (const int signal : {SIGINT, SIGTERM}) {
    Program program(directory_.path(), Verify("a.db"));
    program.ReadLine();
    kill(program.pid(), signal);
    const Outcome outcome = program.Wait();
    EXPECT_THAT(outcome.exit_code, AnyOf(0, 3));
    EXPECT_THAT(LastLine(outcome),
                AnyOf("CANNOT CHECK: interrupted\n", StartsWith("OK: ")));
    EXPECT_THAT(place_.Names(), IsEmpty());
  }
}

}  // namespace
}  // namespace lastcommit
