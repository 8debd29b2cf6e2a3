#include "sql/starter.h"

#include <sqlite3.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "sql/dialect.h"
#include "sql/script.h"

namespace lastcommit::sql {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class StarterTest : public testing::Test {
 protected:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };

  // Of a database that was made by these statements; "" if there is none.
  std::string ScriptOf(const std::string& sql) {
    sqlite3* raw = nullptr;
    EXPECT_EQ(sqlite3_open(":memory:", &raw), SQLITE_OK);
    const std::unique_ptr<sqlite3, Close> connection(raw);
    EXPECT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(raw);
    absl::StatusOr<std::string> script = StarterScript(raw, "app.db");
    if (!script.ok()) {
      error_ = std::string(script.status().message());
      return "";
    }
    EXPECT_EQ(CheckScriptText("made", *script).message(), "") << *script;
    return *script;
  }
  // Those of the script, as "insert_a delete_a".
  static std::string Names(const std::string& text) {
    const absl::StatusOr<Script> script = ParseScript("made", text);
    if (!script.ok()) return std::string(script.status().message());
    std::string names;
    for (const Transaction& transaction : script->transactions) {
      absl::StrAppend(&names, names.empty() ? "" : " ", transaction.name);
    }
    return names;
  }

  std::string error_;
};

TEST_F(StarterTest, ATableHasAnInsertAnUpdateAndADelete) {
  const std::string script = ScriptOf(
      "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL,"
      " size REAL, is_new BOOLEAN, raw BLOB);"
      "INSERT INTO note VALUES (1, 'secret', 2, 1, x'00');");
  EXPECT_EQ(Names(script), "insert_note update_note delete_note");
  EXPECT_THAT(script, AllOf(HasSubstr("\\set id random(1, 40) null 50\n"),
                            HasSubstr("\\set body text(0, 40)\n"),
                            HasSubstr("\\set size random(0, 100) null 10\n"),
                            HasSubstr("\\set is_new random(0, 1) null 10\n"),
                            HasSubstr("\\set raw blob(0, 200) null 10\n")));
  EXPECT_THAT(script, Not(HasSubstr("secret")));
}

TEST_F(StarterTest, AParentComesBeforeItsChildren) {
  const std::string script = ScriptOf(
      "CREATE TABLE book (author INTEGER NOT NULL REFERENCES author,"
      " title TEXT NOT NULL, PRIMARY KEY (author, title)) WITHOUT ROWID;"
      "CREATE TABLE author (id INTEGER PRIMARY KEY);");
  EXPECT_EQ(Names(script),
            "insert_author insert_book delete_author delete_book");
  EXPECT_THAT(script, HasSubstr("PRAGMA foreign_keys = on;\n"));
  EXPECT_THAT(script, HasSubstr("(SELECT \"id\" FROM \"author\""));
}

TEST_F(StarterTest, ForeignKeysMayHaveSeveralColumnsOrPointAround) {
  const std::string script = ScriptOf(
      "CREATE TABLE a (x, y, b REFERENCES b, PRIMARY KEY (x, y));"
      "CREATE TABLE b (id INTEGER PRIMARY KEY, x, y,"
      " FOREIGN KEY (x, y) REFERENCES a);"
      "CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree);"
      "CREATE TABLE lost (id INTEGER PRIMARY KEY, gone REFERENCES nowhere);");
  EXPECT_EQ(error_, "");
  EXPECT_THAT(Names(script), AllOf(HasSubstr("insert_a"), HasSubstr("insert_b"),
                                   HasSubstr("insert_tree")));
}

TEST_F(StarterTest, WhatSqliteRefusesIsLeftOutWithTheReason) {
  const std::string script = ScriptOf(
      "CREATE TABLE a (v TEXT CHECK (v = 'one and no other'));"
      "CREATE TABLE b (v);");
  EXPECT_EQ(Names(script), "insert_b update_a update_b delete_a delete_b");
  EXPECT_THAT(script, HasSubstr("-- Left out: insert_a: SQLite refused it 24"));
}

