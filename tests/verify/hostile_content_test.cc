// Databases whose schema makes SQLite work without end while it checks them.

#include <sqlite3.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "saver/sqlite_saver.h"
#include "verify/databases.h"
#include "verify/verification.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// SQL that makes a database, more hostile the higher `power` is (0 to 9).
struct Kind {
  const char* name;
  std::function<std::string(int power)> sql;
};

std::int64_t Ten(int power) {
  return static_cast<std::int64_t>(std::pow(10, power));
}

std::string Repeated(int count, const std::function<std::string(int)>& part,
                     const std::string& separator) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    absl::StrAppend(&text, i == 0 ? "" : separator, part(i));
  }
  return text;
}

// `rows` rows in t (a) that nothing looks at before the check does.
std::string TableWith(const std::string& column, int rows = 20) {
  return absl::StrCat(
      "PRAGMA ignore_check_constraints = ON; CREATE TABLE t (", column,
      "); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n "
      "LIMIT ",
      rows, ") INSERT INTO t (a) SELECT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' || x",
      " FROM n;");
}

// The schema says something else than what the table was made by.
std::string Rewritten(const std::string& name, const std::string& sql) {
  return absl::StrCat(
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = '", sql,
      "' WHERE name = '", name, "';");
}

std::vector<Kind> Kinds() {
  return {
      {"AHexOfManyZerosInACheck",
       [](int power) {
         return TableWith(
             absl::StrCat("a CHECK (length(hex(zeroblob(length(a) + ",
                          Ten(power), "))) > 0)"));
       }},
      {"AReplacementThatGrowsInACheck",
       [](int power) {
         return TableWith(absl::StrCat(
             "a CHECK (length(replace(hex(zeroblob(length(a) + ",
             Ten(power) / 2, ")), '0', 'aaaaaaaaaaaaaaaaaaaa')) > 0)"));
       }},
      {"APatternOfManyWildcardsInACheck",
       [](int power) {
         return TableWith(
             absl::StrCat("a CHECK (a NOT LIKE '",
                          Repeated(
                              3 * power, [](int) { return "%a"; }, ""),
                          "b')"));
       }},
      {"AGeneratedColumn",
       [](int power) {
         return TableWith("a, b") +
                Rewritten("t", absl::StrCat("CREATE TABLE t (a, b NOT NULL AS "
                                            "(hex(zeroblob(length(a) + ",
                                            Ten(power), "))))"));
       }},
      {"AnIndexOnAnExpression",
       [](int power) {
         return TableWith("a") + "CREATE INDEX i ON t (length(a));" +
                Rewritten("i", absl::StrCat("CREATE INDEX i ON t (length(hex("
                                            "zeroblob(length(a) + ",
                                            Ten(power), "))))"));
       }},
      {"AViewThatNeverEnds",
       [](int power) {
         return TableWith("a") +
                Repeated(
                    power + 1,
                    [](int i) {
                      return absl::StrCat(
                          "CREATE VIEW v", i,
                          " AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL "
                          "SELECT x + 1 FROM n) SELECT x FROM n");
                    },
                    ";") +
                ";";
       }},
      {"Triggers",
       [](int power) {
         return "PRAGMA recursive_triggers = ON;" + TableWith("a") +
                Repeated(
                    10 * power + 1,
                    [](int i) {
                      return absl::StrCat(
                          "CREATE TRIGGER r", i, " AFTER ",
                          i % 2 == 0 ? "INSERT" : "DELETE",
                          " ON t BEGIN INSERT INTO t SELECT "
                          "hex(zeroblob(length(a) + "
                          "100000000)) FROM t; DELETE FROM t; END");
                    },
                    ";") +
                ";";
       }},
      {"VirtualTables",
       [](int power) {
         return absl::StrCat(
             "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES "
             "('a b'); CREATE VIRTUAL TABLE r USING rtree(id, x, y);"
             "INSERT INTO r VALUES (1, 2, 3); UPDATE f_data SET block = "
             "randomblob(",
             10 * power + 1, "); UPDATE r_node SET data = zeroblob(",
             50 * power, ");", power % 2 == 0 ? "" : "DROP TABLE f_config;",
             Rewritten("r", power < 8
                                ? "CREATE VIRTUAL TABLE r USING rtree(id, "
                                  "x, y)"
                                : "CREATE VIRTUAL TABLE r USING none"));
       }},
      {"AHugeSchema",
       [](int power) {
         return "BEGIN;" +
                Repeated(
                    100 * power + 1,
                    [](int i) {
                      return absl::StrCat(
                          "CREATE TABLE t", i, " (",
                          Repeated(
                              100, [](int j) { return absl::StrCat("c", j); },
                              ", "),
                          ")");
                    },
                    ";") +
                "; COMMIT;";
       }},
      {"AnExpressionOfManyLevels",
       [](int power) {
         return TableWith(
             absl::StrCat("a CHECK (length(a)",
                          Repeated(
                              100 * power, [](int) { return " + 1"; }, ""),
                          " > 0)"));
       }},
  };
}

