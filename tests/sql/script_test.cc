#include "sql/script.h"

#include <string>

#include "gmock/gmock.h"

namespace lastcommit::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTable[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, v);\n";

Script Parsed(const std::string& text) {
  absl::StatusOr<Script> script = ParseScript("a.sql", text);
  EXPECT_TRUE(script.ok()) << script.status();
  return script.ok() ? *std::move(script) : Script();
}

std::string ErrorOf(const std::string& text) {
  return std::string(ParseScript("a.sql", text).status().message());
}

std::vector<std::string> TextsOf(const std::vector<SqlStatement>& statements) {
  std::vector<std::string> texts;
  for (const SqlStatement& statement : statements) {
    texts.push_back(statement.text);
  }
  return texts;
}

TEST(ScriptTest, StatementsEndWhereSqliteSaysSo) {
  const Script script = Parsed(
      "CREATE TABLE t (v);  -- one; two\n"
      "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
      "  DELETE FROM t WHERE v = ';';\n"
      "END;\n"
      "\\transaction a\n"
      "INSERT INTO t VALUES (1); INSERT INTO t\n"
      "  VALUES (2);\n");
  ASSERT_EQ(script.setup.size(), 2);
  EXPECT_EQ(script.setup[1].line, 2);
  EXPECT_EQ(script.setup[1].verb, "CREATE");
  EXPECT_THAT(
      TextsOf(script.transactions[0].statements),
      ElementsAre("INSERT INTO t VALUES (1);", "INSERT INTO t\n  VALUES (2);"));
  EXPECT_EQ(script.transactions[0].statements[1].line, 6);
}

TEST(ScriptTest, ParametersHaveRanges) {
  const Script script = Parsed(std::string(kTable) +
                               "\\transaction a 7\n"
                               "\\set n random(-3, 9)\n"
                               "\\set t text(10, 20) null 25  -- a comment\n"
                               "INSERT INTO t VALUES (:n, :t);\n"
                               "\\query q\n"
                               "SELECT 1;\n");
  const Transaction& a = script.transactions[0];
  EXPECT_EQ(a.weight, 7);
  EXPECT_FALSE(a.is_query);
  ASSERT_EQ(a.parameters.size(), 2);
  EXPECT_EQ(a.parameters[0].min(), -3);
  EXPECT_EQ(a.parameters[0].max(), 9);
  EXPECT_EQ(a.parameters[0].simplest(), -3);
  EXPECT_EQ(a.parameters[1].type, Parameter::Type::kText);
  EXPECT_EQ(a.parameters[1].min(), -1);
  EXPECT_EQ(a.parameters[1].null(), -1);
  EXPECT_EQ(a.parameters[1].simplest(), 0);
  EXPECT_TRUE(script.transactions[1].is_query);
}

TEST(ScriptTest, GsetEndsAStatement) {
  const absl::StatusOr<Script> script =
      ParseScript("a.sql",
                  "\\transaction a\n"
                  "SELECT 1 AS v \\gset\n"
                  "SELECT 2 AS w,\n  3 AS x\n\\gset old_ -- a comment\n"
                  "SELECT ' \\gset ';\n");
  ASSERT_TRUE(script.ok()) << script.status();
  const std::vector<SqlStatement>& statements =
      script->transactions[0].statements;
  ASSERT_EQ(statements.size(), 3);
  EXPECT_EQ(statements[0].text, "SELECT 1 AS v\n;");
  EXPECT_TRUE(statements[0].is_gset);
  EXPECT_EQ(statements[0].prefix, "");
  EXPECT_TRUE(statements[1].is_gset);
  EXPECT_EQ(statements[1].prefix, "old_");
  EXPECT_EQ(statements[1].line, 3);
  EXPECT_FALSE(statements[2].is_gset);
  EXPECT_EQ(script->transactions[0].ReadsBefore(), 0);
}

TEST(ScriptTest, ReadsBeforeBeginAreCounted) {
  const absl::StatusOr<Script> script = ParseScript(
      "a.sql",
      "\\transaction a\nSELECT 1 AS v \\gset\nSELECT 2 AS v \\gset\n"
      "BEGIN;\nSELECT 3 AS v \\gset\nCOMMIT;\n");
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_EQ(script->transactions[0].ReadsBefore(), 2);
}

