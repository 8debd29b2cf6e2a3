// Which scripts are fit to be judged: what they do must follow from their
// parameters and the state.

#include <filesystem>
#include <string>

#include "directory.h"
#include "gmock/gmock.h"
#include "sql/dialect.h"

namespace lastcommit::sql {
namespace {

using ::testing::HasSubstr;

class FitnessTest : public testing::Test {
 protected:
  // "" if it is fit.
  std::string Check(const std::string& text) const {
    directory_.Put("a.sql", text);
    return std::string(CheckScript(directory_.Path("a.sql")).message());
  }
  // Of a transaction over two tables; its first statement is in line 5.
  std::string CheckTransaction(const std::string& statements) const {
    return Check(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER);\n"
        "INSERT INTO t VALUES (1, 10), (2, 10), (3, 20);\n"
        "\\transaction a\n"
        "\\set n random(1, 3)\n" +
        statements);
  }

  const Directory directory_;
};

TEST_F(FitnessTest, TheExamplesAre) {
  for (const auto& file : std::filesystem::directory_iterator(SCRIPTS)) {
    EXPECT_EQ(CheckScript(file.path().string()).message(), "") << file.path();
  }
}

TEST_F(FitnessTest, WhatFollowsFromTheStateIs) {
  EXPECT_EQ(CheckTransaction("UPDATE t SET v = v + :n WHERE id = :n;\n"), "");
  EXPECT_EQ(CheckTransaction("DELETE FROM t WHERE id IN"
                             " (SELECT id FROM t ORDER BY id LIMIT 1);\n"),
            "");
  EXPECT_EQ(CheckTransaction("INSERT INTO t VALUES (:n + 1, 0);\n"), "");
  EXPECT_EQ(CheckTransaction("BEGIN;\nDELETE FROM t;\nCOMMIT;\n"), "");
}

TEST_F(FitnessTest, ChanceIsNot) {
  EXPECT_THAT(CheckTransaction("UPDATE t SET v = random();\n"),
              HasSubstr("a.sql:5: a: "));
  EXPECT_THAT(CheckTransaction("UPDATE t SET v = random();\n"),
              HasSubstr("not authorized"));
}

TEST_F(FitnessTest, TheTimeOfDayIsNotEvenAsADefault) {
  EXPECT_THAT(CheckTransaction("UPDATE t SET v = unixepoch();\n"),
              HasSubstr("a: depends on the time of day"));
  EXPECT_THAT(Check("CREATE TABLE t (v, at DEFAULT CURRENT_TIMESTAMP);\n"
                    "\\transaction a\n"
                    "INSERT INTO t (v) VALUES (1);\n"),
              HasSubstr("a: depends on the time of day"));
  EXPECT_THAT(Check("CREATE TABLE t (v);\n"
                    "INSERT INTO t VALUES (datetime('now'));\n"
                    "\\transaction a\n"
                    "DELETE FROM t;\n"),
              HasSubstr("a.sql:2: the set-up depends on the time"));
}

TEST_F(FitnessTest, TheOrderOfAScanIsNot) {
  EXPECT_THAT(CheckTransaction("UPDATE t SET v = 0 WHERE id IN"
                               " (SELECT id FROM t LIMIT 1);\n"),
              HasSubstr("a: depends on the order"));
}

TEST_F(FitnessTest, TwoCommitsAreNotUnlessTheyAreToCountAsOne) {
  const std::string twice =
      "BEGIN;\nUPDATE t SET v = :n;\nCOMMIT;\n"
      "BEGIN;\nUPDATE t SET v = 2;\nCOMMIT;\n";
  EXPECT_THAT(CheckTransaction(twice), HasSubstr("a: commits 2 times"));
  EXPECT_EQ(CheckTransaction(twice + "\\atomic a\n"), "");
}

TEST_F(FitnessTest, SavepointsAreInsideATransaction) {
  const std::string part =
      "SAVEPOINT s;\nDELETE FROM t;\nROLLBACK TO s;\nRELEASE s;\n";
  EXPECT_EQ(CheckTransaction(part + "UPDATE t SET v = :n;\n"), "");
  EXPECT_THAT(CheckTransaction(part + "ROLLBACK TO s;\n"),
              HasSubstr("no such savepoint"));
  EXPECT_EQ(CheckTransaction("BEGIN;\nSAVEPOINT s;\nDELETE FROM t;\n"
                             "rollback transaction to savepoint s;\n"
                             "UPDATE t SET v = :n;\nCOMMIT;\n"),
            "");
  EXPECT_THAT(CheckTransaction("DELETE FROM t;\nROLLBACK;\n"),
              HasSubstr("a.sql:6: ROLLBACK has no place in a transaction"));
  EXPECT_THAT(CheckTransaction("BEGIN;\nDELETE FROM t;\nCOMMIT;\n"
                               "SAVEPOINT s;\nBEGIN;\nCOMMIT;\n"
                               "\\atomic a\n"),
              HasSubstr("a.sql:8: SAVEPOINT belongs between BEGIN and COMMIT"));
}

TEST_F(FitnessTest, WhatSqliteDoesNotUnderstandIsNot) {
  EXPECT_THAT(CheckTransaction("UPDATE nowhere SET v = 1;\n"),
              HasSubstr("no such table: nowhere"));
  EXPECT_THAT(CheckTransaction("UPDATE t SET v = :other;\n"),
              HasSubstr("a.sql:5: a: :other is not \\set in a"));
  EXPECT_THAT(Check("CREATE TABEL t (v);\n\\transaction a\nSELECT 1;\n"),
              HasSubstr("a.sql:1: "));
}

TEST_F(FitnessTest, ASchemaThatATransactionChangesIsNot) {
  EXPECT_THAT(CheckTransaction("CREATE TABLE u (v);\n"),
              HasSubstr("not authorized"));
  EXPECT_THAT(CheckTransaction("PRAGMA user_version = 7;\n"),
              HasSubstr("PRAGMA has no place in a transaction"));
  EXPECT_THAT(CheckTransaction("ATTACH ':memory:' AS o;\n"),
              HasSubstr("not authorized"));
}

// Whoever opens it sees by its tables that it has been made.
TEST_F(FitnessTest, ADatabaseOfSeveralWithoutATableIsNot) {
  const std::string attach = "ATTACH 'o' AS one;\nATTACH 'p' AS order;\n";
  const std::string main = "CREATE TABLE t (v);\n";
  const std::string one = "CREATE TABLE one.u (v);\n";
  const std::string order = "CREATE TABLE \"order\".w (v);\n";
  const std::string rest = "\\transaction a\n\\set n random(1, 9)\n";
  EXPECT_EQ(Check(attach + main + one + order + rest +
                  "INSERT INTO t VALUES (:n);\nDELETE FROM \"order\".w;\n"),
            "");
  EXPECT_THAT(Check(attach + one + order + rest + "DELETE FROM u;\n"),
              HasSubstr("a.sql:1: with databases attached each has a table, "
                        "and main has none"));
  EXPECT_THAT(Check(attach + main + one + rest + "DELETE FROM t;\n"),
              HasSubstr("a.sql:2: with databases attached each has a table, "
                        "and order has none"));
}

TEST_F(FitnessTest, ABeginHasACommit) {
  EXPECT_THAT(CheckTransaction("BEGIN;\nDELETE FROM t;\n"),
              HasSubstr("a has a BEGIN without a COMMIT"));
  EXPECT_THAT(CheckTransaction("BEGIN;\nDELETE FROM t;\nCOMMIT;\nSELECT 1;\n"),
              HasSubstr("a.sql:8: nothing may follow the last COMMIT"));
  for (const char* before : {"DELETE FROM t;\n", "SELECT v FROM t;\n"}) {
    EXPECT_THAT(CheckTransaction(std::string(before) +
                                 "BEGIN;\nDELETE FROM t;\nCOMMIT;\n"),
                HasSubstr("a.sql:5: what stands before BEGIN"));
  }
  EXPECT_THAT(CheckTransaction("DELETE FROM t;\nCOMMIT;\n"),
              HasSubstr("a has a BEGIN without a COMMIT"));
}

TEST_F(FitnessTest, TheSetUpIsWatchedToo) {
  const std::string rest = "\\transaction a\nDELETE FROM t;\n";
  for (const char* set_up :
       {"INSERT INTO t VALUES (random());\n", "ATTACH 'o' || 'o' AS o;\n",
        "CREATE TEMP TABLE u (v);\n", "CREATE TABLE temp.u (v);\n",
        "INSERT INTO t SELECT page_count FROM pragma_page_count;\n",
        "SELECT fts3_tokenizer('simple');\n", "DETACH main;\n"}) {
    EXPECT_THAT(Check("CREATE TABLE t (v);\n" + std::string(set_up) + rest),
                HasSubstr("a.sql:2: "))
        << set_up;
  }
  // One transaction, in which a child may come before its parent.
  EXPECT_EQ(Check("PRAGMA foreign_keys = ON;\n"
                  "CREATE TABLE p (id INTEGER PRIMARY KEY);\n"
                  "CREATE TABLE t (p REFERENCES p DEFERRABLE INITIALLY"
                  " DEFERRED);\n"
                  "INSERT INTO t VALUES (1);\nINSERT INTO p VALUES (1);\n" +
                  rest),
            "");
}

// SQLite looks into temp for a table that is renamed.
TEST_F(FitnessTest, TheSetUpMayChangeItsTables) {
  EXPECT_EQ(Check("CREATE TABLE t (v, w);\nALTER TABLE t RENAME TO u;\n"
                  "ALTER TABLE u DROP COLUMN w;\nINSERT INTO u VALUES (1);\n"
                  "\\transaction a\nDELETE FROM u;\n"),
            "");
}

TEST_F(FitnessTest, WhatBelongsToTheFileOrTheConnectionIsNot) {
  for (const char* statement :
       {"UPDATE t SET v = changes();\n",
        "UPDATE t SET v = (SELECT page_count FROM pragma_page_count);\n",
        "UPDATE t SET v = fts3_tokenizer('simple', zeroblob(8));\n",
        "CREATE TEMP TABLE u (v);\n"}) {
    EXPECT_THAT(CheckTransaction(statement), HasSubstr("a.sql:5: a: "))
        << statement;
  }
  EXPECT_THAT(Check("CREATE TABLE q (v);\nINSERT INTO q VALUES (1), (2);\n"
                    "\\transaction a\nDELETE FROM q WHERE rowid = 1;\n"),
              HasSubstr("a.sql:4: a: "));
  EXPECT_EQ(CheckTransaction("INSERT INTO t (v) VALUES (:n);\n"
                             "UPDATE t SET v = last_insert_rowid()"
                             " WHERE rowid = 1;\n"),
            "");
}

TEST_F(FitnessTest, WhatTakesForEverEnds) {
  EXPECT_THAT(CheckTransaction(
                  "INSERT INTO t (v) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL"
                  " SELECT x + 1 FROM c) SELECT count(*) FROM c;\n"),
              HasSubstr("since it takes too long"));
}

TEST_F(FitnessTest, ATransactionThatIsAlwaysRefusedIsNot) {
  EXPECT_THAT(CheckTransaction("INSERT INTO t VALUES (1, 1);\n"),
              HasSubstr("a: SQLite refused it 24 times of 24"));
}

TEST_F(FitnessTest, AQueryIsOneTransaction) {
  EXPECT_THAT(Check("CREATE TABLE t (v);\n"
                    "\\transaction a\nDELETE FROM t;\n"
                    "\\query q\nBEGIN;\nSELECT 1;\nCOMMIT;\n"),
              HasSubstr("a.sql:4: a \\query is one transaction"));
}

TEST_F(FitnessTest, TheOrderOfAnAnswerIsNot) {
  EXPECT_THAT(CheckTransaction("SELECT v FROM t LIMIT 1;\n"),
              HasSubstr("a: depends on the order"));
}

TEST_F(FitnessTest, AnInvariantIsAQueryThatFollowsFromTheState) {
  const std::string before =
      "CREATE TABLE t (v);\n\\transaction a\nINSERT INTO t VALUES (1);\n"
      "\\invariant i\n";
  EXPECT_THAT(Check(before + "DELETE FROM t;\n"),
              HasSubstr("a.sql:5: DELETE FROM t;: is no query"));
  EXPECT_THAT(Check(before + "SELECT v FROM t WHERE v < unixepoch();\n"),
              HasSubstr("a.sql:5: it depends on the time of day"));
}

TEST_F(FitnessTest, AQueryChangesNothing) {
  EXPECT_THAT(Check("CREATE TABLE t (v);\n"
                    "\\transaction a\nDELETE FROM t;\n"
                    "\\query q\nINSERT INTO t VALUES (1);\n"),
              HasSubstr("a.sql:4: q: changes something"));
}

TEST_F(FitnessTest, AnInvariantHoldsAtFirst) {
  EXPECT_THAT(Check("CREATE TABLE t (v);\n"
                    "INSERT INTO t VALUES (1);\n"
                    "\\transaction a\nDELETE FROM t;\n"
                    "\\invariant none\nSELECT v FROM t;\n"),
              HasSubstr("a.sql:6: the set-up breaks the invariant none"));
}

TEST_F(FitnessTest, AFileThatIsNotThereIsSaid) {
  EXPECT_THAT(std::string(CheckScript(directory_.Path("b.sql")).message()),
              HasSubstr("cannot read the script"));
  EXPECT_THAT(std::string(CheckScript(directory_.path()).message()),
              HasSubstr("cannot read the script"));
}

TEST_F(FitnessTest, ReadsBeforeBeginAre) {
  const std::string change =
      "BEGIN;\nUPDATE t SET v = :v + 1 WHERE id = :n;\nCOMMIT;\n";
  const std::string read = "SELECT v FROM t WHERE id = :n \\gset\n";
  EXPECT_EQ(CheckTransaction(read + change), "");
  EXPECT_EQ(CheckTransaction(read + read + read + read + change), "");
  EXPECT_THAT(CheckTransaction(read + read + read + read + read + change),
              HasSubstr("a.sql:3: at most 4 reads before BEGIN"));
  EXPECT_THAT(
      CheckTransaction("UPDATE t SET v = 1 RETURNING v \\gset\n" + change),
      HasSubstr("a.sql:5: a: before BEGIN there are only reads"));
  EXPECT_THAT(CheckTransaction("SELECT v FROM t;\n" + change),
              HasSubstr("a.sql:5: what stands before BEGIN"));
}

// Plans take names of 32 letters.
TEST_F(FitnessTest, LongNamesOfParametersAreToldApart) {
  std::string script = "CREATE TABLE t (v);\n";
  for (int i = 0; i < 60; ++i) {
    script += "\\transaction a" + std::to_string(i) +
              "\n\\set last_modification_timestamp random(1, " +
              std::to_string(i + 1) +
              ")\nINSERT INTO t VALUES (:last_modification_timestamp);\n";
  }
  directory_.Put("a.sql", script);
  EXPECT_EQ(CheckScript(directory_.Path("a.sql")).message(), "");
}

TEST_F(FitnessTest, AVariableIsNoParameter) {
  EXPECT_THAT(CheckTransaction("SELECT 1 AS n \\gset\n"),
              HasSubstr("a.sql:5: a: n is \\set already"));
}

TEST_F(FitnessTest, AReadThatNeverHasOneRowIsNot) {
  EXPECT_THAT(CheckTransaction("SELECT v FROM t \\gset\n"),
              HasSubstr("a: SQLite refused it 24 times of 24, the last time "
                        "with: there are several rows for \\gset"));
}

}  // namespace
}  // namespace lastcommit::sql