TEST_F(StarterTest, NamesAreThoseOfNobody) {
  const std::string script = ScriptOf(
      "CREATE TABLE \"a b\" (\"1st\" INTEGER, \"row\" TEXT, \"x\"\"y\");"
      "CREATE TABLE \"a-b\" (\"1st\" INTEGER, \"row\" TEXT);"
      "CREATE TABLE \"\u00e4\" (v);");
  EXPECT_THAT(Names(script), HasSubstr("insert_a_b insert_a_b_2"));
}

TEST_F(StarterTest, TheSchemaIsWhole) {
  const std::string script = ScriptOf(
      "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b,"
      " c AS (b + 1)); -- a comment\n"
      "CREATE INDEX t_b ON t (b);"
      "CREATE VIEW v AS SELECT a FROM t -- another\n;"
      "CREATE TRIGGER g AFTER INSERT ON t BEGIN"
      " UPDATE t SET b = 1 WHERE a = new.a; END;"
      "CREATE VIRTUAL TABLE f USING fts5(words);");
  EXPECT_THAT(script,
              AllOf(HasSubstr("CREATE INDEX t_b"), HasSubstr("CREATE VIEW v"),
                    HasSubstr("CREATE TRIGGER g"),
                    HasSubstr("CREATE VIRTUAL TABLE f")));
  EXPECT_THAT(script, Not(HasSubstr("f_data")));
  EXPECT_THAT(script, Not(HasSubstr("\\set c ")));
}

TEST_F(StarterTest, WideAndManyTablesAreCut) {
  std::string sql;
  for (int t = 0; t < 30; ++t) {
    absl::StrAppend(&sql, "CREATE TABLE t", t, " (a0");
    for (int c = 1; c < 25; ++c) absl::StrAppend(&sql, ", a", c, " NOT NULL");
    sql += ");";
  }
  const std::string script = ScriptOf(sql);
  EXPECT_THAT(script,
              HasSubstr("-- Of its 30 tables there are changes of 21."));
  EXPECT_THAT(Names(script), HasSubstr("delete_t20"));
}

TEST_F(StarterTest, NamesOfForeignKeysAreTheSameInCapitals) {
  const std::string script = ScriptOf(
      "CREATE TABLE child (p INTEGER NOT NULL REFERENCES PARENT,"
      " q INTEGER NOT NULL REFERENCES parent(ID));"
      "CREATE TABLE Parent (id INTEGER PRIMARY KEY);");
  EXPECT_EQ(Names(script), "insert_Parent insert_child delete_child");
}

TEST_F(StarterTest, AParentThatIsMissingLeavesForeignKeysOff) {
  const std::string script =
      ScriptOf("CREATE TABLE child (p INTEGER NOT NULL REFERENCES gone);");
  EXPECT_THAT(script, AllOf(HasSubstr("-- Without PRAGMA foreign_keys"),
                            Not(HasSubstr("PRAGMA foreign_keys = on"))));
  EXPECT_EQ(Names(script), "insert_child delete_child");
}

TEST_F(StarterTest, AnotherEncodingIsSaid) {
  const std::string script =
      ScriptOf("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (v TEXT);");
  EXPECT_THAT(script, HasSubstr("-- The database has the encoding UTF-16le"));
  EXPECT_EQ(Names(script), "insert_t update_t delete_t");
}

TEST_F(StarterTest, DifferentParametersAreBounded) {
  std::string sql;
  for (int t = 0; t < 20; ++t) {
    absl::StrAppend(&sql, "CREATE TABLE t", t, " (c", t, "_0");
    for (int c = 1; c < 16; ++c) absl::StrAppend(&sql, ", c", t, "_", c);
    sql += ");";
  }
  EXPECT_THAT(ScriptOf(sql), HasSubstr("a script has no more than 256"));
}

TEST_F(StarterTest, NoTableIsNoScript) {
  EXPECT_EQ(ScriptOf("CREATE VIEW v AS SELECT 1;"), "");
  EXPECT_EQ(error_, "app.db: there is no table");
}

TEST_F(StarterTest, ASchemaThatCannotBeMadeAnewIsSaidSo) {
  // A line of it looks like one of a script.
  EXPECT_EQ(ScriptOf("CREATE TABLE t (v DEFAULT '\n\\wrong\n');"), "");
  EXPECT_THAT(error_, HasSubstr("app.db: no script can be made of its schema"));
}

}  // namespace
}  // namespace lastcommit::sql
