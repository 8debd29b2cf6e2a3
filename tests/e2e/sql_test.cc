// A store that is a script of SQL.

#include <sqlite3.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "e2e/program.h"
#include "gmock/gmock.h"

namespace lastcommit {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SqlTest : public ProgramTest {
 protected:
  // Copies the script into the directory of the program.
  void Bring(const std::string& script) {
    std::filesystem::copy_file(
        std::string(REPOSITORY) + "/tests/programs/sql/" + script,
        directory_.Path("a.sql"));
  }
  Outcome Fuzz(const Arguments& more) {
    Arguments arguments = {"fuzz", "--sql=a.sql"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }
};

struct Planted {
  const char* script;
  const char* clients;
  const char* words;  // of its story
};

class PlantedScriptTest : public SqlTest,
                          public testing::WithParamInterface<Planted> {};

TEST_P(PlantedScriptTest, IsFoundShrunkAndSaysWhatIsBroken) {
  Bring(GetParam().script);
  for (const char* engine : {"sim", "fork"}) {
    const std::string findings = absl::StrCat("findings-", engine);
    const Outcome outcome =
        Fuzz({"--trials=500", "--stop-after=1", "--jobs=1",
              absl::StrCat("--engine=", engine),
              absl::StrCat("--clients=", GetParam().clients),
              absl::StrCat("--findings=", findings)});
    EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
    EXPECT_THAT(outcome.out, HasSubstr(GetParam().words)) << engine;
    const std::size_t lines = outcome.out.find(" lines after the header");
    ASSERT_NE(lines, std::string::npos) << outcome.out;
    const std::size_t from = outcome.out.rfind('\n', lines) + 1;
    int count = 0;
    ASSERT_TRUE(
        absl::SimpleAtoi(outcome.out.substr(from, lines - from), &count));
    EXPECT_LE(count, 6) << outcome.out;
    int plans = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(
             directory_.Path(findings))) {
      if (file.path().filename() != "shrunk.plan") continue;
      ++plans;
      EXPECT_EQ(Run({"replay", "--sql=a.sql", file.path().string()}).exit_code,
                1);
    }
    EXPECT_GT(plans, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, PlantedScriptTest,
    testing::Values(
        Planted{"planted-two-transactions.sql", "1", "violated(not_a_cut)"},
        Planted{"planted-normal-only.sql", "1",
                "must be there, and after recovery it is not"},
        Planted{"planted-normal-many.sql", "1",
                "must be there, and after recovery it is not"},
        Planted{"planted-orphans.sql", "1", "broken invariant orphans: ("},
        Planted{"planted-rollback-forgotten.sql", "1",
                "broken invariant money: ("},
        Planted{"planted-attached-wal.sql", "1", "broken invariant money: ("},
        Planted{"planted-attached-normal.sql", "1",
                "the attached database 1 holds what it held after"},
        Planted{"planted-read-before-begin.sql", "2",
                "broken invariant paid: ("}));

class SoundScriptTest : public SqlTest,
                        public testing::WithParamInterface<const char*> {};

TEST_P(SoundScriptTest, Holds) {
  Bring(GetParam());
  const Outcome outcome = Fuzz({"--trials=700", "--clients=1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 700 trials"));
}

INSTANTIATE_TEST_SUITE_P(Each, SoundScriptTest,
                         testing::Values("bank.sql", "queue.sql",
                                         "read-inside.sql"));

// Values that are old by the time that they are written are no violation of
// themselves. Not in WAL, where SQLite before 3.51.3 loses commits of its own.
TEST_F(SqlTest, WhatWasReadBeforeBeginIsJudgedWhereItWasRead) {
  Bring("planted-read-before-begin.sql");
  const std::string script = directory_.Get("a.sql");
  directory_.Put("a.sql", "PRAGMA journal_mode = delete;\n" +
                              script.substr(0, script.find("\\invariant")));
  const Outcome outcome =
      Fuzz({"--trials=300", "--clients=2-3", "--engine=sim"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 300 trials"));
}

// In WAL mode each database may be at a cut of its own; with a super-journal
// all are at one, whatever fails and however many clients there are. Not in
// TRUNCATE and PERSIST, where SQLite itself forgets to undo (docs/findings.md).
TEST_F(SqlTest, AttachedDatabasesHold) {
  Bring("savings.sql");
  const std::string script = directory_.Get("a.sql");
  directory_.Put("a.sql", "PRAGMA journal_mode = wal;\n" + script);
  Outcome outcome = Fuzz({"--trials=700", "--ledger"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("databases_at_different_cuts"));
  directory_.Put("a.sql", "PRAGMA journal_mode = delete;\n" + script);
  outcome = Fuzz({"--trials=700", "--engine=sim", "--fault=io-error"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  outcome = Fuzz({"--trials=300", "--engine=fork", "--clients=1-3"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
}

// What is undone to a savepoint has been written where the cache is small. In
// WAL mode that is SQLite's bug (docs/findings.md), and has its name.
TEST_F(SqlTest, SavepointsHoldOrHaveTheNameOfSqlitesBug) {
  Bring("savepoint.sql");
  const std::string script = directory_.Get("a.sql");
  directory_.Put("a.sql", "PRAGMA journal_mode = delete;\n" + script);
  Outcome outcome = Fuzz({"--trials=1000", "--ledger"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("savepoint_rolled_back_after_spill"));
  if (sqlite3_libversion_number() >= 3'050'002) return;
  directory_.Put("a.sql", "PRAGMA journal_mode = wal;\n" + script);
  outcome = Fuzz({"--trials=700", "--engine=sim", "--clients=1",
                  "--fault=power-loss", "--stop-after=1", "--jobs=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("looks like: partial-rollback"));
}

// Where the script has no invariant, which might need them.
TEST_F(SqlTest, StatementsThatAreNotNeededAreLeftOut) {
  Bring("planted-normal-many.sql");
  const Arguments fuzz = {"--trials=100", "--stop-after=1", "--jobs=1",
                          "--engine=sim", "--clients=1"};
  const Outcome outcome = Fuzz(fuzz);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  const std::size_t program = outcome.out.find("\nround 1\n");
  ASSERT_NE(program, std::string::npos) << outcome.out;
  const std::string story = outcome.out.substr(program);
  int left_out = 0;
  for (const char* line : {"line 15", "line 16", "line 17", "line 18"}) {
    left_out += story.find(absl::StrCat("without ", line)) != std::string::npos;
  }
  EXPECT_EQ(left_out, 3) << story;
  EXPECT_THAT(story, Not(HasSubstr("without line 14")));
  const std::string script = directory_.Get("a.sql");
  directory_.Put("a.sql", script + "\\invariant counted\nSELECT 1 WHERE 0;\n");
  EXPECT_THAT(Fuzz(fuzz).out, AllOf(HasSubstr("lines after the header"),
                                    Not(HasSubstr("without line"))));
}

TEST_F(SqlTest, AttachedDatabasesInWalModeHaveOneClient) {
  Bring("planted-attached-wal.sql");
  const Outcome outcome = Fuzz({"--clients=2"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("has one client and no errors"));
}

// Plans of savings.sql.
class SavingsTest : public SqlTest {
 protected:
  SavingsTest() { Bring("savings.sql"); }
  // What a replay says of a plan with these settings and steps between `open`
  // and `close`.
  Outcome Replay(const std::string& settings, const std::string& steps) {
    const Outcome fuzz = Fuzz({"--trials=1", "--engine=sim"});
    const std::size_t at = fuzz.out.find("saver=sql-");
    EXPECT_NE(at, std::string::npos) << fuzz.out;
    const std::string saver = fuzz.out.substr(at + 6, 12);
    directory_.Put(
        "a.plan",
        absl::StrCat(
            R"({"lastcommit":2,"saver":")", saver, R"(","dialect":")", saver,
            R"(","engine":"sim","profile":{)", settings,
            R"(,"page_size":4096,"cache_size":0,"wal_autocheckpoint":1000},)",
            R"("expect":"held","sqlite":{"from":"3.40.1"}})",
            "\n{\"step\":\"open\"}\n", steps, "{\"step\":\"close\"}\n"));
    return Run({"replay", "--sql=a.sql", "a.plan"});
  }
};

// A bug of SQLite's (docs/findings.md): nothing of step 2 may be seen.
TEST_F(SavingsTest, ARollbackOfAJournalWithAStaleSuperJournalUndoesNothing) {
  const Outcome outcome = Replay(
      R"("journal_mode":"truncate","synchronous":"full")",
      R"({"step":"save","in_amount":60,"error":{"kind":"truncate","at":1}})"
      "\n{\"step\":\"save\",\"in_amount\":60}\n{\"step\":\"read\"}\n");
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("1 of 1 violated(wrong_read)"));
}

// One whose super-journal is gone is not hot; and the one that an error has
// left hot is in a database that the next step does not read.
TEST_F(SavingsTest, AJournalThatNobodyCameToMayBeLeft) {
  Outcome outcome = Replay(
      R"("journal_mode":"persist","synchronous":"full")",
      R"({"step":"save","in_amount":60,"error":{"kind":"truncate","at":1}})"
      "\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  outcome = Replay(R"("journal_mode":"delete","synchronous":"normal")",
                   R"({"step":"save","error":{"kind":"sync","at":3,"count":0}})"
                   "\n{\"step\":\"saved\"}\n");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
}

TEST_F(SqlTest, AnAttachedDatabaseMayHaveAWordOfSqlAsItsName) {
  directory_.Put("a.sql",
                 "ATTACH 'o' AS null;\nATTACH 'p' AS current_time;\n"
                 "CREATE TABLE t (v);\nCREATE TABLE \"null\".u (v);\n"
                 "CREATE TABLE \"current_time\".w (v);\n"
                 "\\transaction a\n\\set n random(1, 9)\n"
                 "INSERT INTO t VALUES (:n);\nINSERT INTO u VALUES (:n);\n"
                 "INSERT INTO w VALUES (:n);\n");
  const Outcome outcome = Fuzz({"--trials=30", "--engine=sim"});
  EXPECT_THAT(LastLine(outcome), HasSubstr("judged and held")) << outcome.err;
}

// The same without lastcommit. Where it fails, SQLite has mended it.
TEST_F(SqlTest, AProgramOfItsOwnShowsThatToo) {
  const auto shows = [this](const std::string& word, const std::string& name) {
    std::filesystem::create_directory(directory_.Path(name));
    const std::string command =
        absl::StrCat("cd '", directory_.Path(name), "' && '",
                     STALE_SUPER_JOURNAL, "' ", word);
    std::FILE* const out = popen(command.c_str(), "r");
    std::string text;
    for (int c = 0; (c = std::fgetc(out)) != EOF;) {
      text += static_cast<char>(c);
    }
    EXPECT_EQ(pclose(out), 0);
    return text;
  };
  EXPECT_THAT(shows("", "a"), AllOf(HasSubstr("committed by the first: 2\n"),
                                    HasSubstr("after the ROLLBACK: 3\n")));
  EXPECT_THAT(shows("kill", "b"), HasSubstr("after a kill: 3\n"));
}

TEST_F(SqlTest, TheDigestDoesNotDependOnTheNumberOfWorkers) {
  Bring("bank.sql");
  const auto digest = [&](const char* jobs) {
    const Outcome outcome =
        Fuzz({"--trials=30", "--engine=sim", "--clients=1-3", jobs});
    const std::size_t at = outcome.out.find("digest ");
    return at == std::string::npos ? outcome.out : outcome.out.substr(at, 23);
  };
  EXPECT_EQ(digest("--jobs=1"), digest("--jobs=2"));
}

TEST_F(SqlTest, APlanIsReplayedWithItsScriptAndNoOther) {
  Bring("planted-two-transactions.sql");
  Fuzz({"--trials=50", "--stop-after=1", "--engine=sim", "--clients=1"});
  std::string plan;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           directory_.Path("findings"))) {
    if (file.path().filename() == "shrunk.plan") plan = file.path().string();
  }
  ASSERT_NE(plan, "");
  EXPECT_THAT(Run({"show", "--sql=a.sql", plan}).out,
              AllOf(HasSubstr("pay"), HasSubstr("source = ")));
  Outcome outcome = Run({"replay", plan});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("give the script with --sql=FILE"));
  directory_.Put("a.sql", directory_.Get("a.sql") + "-- another one\n");
  outcome = Run({"replay", "--sql=a.sql", plan});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("another state of one"));
}

// Names of parameters that no plan could have as they are.
TEST_F(SqlTest, APlanKeepsItsParameters) {
  directory_.Put("a.sql",
                 "CREATE TABLE t (a, b, c);\n"
                 "\\transaction put2\n"
                 "\\set Size random(3, 9)\n\\set size random(3, 8)\n"
                 "\\set v2 random(3, 7)\n"
                 "BEGIN;\nINSERT INTO t VALUES (:Size, :size, :v2);\nCOMMIT;\n"
                 "\\invariant few\nSELECT a FROM t WHERE a + b + c > 9;\n");
  const Outcome outcome = Fuzz({"--trials=50", "--jobs=1", "--stop-after=1",
                                "--engine=sim", "--clients=1"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out;
  std::size_t found = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           directory_.Path("findings"))) {
    if (file.path().extension() != ".plan") continue;
    ++found;
    EXPECT_EQ(Run({"replay", "--sql=a.sql", file.path().string()}).exit_code,
              1);
  }
  EXPECT_EQ(found, 2);
}

// The simplest value of one is none of the other.
TEST_F(SqlTest, ParametersInTheSamePlaceHaveTheirOwnRanges) {
  directory_.Put("a.sql",
                 "CREATE TABLE t (id INTEGER PRIMARY KEY, v, note);\n"
                 "INSERT INTO t VALUES (1, 0, '');\n"
                 "\\transaction rename\n\\set note text(1, 20)\n"
                 "UPDATE t SET note = :note;\n"
                 "\\transaction set\n\\set value random(5, 9)\n"
                 "UPDATE t SET v = :value;\n"
                 "\\transaction pay\n\\set amount random(-50, 50)\n"
                 "UPDATE t SET v = v + :amount;\n");
  const Outcome outcome =
      Fuzz({"--trials=60", "--engine=sim", "--clients=1", "--fault=kill"});
  EXPECT_EQ(outcome.exit_code, 4) << outcome.out;  // 60 are few
  EXPECT_THAT(outcome.out, Not(HasSubstr("VIOLATED")));
}

TEST_F(SqlTest, AStepThatAStoreDoesNotHaveIsRefused) {
  directory_.Put("a.sql",
                 "CREATE TABLE t (v);\n\\transaction put\n"
                 "INSERT INTO t VALUES (1);\n\\invariant few\n"
                 "SELECT v FROM t;\n");
  Fuzz({"--trials=50", "--jobs=1", "--stop-after=1", "--engine=sim",
        "--clients=1"});
  std::string plan;
  for (const auto& file : std::filesystem::recursive_directory_iterator(
           directory_.Path("findings"))) {
    if (file.path().filename() == "shrunk.plan") plan = file.path().string();
  }
  ASSERT_NE(plan, "");
  std::string text = directory_.Get(
      std::filesystem::relative(plan, directory_.path()).string());
  const std::string close = "{\"step\":\"close\"";
  ASSERT_NE(text.find(close), std::string::npos) << text;
  text.insert(text.find(close), "{\"step\":\"begin\"}\n");
  directory_.Put("b.plan", text);
  const Outcome outcome = Run({"replay", "--sql=a.sql", "b.plan"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("has no step begin"));
}

TEST_F(SqlTest, ACampaignHasItsScript) {
  Bring("planted-two-transactions.sql");
  EXPECT_EQ(Run({"campaign", "c", "--sql=a.sql", "--trials=20", "--engine=sim",
                 "--clients=1"})
                .exit_code,
            1);
  EXPECT_THAT(Run({"report", "c", "--sql=a.sql"}).out, HasSubstr("not_a_cut"));
  // It goes on with its script only.
  const Outcome without = Run({"campaign", "c", "--trials=30"});
  EXPECT_EQ(without.exit_code, 2) << without.out;
  EXPECT_THAT(without.err, HasSubstr("give the script with --sql=FILE"));
  EXPECT_EQ(Run({"fuzz", "--sql=a.sql", "--saver=keys"}).exit_code, 2);
}

TEST_F(SqlTest, AWrongScriptIsSaidWithItsLine) {
  directory_.Put("a.sql", "CREATE TABLE t (v);\n\\transaction a\nINSERT;\n");
  const Outcome outcome = Fuzz({"--trials=1"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("a.sql:3: a: INSERT;"));
  EXPECT_EQ(Run({"fuzz", "--sql=none.sql"}).exit_code, 2);
  directory_.Put("a.sql",
                 "CREATE TABLE t (v);\n\\transaction open\nDELETE FROM t;\n");
  EXPECT_THAT(Fuzz({"--trials=1"}).err,
              HasSubstr("a.sql:2: open is a step of every plan"));
}

// ---- init ----

class InitTest : public SqlTest {
 protected:
  void Make(const std::string& sql) {
    sqlite3* connection = nullptr;
    ASSERT_EQ(sqlite3_open(directory_.Path("app.db").c_str(), &connection),
              SQLITE_OK);
    const absl::Cleanup close = [&] { sqlite3_close(connection); };
    ASSERT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(connection);
  }
};

TEST_F(InitTest, WhatItWritesHolds) {
  Make(
      "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
      "CREATE TABLE book (id INTEGER PRIMARY KEY,"
      " author INTEGER NOT NULL REFERENCES author, title TEXT);");
  const std::string before = directory_.Get("app.db");
  const Outcome made = Run({"init", "--sql=app.db", "--output=a.sql"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  EXPECT_EQ(made.out, "next: lastcommit fuzz --sql=a.sql\n");
  EXPECT_EQ(Run({"init", "--sql=app.db"}).out, directory_.Get("a.sql"));
  EXPECT_EQ(directory_.Get("app.db"), before);
  const Outcome outcome = Fuzz({"--trials=500", "--clients=1"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out;
  EXPECT_THAT(LastLine(outcome), HasSubstr("HELD: 500 trials"));
}

TEST_F(InitTest, NothingIsWrittenOver) {
  Make("CREATE TABLE t (v);");
  directory_.Put("a.sql", "mine");
  const Outcome outcome = Run({"init", "--sql=app.db", "--output=a.sql"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("a.sql is there already"));
  EXPECT_EQ(directory_.Get("a.sql"), "mine");
}

TEST_F(InitTest, WhatIsNoDatabaseIsSaidSo) {
  EXPECT_EQ(Run({"init", "--sql=none.db"}).exit_code, 2);
  directory_.Put("text.db", std::string(4096, 'x'));
  const Outcome outcome = Run({"init", "--sql=text.db"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("text.db: "));
  directory_.Put("empty.db", "");
  EXPECT_THAT(Run({"init", "--sql=empty.db"}).err,
              HasSubstr("empty.db: there is no table"));
}

}  // namespace
}  // namespace lastcommit