TEST(ScriptTest, PragmasOfTheProfileAreFixedAndOthersRunOnEachConnection) {
  const Script script = Parsed(
      "PRAGMA journal_mode = WAL;\n"
      "pragma synchronous=Normal;\n"
      "PRAGMA foreign_keys = ON;\n" +
      std::string(kTable) +
      "\\promise power\n"
      "\\transaction a\n"
      "DELETE FROM t;\n");
  EXPECT_EQ(script.journal_mode, saver::JournalMode::kWal);
  EXPECT_EQ(script.synchronous, saver::Synchronous::kNormal);
  EXPECT_TRUE(script.promises_power);
  EXPECT_THAT(TextsOf(script.pragmas),
              ElementsAre("PRAGMA foreign_keys = ON;"));
}

TEST(ScriptTest, DatabasesAreAttachedAndMayHaveALevelOfTheirOwn) {
  const Script script = Parsed(
      "ATTACH 'one.db' AS one;\nattach database 'two.db' as Two;\n"
      "PRAGMA two.synchronous = off;\n" +
      std::string(kTable) +
      "\\promise power\n\\transaction a\nDELETE FROM t;\n");
  ASSERT_EQ(script.attached.size(), 2);
  EXPECT_EQ(script.attached[0].name, "one");
  EXPECT_EQ(script.attached[0].synchronous, std::nullopt);
  EXPECT_EQ(script.attached[1].name, "two");
  EXPECT_EQ(script.attached[1].synchronous, saver::Synchronous::kOff);
  EXPECT_EQ(script.synchronous, std::nullopt);
  EXPECT_THAT(TextsOf(script.setup), ElementsAre(HasSubstr("CREATE TABLE")));
}

// Not what makes it one transaction, and not what gives others a variable.
TEST(ScriptTest, StatementsAreLeftOutByTheirBits) {
  Transaction transaction =
      Parsed(std::string(kTable) +
             "\\transaction a\nBEGIN;\nDELETE FROM t;\n"
             "SELECT 1 AS one \\gset\nSAVEPOINT s;\nDELETE FROM t;\n"
             "ROLLBACK TO s;\nDELETE FROM t WHERE 1;\nCOMMIT;\n")
          .transactions[0];
  const std::vector<std::int64_t> values = {7, 5};
  EXPECT_THAT(transaction.LeftOut(values), testing::IsEmpty());
  transaction.left_out = 1;
  EXPECT_THAT(transaction.LeftOut(values), ElementsAre(1, 6));
  transaction.left_out = 0;
  EXPECT_THAT(transaction.LeftOut(values), ElementsAre(1, 4, 6));
  transaction.left_out = 2;
  EXPECT_THAT(transaction.LeftOut(values), testing::IsEmpty());
}

TEST(ScriptTest, ATransactionMayBeAtomicOrGoOnAfterErrors) {
  const Script script = Parsed(std::string(kTable) +
                               "\\atomic a\n"
                               "\\transaction a\n"
                               "BEGIN;\nDELETE FROM t;\nCOMMIT;\n"
                               "\\transaction b\n"
                               "\\on_error continue\n"
                               "DELETE FROM t;\n");
  EXPECT_TRUE(script.transactions[0].is_atomic);
  EXPECT_TRUE(script.transactions[0].HasItsOwnBegin());
  EXPECT_FALSE(script.transactions[0].goes_on);
  EXPECT_TRUE(script.transactions[1].goes_on);
  EXPECT_FALSE(script.transactions[1].is_atomic);
}

struct Bad {
  const char* text;
  const char* message;  // behind the file
};

class BadScriptTest : public testing::TestWithParam<Bad> {};

