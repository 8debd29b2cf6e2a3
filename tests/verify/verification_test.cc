#include "verify/verification.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "matchers.h"
#include "verify/databases.h"
#include "verify/verification_fixture.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using VerificationTest = VerificationFixture;

TEST_F(VerificationTest, ADatabaseOfOursIsOkAndItsVersionIsSaid) {
  MakeOurs();
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(found.summary, EndsWith("integrity and foreign keys hold"));
  EXPECT_THAT(Text(found),
              AllOf(HasSubstr("lastcommit's, version " +
                              std::to_string(saver::kSchemaVersion)),
                    HasSubstr("saver: opens it, 1 commit")));
}

TEST_F(VerificationTest, ADatabaseOfAnotherProgramIsCheckedAllTheSame) {
  Sql(directory_.Path("a.db"))
      .Run(std::string("PRAGMA application_id = 7; PRAGMA user_version = 3;") +
           kRows);
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found),
              HasSubstr("of another program (application_id 0x00000007, "
                        "user_version 3), 2 objects"));
}

TEST_F(VerificationTest, ANewerSchemaOfOursIsSaidAndChecked) {
  MakeOurs();
  Sql(directory_.Path("a.db")).Run("PRAGMA user_version = 77");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), HasSubstr("version 77; that of this program is "));
}

TEST_F(VerificationTest, ATableOfOursThatIsMissingIsDamage) {
  MakeOurs();
  Sql(directory_.Path("a.db")).Run("DROP TABLE blobs");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kDamaged));
  EXPECT_THAT(found.summary, AllOf(HasSubstr("there is no table blobs"),
                                   HasSubstr("no column digest of blobs")));
}

TEST_F(VerificationTest, ACheckpointThatIsNotThatOfItsDigestIsDamageAndNamed) {
  MakeOurs();
  Sql sql(directory_.Path("a.db"));
  sql.Run(
      "INSERT INTO threads VALUES ('th', 0, 2, 0);"
      "INSERT INTO checkpoints VALUES"
      " ('th', '', 'first', NULL, 'raw', x'00', '{}', 1, zeroblob(16)),"
      " ('th', 'n', 'second', 'first', 'raw', x'00', '{}', 2, zeroblob(16))");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kDamaged));
  EXPECT_THAT(found.summary,
              HasSubstr("2 of 2 checkpoints do not match the digest"));
  EXPECT_THAT(
      Text(found),
      AllOf(HasSubstr("checkpoint first of thread th: it is not that of its "
                      "digest"),
            HasSubstr("checkpoint second in n of thread th: it is not")));
}

TEST_F(VerificationTest, AByteOfACheckpointThatChangedIsDamage) {
  {
    const auto saver =
        saver::SqliteSaver::Open(directory_.Path("a.db"), saver::Options());
    ASSERT_THAT(saver, IsOk());
    ASSERT_THAT((*saver)->PutCheckpoint(
                    {{"th", "", "id"}, "parent", "raw", "the state", "{}"}),
                IsOk());
  }
  EXPECT_THAT(Text(Check()), HasSubstr("digests: those of 1 checkpoint match"));
  Sql(directory_.Path("a.db"))
      .Run("UPDATE checkpoints SET state = CAST('The state' AS BLOB)");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kDamaged));
  EXPECT_THAT(Text(found), HasSubstr("checkpoint id of thread th: it is not"));
}

TEST_F(VerificationTest, AMissingCommitCounterIsDamage) {
  MakeOurs();
  Sql(directory_.Path("a.db")).Run("DELETE FROM meta");
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, AnIndexThatDisagreesWithItsTableIsDamage) {
  Sql sql(directory_.Path("a.db"));
  sql.Run(kRows);
  sql.Run(
      "PRAGMA writable_schema = ON;"
      "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (b)' "
      "WHERE name = 'i'");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kDamaged));
  EXPECT_THAT(found.summary,
              HasSubstr("integrity_check reports 100 errors or more"));
}

TEST_F(VerificationTest, AMissingParentRowOfAnotherProgramIsANote) {
  Sql(directory_.Path("a.db"))
      .Run(
          "CREATE TABLE p (id INTEGER PRIMARY KEY);"
          "CREATE TABLE c (p REFERENCES p); INSERT INTO c VALUES (9)");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(found.summary, EndsWith("1 row with broken foreign keys (see the "
                                      "note)"));
  EXPECT_THAT(Text(found), HasSubstr("row 1 of c refers to a row of p that is "
                                     "not there"));
}