class HostileContentTest : public testing::Test {
 protected:
  Verification Check() {
    const std::string before = directory_.Get("a.db");
    const absl::StatusOr<Verification> result =
        Verify(directory_.Path("a.db"), options_);
    EXPECT_THAT(result, IsOk());
    EXPECT_EQ(directory_.Get("a.db"), before);
    EXPECT_THAT(directory_.Names(), testing::ElementsAre("a.db"));
    EXPECT_THAT(place_.Names(), IsEmpty());
    return result.ok() ? *result : Verification();
  }
  void Make(const std::string& sql) {
    directory_.Put("a.db", "");
    Sql(directory_.Path("a.db")).Run(sql);
  }

  Directory directory_;
  Directory place_;
  VerifyOptions options_ = {.directory = place_.path(),
                            .limits = {.seconds = 1, .memory_mib = 64}};
};

class HostileKindTest : public HostileContentTest,
                        public testing::WithParamInterface<Kind> {};

// Nothing hangs, nothing is an error of the tester: there is a verdict. As a
// database of another program, and as one that says it is of ours.
TEST_P(HostileKindTest, EndsWithAVerdictWithinTheLimits) {
  for (int power = 0; power < 10; ++power) {
    Make(absl::StrCat(GetParam().sql(power), "PRAGMA application_id = ",
                      power % 2 == 0 ? 0 : saver::kApplicationId,
                      "; PRAGMA user_version = ", saver::kSchemaVersion));
    Check();
  }
}

INSTANTIATE_TEST_SUITE_P(All, HostileKindTest, testing::ValuesIn(Kinds()),
                         [](const auto& kind) { return kind.param.name; });

TEST_F(HostileContentTest, ACheckThatNeedsTooLongCannotBeChecked) {
  Make(TableWith("a CHECK (length(hex(zeroblob(length(a) + 4000000))) > 0)",
                 100'000));
  const Verification found = Check();
  EXPECT_EQ(found.soundness, Soundness::kCannotCheck) << found.summary;
  EXPECT_THAT(found.summary, HasSubstr("more than 6 s are needed"));
}

// One instruction of SQLite's, in which it cannot be interrupted.
TEST_F(HostileContentTest, AnInstructionThatNeedsTooLongIsEnded) {
  Make(
      TableWith("a CHECK (instr(hex(zeroblob(length(a) + 4000000)), "
                "hex(zeroblob(2000000)) || a) = 0)"));
  const Verification found = Check();
  EXPECT_EQ(found.soundness, Soundness::kCannotCheck) << found.summary;
  EXPECT_THAT(found.summary, HasSubstr("more than 2 s are needed"));
}

TEST_F(HostileContentTest, ACheckThatNeedsTooMuchMemoryCannotBeChecked) {
  options_.limits.seconds = 60;
  Make(TableWith("a CHECK (length(hex(zeroblob(length(a) + 200000000))) > 0)"));
  const Verification found = Check();
  EXPECT_EQ(found.soundness, Soundness::kCannotCheck) << found.summary;
  EXPECT_THAT(found.summary,
              HasSubstr("more than 65 MiB of memory are needed"));
}

// A page far behind the end: the file would have as many bytes.
TEST_F(HostileContentTest, AFileThatWouldGrowTooMuchCannotBeChecked) {
  options_.limits.seconds = 60;
  Make("PRAGMA page_size = 65536; CREATE TABLE t (a)");
  // A rollback journal that says that the database had 64 GiB.
  const std::string big(4, '\x00');
  std::string journal("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
  journal += big + big + std::string("\x00\x10\x00\x00", 4) +
             std::string("\x00\x00\x02\x00", 4) +
             std::string("\x00\x01\x00\x00", 4);
  journal.resize(512, '\0');
  directory_.Put("a.db-journal", journal);
  const absl::StatusOr<Verification> found =
      Verify(directory_.Path("a.db"), options_);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->soundness, Soundness::kCannotCheck) << found->summary;
  EXPECT_THAT(found->summary, HasSubstr("MiB in one file are needed"));
}

// The same with nothing hostile in it: the limits are not what says so.
TEST_F(HostileContentTest, ThatACheckIsCheapIsNoObstacle) {
  options_.limits.seconds = 60;
  Make(TableWith("a CHECK (length(hex(zeroblob(length(a) + 10))) > 0)"));
  EXPECT_EQ(Check().soundness, Soundness::kOk);
}

}  // namespace
}  // namespace lastcommit