TEST_P(BadScriptTest, IsRefusedWithItsLine) {
  EXPECT_THAT(ErrorOf(GetParam().text),
              HasSubstr(std::string("a.sql:") + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadScriptTest,
    testing::Values(
        Bad{"SELECT 1;\n", "2: the script has no \\transaction"},
        Bad{"\\transaction a\n", "1: a has no statement"},
        Bad{"\\transaction a\nDELETE FROM t\n",
            "2: this statement does not end"},
        Bad{"\\transaction a\nDELETE FROM t\n\\query b\n",
            "2: this statement does not end"},
        Bad{"\\transaction a b c\n", "1: \\transaction NAME [WEIGHT]"},
        Bad{"\\transaction a 0\n", "1: a weight is"},
        Bad{"\\transaction 1a\n", "1: \\transaction NAME"},
        Bad{"\\transaction a\nSELECT 1;\n\\transaction a\n",
            "3: there is a a already, in line 1"},
        Bad{"\\set n random(1, 2)\n", "1: \\set belongs to"},
        Bad{"\\transaction a\n\\set n random(2, 1)\n", "2: \\set NAME random"},
        Bad{"\\transaction a\n\\set n uniform(1, 2)\n", "2: \\set NAME random"},
        Bad{"\\transaction a\n\\set n random(1, 2) null 101\n",
            "2: \\set NAME random"},
        Bad{"\\transaction a\n\\set n text(0, 9999999)\n",
            "2: a size is from 0"},
        Bad{"\\transaction a\n\\set n random(1, 2)\n\\set n random(1, 2)\n",
            "3: n is set twice"},
        Bad{"\\transaction a\nSELECT 1;\n\\set n random(1, 2)\n",
            "3: \\set stands before the statements"},
        Bad{"\\atomic a\n\\transaction b\nSELECT 1;\n",
            "1: there is no transaction \"a\""},
        Bad{"\\promise much\n", "1: \\promise process, or"},
        Bad{"\\invariant i\n\\transaction a\n", "2: the invariant i has no"},
        Bad{"\\invariant i\nSELECT 1;\nSELECT 2;\n", "3: an invariant is one"},
        Bad{"SELECT 1 AS v \\gset\n\\transaction a\n", "1: \\gset belongs to"},
        Bad{"\\transaction a\n\\gset\n", "2: \\gset stands behind"},
        Bad{"\\transaction a\n/* a */ \\gset\n", "2: \\gset stands behind"},
        Bad{"\\transaction a\nSELECT 1 AS v;\n\\gset\n",
            "3: \\gset stands behind"},
        Bad{"\\transaction a\nSELECT 1 AS v \\gset a b\n",
            "2: \\gset [PREFIX]"},
        Bad{"\\transaction a\nSELECT ' \\gset\n",
            "2: this statement does not end"},
        Bad{"\\wrong\n", "1: \"\\\\wrong\" is none of"},
        Bad{"BEGIN;\n", "1: the set-up is one transaction"},
        Bad{"PRAGMA user_version = 3;\n", "1: user_version is none of"},
        Bad{"PRAGMA locking_mode = exclusive;\n", "1: locking_mode is none of"},
        Bad{"PRAGMA synchronous(off);\n", "1: write it as PRAGMA name = value"},
        Bad{"PRAGMA main.user_version = 7;\n", "1: a PRAGMA for one database"},
        Bad{"PRAGMA o.synchronous = off;\nATTACH 'o' AS o;\n",
            "1: a PRAGMA for one database"},
        Bad{"ATTACH 'o' AS o;\nPRAGMA o.journal_mode = off;\n",
            "2: a PRAGMA for one database"},
        Bad{"ATTACH 'o' AS o;\nPRAGMA o.synchronous = 2;\n",
            "2: synchronous is"},
        Bad{"ATTACH 'o' AS o;\nPRAGMA o.synchronous = off;\n"
            "\\transaction a\nSELECT 1;\n",
            "2: a level for one database wants \\promise power"},
        Bad{"ATTACH o AS o;\n", "1: write it as ATTACH"},
        Bad{"ATTACH 'o' o;\n", "1: write it as ATTACH"},
        Bad{"ATTACH 'o' AS 'o';\n", "1: write it as ATTACH"},
        Bad{"ATTACH 'o' AS Main;\n", "1: there is a database main"},
        Bad{"ATTACH 'o' AS o;\nATTACH 'p' AS O;\n", "2: there is a database o"},
        Bad{"ATTACH 'a' AS a;\nATTACH 'b' AS b;\nATTACH 'c' AS c;\n"
            "ATTACH 'd' AS d;\n",
            "4: at most 3 databases are attached"},
        Bad{"/* a */ PRAGMA foreign_keys = on;\n", "1: write it as PRAGMA"},
        Bad{"VACUUM;\n", "1: VACUUM has no place in the set-up"},
        Bad{"PRAGMA journal_mode = off;\n", "1: journal_mode is"},
        Bad{"PRAGMA encoding = 'UTF-16le';\n", "1: the encoding is UTF-8"},
        Bad{"PRAGMA synchronous = 2;\n", "1: synchronous is"}));

TEST(ScriptTest, StatementsThatAreNoneAreLeftOut) {
  const Script script = Parsed(
      std::string(kTable) + ";\n\\transaction a\nDELETE FROM t;; /* b */;\n");
  EXPECT_EQ(script.setup.size(), 1);
  EXPECT_EQ(script.transactions[0].statements.size(), 1);
}

TEST(ScriptTest, LongAndBinaryFilesAreRefused) {
  EXPECT_THAT(ErrorOf("SELECT '" + std::string(100'000, ';')),
              HasSubstr("a.sql:1: this statement is too long"));
  EXPECT_THAT(ErrorOf(std::string(ScriptLimits::kMaxBytes + 1, ' ')),
              HasSubstr("more than 1 MiB"));
  EXPECT_THAT(ErrorOf(std::string("a\0b", 3)), HasSubstr("NUL"));
}

}  // namespace
}  // namespace lastcommit::sql