TEST_F(VerificationTest, AMissingParentRowOfOursIsDamage) {
  MakeOurs();
  Sql(directory_.Path("a.db")).Run("DELETE FROM blobs");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kDamaged));
  EXPECT_THAT(found.summary, HasSubstr("foreign_key_check reports 1 error"));
}

TEST_F(VerificationTest, AForeignKeyThatFitsToNoKeyIsANote) {
  Sql(directory_.Path("a.db"))
      .Run(
          "CREATE TABLE p (id INTEGER PRIMARY KEY, name);"
          "CREATE TABLE c (p REFERENCES p (name)); INSERT INTO c VALUES (9);"
          "CREATE TABLE d (p REFERENCES p); INSERT INTO d VALUES (7)");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), AllOf(HasSubstr("c: foreign key mismatch"),
                                 HasSubstr("row 1 of d refers to a row of p")));
}

TEST_F(VerificationTest, DamageInTheIndexOfAVirtualTableIsFound) {
  const struct {
    const char* module;
    const char* make;
    const char* damage;
  } cases[] = {
      {"rtree",
       "CREATE VIRTUAL TABLE v USING rtree(id, x, y);"
       "INSERT INTO v VALUES (1, 2, 3)",
       "UPDATE v_rowid SET nodeno = 7"},
      {"rtree",
       "CREATE VIRTUAL TABLE v USING rtree(id, x, y);"
       "INSERT INTO v VALUES (1, 2, 3)",
       "UPDATE v_node SET data = zeroblob(length(data) - 1)"},
      {"fts3",
       "CREATE VIRTUAL TABLE v USING fts3(a); INSERT INTO v VALUES ('a b')",
       "UPDATE v_content SET c0a = 'a c'"},
      {"fts4",
       "CREATE VIRTUAL TABLE v USING fts4(a); INSERT INTO v VALUES ('a b')",
       "UPDATE v_content SET c0a = 'a c'"},
      {"fts5",
       "CREATE VIRTUAL TABLE v USING fts5(a); INSERT INTO v VALUES ('a b')",
       "UPDATE v_content SET c0 = 'a c'"}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.damage);
    directory_.Put("a.db", "");
    Sql(directory_.Path("a.db")).Run(one.make);
    const Verification whole = Check();
    EXPECT_THAT(whole, Is(Soundness::kOk));
    EXPECT_THAT(Text(whole), HasSubstr(std::string("own checks: ") +
                                       one.module + " table v: ok"));
    Sql(directory_.Path("a.db")).Run(one.damage);
    const Verification damaged = Check();
    EXPECT_THAT(damaged, Is(Soundness::kDamaged));
    EXPECT_THAT(damaged.summary, HasSubstr(std::string(one.module) +
                                           " table v fails its own check: "));
  }
}

// https://sqlite.org/fts3.html#_external_content_fts4_tables_
TEST_F(VerificationTest, AnIndexOfATableThatDisagreesWithItIsANote) {
  Sql(directory_.Path("a.db"))
      .Run(
          "CREATE TABLE t (a); INSERT INTO t VALUES ('a b');"
          "CREATE VIRTUAL TABLE v USING fts4(content=\"t\", a)");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), HasSubstr("fts4 table v fails its own check"));
}

TEST_F(VerificationTest, AVirtualTableThatItsModuleRefusesCannotBeChecked) {
  Sql(directory_.Path("a.db"))
      .Run(
          "CREATE VIRTUAL TABLE v USING fts5(a); INSERT INTO v VALUES ('a');"
          "UPDATE v_config SET v = 0 WHERE k = 'version'");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kCannotCheck));
  EXPECT_THAT(found.summary, HasSubstr("fts5 table v cannot be checked by its "
                                       "module: invalid fts5 file format"));
}

TEST_F(VerificationTest, ATokenizerThatIsTheProgramsOwnIsANote) {
  Sql(directory_.Path("a.db"))
      .Run(
          "CREATE VIRTUAL TABLE v USING fts4(a); INSERT INTO v VALUES ('a');"
          "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
          "'CREATE VIRTUAL TABLE v USING fts4(a, tokenize=mine)' "
          "WHERE name = 'v'");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), HasSubstr("fts4 table v cannot be checked by its "
                                     "module: unknown tokenizer: mine"));
}

TEST_F(VerificationTest, ANewerWriterWhoseSchemaIsUnderstoodIsANote) {
  Sql(directory_.Path("a.db")).Run(kRows);
  Overwrite(directory_, "a.db", 96, std::string("\x00\x3d\x09\x00", 4));
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), HasSubstr("it was last written by SQLite 4.0.0, "
                                     "this is "));
}

// What cannot be parsed was written so by no SQLite that is older.
TEST_F(VerificationTest, ASchemaThatNoSqliteHasWrittenIsDamage) {
  Sql(directory_.Path("a.db"))
      .Run(std::string(kRows) +
           "; PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
           "'CREATE TABLE t (a, b' WHERE name = 't'");
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, APageOfGarbageIsDamage) {
  Sql(directory_.Path("a.db")).Run(kRows);
  Overwrite(directory_, "a.db", std::size_t{5} * 4096, std::string(300, 'x'));
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, ATruncatedDatabaseIsDamage) {
  Sql(directory_.Path("a.db")).Run(kRows);
  directory_.Put("a.db", directory_.Get("a.db").substr(0, 9000));
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, AHeaderOfGarbageBehindTheMagicIsDamage) {
  Sql(directory_.Path("a.db")).Run(kRows);
  Overwrite(directory_, "a.db", 16, std::string(40, '\xff'));
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, AHotJournalIsSaidAndRolledBackInTheCopy) {
  // Small enough a cache that the transaction writes before its COMMIT.
  MakeKilled(std::string(kRows) +
             "; PRAGMA cache_size = 2; BEGIN; UPDATE t SET b = zeroblob(99)");
  ASSERT_TRUE(directory_.Has("a.db-journal"));
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found), HasSubstr(" bytes, HOT: "));
}

// So that the check above is known to need the journal.
TEST_F(VerificationTest, WithoutItsHotJournalThatDatabaseIsDamaged) {
  MakeKilled(std::string(kRows) +
             "; PRAGMA cache_size = 2; BEGIN; DELETE FROM t WHERE a % 7");
  ASSERT_EQ(unlink(directory_.Path("a.db-journal").c_str()), 0);
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, TheWalIsDescribed) {
  MakeKilled(
      "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t "
      "VALUES (1)");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found),
              HasSubstr("wal: 3 frames, 3 valid, 3 committed in 2 "
                        "transactions; 0 of 2 pages stand in the database "
                        "already"));
}

TEST_F(VerificationTest, ACommitThatSqliteIgnoresIsWarnedOf) {
  MakeKilled(
      "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t "
      "VALUES (1); INSERT INTO t VALUES (2)");
  Overwrite(directory_, "a.db-wal", 32 + 2 * (24 + 4096) + 50, "x");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kWarning));
  EXPECT_THAT(found.summary,
              HasSubstr("SQLite ignores 2 commits in the WAL, since frame 3 "
                        "does not match its checksum"));
}

TEST_F(VerificationTest, AnEmptyFileWithCommitsInItsWalIsDamage) {
  MakeKilled("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  directory_.Put("a.db", "");
  EXPECT_THAT(Check(), Is(Soundness::kDamaged));
}

TEST_F(VerificationTest, AnEmptyFileWithPagesInItsJournalIsDamage) {
  MakeKilled(std::string(kRows) +
             "; PRAGMA cache_size = 2; BEGIN; UPDATE t SET b = zeroblob(99)");
  directory_.Put("a.db", "");
  const Verification found = Check();
  EXPECT_THAT(found, Is(Soundness::kDamaged));
  EXPECT_THAT(found.summary,
              HasSubstr("the file is empty, and its journal holds pages of the "
                        "database, which SQLite deletes when it is opened"));
}

TEST_F(VerificationTest, WhatIsNoDatabaseCannotBeChecked) {
  directory_.Put("a.db", std::string(5000, 'x'));
  EXPECT_THAT(Check(), Is(Soundness::kCannotCheck));
  directory_.Put("a.db", "");
  EXPECT_THAT(Check(), Is(Soundness::kCannotCheck));
  EXPECT_THAT(Check("none"), Is(Soundness::kCannotCheck));
  EXPECT_THAT(Check("."), Is(Soundness::kCannotCheck));
  ASSERT_EQ(mkfifo(directory_.Path("fifo").c_str(), 0600), 0);
  absl::StatusOr<Verification> fifo = Verify(directory_.Path("fifo"), options_);
  ASSERT_THAT(fifo, IsOk());
  EXPECT_THAT(*fifo, Is(Soundness::kCannotCheck));
}

TEST_F(VerificationTest, ALinkLeadsToTheDatabaseAndItsWal) {
  MakeKilled("PRAGMA journal_mode = WAL; CREATE TABLE t (a)");
  const Directory other;
  ASSERT_EQ(
      symlink(directory_.Path("a.db").c_str(), other.Path("link").c_str()), 0);
  const absl::StatusOr<Verification> found =
      Verify(other.Path("link"), options_);
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(found->soundness, Soundness::kOk);
  EXPECT_THAT(Text(*found), HasSubstr("2 frames, 2 valid"));
}

TEST_F(VerificationTest, ACopyThatIsOvertakenIsMadeAgain) {
  MakeOurs();
  int calls = 0;
  options_.keep_going = [&](const std::string& doing) {
    if (doing.starts_with("copying") && ++calls == 1) {
      std::ofstream(directory_.Path("a.db-journal")) << "";
    }
    return true;
  };
  const absl::StatusOr<Verification> found =
      Verify(directory_.Path("a.db"), options_);
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(*found, Is(Soundness::kOk));
  EXPECT_THAT(Text(*found), HasSubstr("journal: 0 bytes, not hot"));
}

TEST_F(VerificationTest, ADatabaseThatAlwaysChangesCannotBeChecked) {
  MakeOurs();
  options_.keep_going = [&](const std::string&) {
    std::ofstream(directory_.Path("a.db-journal"), std::ios::app) << "x";
    return true;
  };
  const absl::StatusOr<Verification> found =
      Verify(directory_.Path("a.db"), options_);
  ASSERT_THAT(found, IsOk());
  EXPECT_THAT(*found, Is(Soundness::kCannotCheck));
  EXPECT_THAT(found->summary, HasSubstr("changed during each of "));
  EXPECT_THAT(place_.Names(), IsEmpty());
}

// Locks of this process are not seen by itself, so another one has it open.
TEST_F(VerificationTest, WhoHasItOpenIsSaid) {
  MakeOurs();
  int to_child[2];
  int to_parent[2];
  ASSERT_EQ(pipe(to_child), 0);
  ASSERT_EQ(pipe(to_parent), 0);
  const pid_t child = fork();
  char byte = 0;
  if (child == 0) {
    close(to_child[1]);
    Sql sql(directory_.Path("a.db"));
    sql.Run("PRAGMA wal_autocheckpoint = 0; UPDATE meta SET value = 9");
    if (write(to_parent[1], "x", 1) == 1 && read(to_child[0], &byte, 1) >= 0) {
      _exit(0);
    }
    _exit(1);
  }
  ASSERT_EQ(read(to_parent[0], &byte, 1), 1);
  const Verification found = Check();
  for (const int end : {to_child[0], to_child[1], to_parent[0], to_parent[1]}) {
    close(end);
  }
  waitpid(child, nullptr, 0);
  EXPECT_THAT(found, Is(Soundness::kOk));
  EXPECT_THAT(Text(found),
              HasSubstr("process " + std::to_string(child) + " has it open"));
}

TEST_F(VerificationTest, CancelledItLeavesNothingBehind) {
  MakeOurs();
  for (const std::string stage : {"copying", "checking"}) {
    bool is_reached = false;
    options_.keep_going = [&](const std::string& doing) {
      is_reached = is_reached || doing.starts_with(stage);
      return !is_reached;
    };
    EXPECT_THAT(Verify(directory_.Path("a.db"), options_),
                StatusIs(absl::StatusCode::kCancelled));
    EXPECT_TRUE(is_reached) << stage;
    EXPECT_THAT(place_.Names(), IsEmpty());
  }
}

TEST_F(VerificationTest, ADirectoryThatIsMissingIsNotFound) {
  options_.directory = place_.Path("none");
  EXPECT_THAT(Verify(directory_.Path("a.db"), options_),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(VerificationTest, NoRoomForTheCopyIsAnErrorOfTheTester) {
  Sql(directory_.Path("a.db")).Run(kRows);
  const std::string reason = place_.MountTmpfs("size=64k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  EXPECT_THAT(Verify(directory_.Path("a.db"), options_),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(place_.Names(), IsEmpty());
}

TEST_F(VerificationTest, NoRoomForTheRecoveryIsAnErrorOfTheTester) {
  MakeKilled(std::string("PRAGMA journal_mode = WAL; ") + kRows);
  // A little more than the copy; the wal-index needs 32 KiB.
  const std::size_t kib =
      (directory_.Get("a.db").size() + directory_.Get("a.db-wal").size()) /
      1024;
  const std::string reason =
      place_.MountTmpfs("size=" + std::to_string(kib + 16) + "k");
  if (!reason.empty()) GTEST_SKIP() << reason;
  EXPECT_THAT(Verify(directory_.Path("a.db"), options_),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(place_.Names(), IsEmpty());
}

}  // namespace
}  // namespace lastcommit
