#include "sql/twin.h"

#include <string>

#include "gmock/gmock.h"

namespace lastcommit::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TwinTest : public testing::Test {
 protected:
  void Load(const std::string& text) {
    absl::StatusOr<Script> script = ParseScript("a.sql", text);
    ASSERT_TRUE(script.ok()) << script.status();
    script_ = *std::move(script);
    absl::StatusOr<std::unique_ptr<Twin>> twin = Twin::Create(script_);
    ASSERT_TRUE(twin.ok()) << twin.status();
    twin_ = *std::move(twin);
  }
  State Run(const State& before, std::size_t transaction,
            std::vector<std::int64_t> values = {},
            const std::vector<std::uint64_t>& seen = {}) {
    const absl::StatusOr<Twin::Ran> ran = twin_->Run(
        DigestsOf(before), script_.transactions[transaction], values, seen);
    EXPECT_TRUE(ran.ok()) << ran.status();
    return ran.ok() ? ran->state : before;
  }
  static std::vector<std::string> Rows(const State& state) {
    std::vector<std::string> rows;
    for (const auto& [key, row] : state.rows) {
      if (key.table.spec().word != "schema") rows.push_back(Describe(key));
    }
    return rows;
  }

  Script script_;
  std::unique_ptr<Twin> twin_;
};

constexpr char kCounters[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v);\n"
    "INSERT INTO t VALUES (1, 0);\n"
    "\\transaction add\n\\set n random(1, 9)\n"
    "UPDATE t SET v = v + :n;\n"
    "\\transaction copy\nINSERT INTO t (v) SELECT v FROM t;\n"
    "\\transaction torn\n"
    "BEGIN;\nUPDATE t SET v = 7;\nCOMMIT;\nBEGIN;\n"
    "INSERT INTO t VALUES (1, 1);\nCOMMIT;\n";

TEST_F(TwinTest, GoesOnFromAnyStateThatItWasIn) {
  Load(kCounters);
  const State first = twin_->first();
  EXPECT_THAT(Rows(first), ElementsAre("t (1, 0)"));
  const State five = Run(first, 0, {5});
  EXPECT_THAT(Rows(five), ElementsAre("t (1, 5)"));
  const State seven = Run(five, 0, {2});
  EXPECT_THAT(Rows(seven), ElementsAre("t (1, 7)"));
  EXPECT_THAT(Rows(Run(first, 0, {3})), ElementsAre("t (1, 3)"));
  EXPECT_THAT(Rows(Run(five, 1)), ElementsAre("t (1, 5)", "t (2, 5)"));
}

TEST_F(TwinTest, WhatFailsHasChangedNothingEvenIfItCommittedBefore) {
  Load(kCounters);
  const State first = twin_->first();
  EXPECT_FALSE(
      twin_->Run(DigestsOf(first), script_.transactions[2], {}, {}).ok());
  EXPECT_THAT(Rows(Run(first, 0, {1})), ElementsAre("t (1, 1)"));
}

TEST_F(TwinTest, AStateThatItHasNeverBeenInIsAnError) {
  Load(kCounters);
  const std::vector<std::int64_t> values = {1};
  EXPECT_FALSE(twin_->Run(1234, script_.transactions[0], values, {}).ok());
}

constexpr char kAttached[] =
    "ATTACH 'o.db' AS o;\n"
    "CREATE TABLE t (v);\nCREATE TABLE o.t (v);\n"
    "INSERT INTO t VALUES (0);\nINSERT INTO o.t VALUES (0);\n"
    "\\transaction both\n\\set n random(1, 9)\n"
    "UPDATE main.t SET v = v + :n;\nUPDATE o.t SET v = v + :n;\n";

TEST_F(TwinTest, AnAttachedDatabaseIsAPartOfTheState) {
  Load(kAttached);
  const State first = twin_->first();
  EXPECT_THAT(Rows(first), ElementsAre("schema of an attached database table t",
                                       "t (0)", "o.t (0)"));
  const State five = Run(first, 0, {5});
  const State seven = Run(five, 0, {2});
  EXPECT_THAT(Rows(seven), ElementsAre(testing::_, "t (7)", "o.t (7)"));
  EXPECT_THAT(Rows(Run(first, 0, {1})),
              ElementsAre(testing::_, "t (1)", "o.t (1)"));
}

// After a crash that took the commit from one of them.
TEST_F(TwinTest, GoesOnFromDatabasesOfDifferentStates) {
  Load(kAttached);
  const State first = twin_->first();
  const State five = Run(first, 0, {5});
  State mixed = five;
  std::erase_if(mixed.rows, [](const auto& row) {
    return row.first.table.spec().database == 1;
  });
  for (const auto& [key, row] : first.rows) {
    if (key.table.spec().database == 1) mixed.rows.emplace(key, row);
  }
  EXPECT_THAT(Rows(mixed), ElementsAre(testing::_, "t (5)", "o.t (0)"));
  const absl::Status unknown =
      twin_
          ->Run(DigestsOf(mixed), script_.transactions[0],
                std::vector<std::int64_t>{1}, {})
          .status();
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("never been in"));
  twin_->Know(mixed);
  EXPECT_THAT(Rows(Run(mixed, 0, {1})),
              ElementsAre(testing::_, "t (6)", "o.t (1)"));
  twin_->ForgetAllButTheFirst();
  EXPECT_THAT(Rows(Run(first, 0, {1})),
              ElementsAre(testing::_, "t (1)", "o.t (1)"));
}

TEST_F(TwinTest, EqualRowsAreCountedAndRowsThatDifferNeverLookAlike) {
  Load(
      "CREATE TABLE t (v, w);\n"
      "INSERT INTO t VALUES (1, NULL), (1, NULL), ('1', x'00');\n"
      "INSERT INTO t VALUES (zeroblob(999), 0.1), (zeroblob(998) || 'x', "
      "0.1);\n"
      "\\transaction a\nDELETE FROM t;\n");
  const State first = twin_->first();
  const std::vector<std::string> rows = Rows(first);
  EXPECT_EQ(rows.size(), 5);
  EXPECT_THAT(rows, testing::Contains("t (1, NULL)"));
  EXPECT_THAT(rows, testing::Contains("t (1, NULL) again, 2"));
  EXPECT_THAT(rows, testing::Contains(HasSubstr("again")).Times(1));
  EXPECT_THAT(Rows(Run(first, 0)), IsEmpty());
}

TEST_F(TwinTest, SequencesTriggersViewsAndVirtualTablesAreRead) {
  Load(
      "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT);\n"
      "CREATE TABLE log (v TEXT) STRICT;\n"
      "CREATE TABLE k (a TEXT PRIMARY KEY, b AS (a || '!')) WITHOUT ROWID;\n"
      "CREATE VIEW both AS SELECT v FROM t UNION ALL SELECT v FROM log;\n"
      "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
      "  INSERT INTO log VALUES (new.v);\n"
      "  INSERT OR IGNORE INTO k VALUES (new.v);\n"
      "END;\n"
      "CREATE VIRTUAL TABLE f USING fts5(body);\n"
      "\\transaction a\nINSERT INTO t (v) VALUES ('x');\n"
      "INSERT INTO f VALUES ('words');\n");
  EXPECT_THAT(Rows(Run(twin_->first(), 0)),
              ElementsAre("f ([words])", "k ([x], [x!])", "log ([x])",
                          "sqlite_sequence ([t], 1)", "t (1, [x])"));
}

TEST_F(TwinTest, AScriptDoesNotGoOnWhereSqliteHasRolledBack) {
  Load(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v);\n"
      "INSERT INTO t VALUES (1, 0);\n"
      "\\transaction passed_over\n\\on_error continue\n"
      "UPDATE t SET v = 1;\nINSERT INTO t VALUES (1, 2);\n"
      "INSERT INTO t VALUES (2, 2);\n"
      "\\transaction over\n\\on_error continue\n"
      "UPDATE t SET v = 1;\nINSERT OR ROLLBACK INTO t VALUES (1, 2);\n"
      "INSERT INTO t VALUES (2, 2);\n");
  const State first = twin_->first();
  EXPECT_THAT(Rows(Run(first, 0)), ElementsAre("t (1, 1)", "t (2, 2)"));
  EXPECT_TRUE(IsRefused(
      twin_->Run(DigestsOf(first), script_.transactions[1], {}, {}).status()));
}

TEST_F(TwinTest, TriggersRunAgainInAStateThatItCameBackTo) {
  Load(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT) STRICT;\n"
      "CREATE TABLE n (k PRIMARY KEY, n) WITHOUT ROWID;\n"
      "INSERT INTO n VALUES ('t', 0);\n"
      "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
      "  UPDATE n SET n = n + 1 WHERE k = 't';\n"
      "END;\n"
      "\\transaction a\n\\set v text(0, 5000)\n"
      "INSERT INTO t (v) VALUES (:v);\n");
  std::vector<State> states = {twin_->first()};
  for (std::int64_t i = 0; i < 40; ++i) {
    states.push_back(Run(states.back(), 0, {i * 997}));
  }
  for (std::size_t i = 0; i + 1 < states.size(); i += 3) {
    const State again = Run(states[i], 0, {static_cast<std::int64_t>(i) * 997});
    EXPECT_EQ(DigestsOf(again), DigestsOf(states[i + 1]));
  }
}

TEST_F(TwinTest, ABrokenInvariantIsARow) {
  Load(
      "CREATE TABLE t (v);\n"
      "\\transaction a\nINSERT INTO t VALUES (3);\n"
      "\\invariant none\nSELECT v FROM t;\n");
  EXPECT_TRUE(*twin_->Holds(script_.invariants[0]));
  Run(twin_->first(), 0);
  EXPECT_FALSE(*twin_->Holds(script_.invariants[0]));
}

TEST_F(TwinTest, ReadsBeforeTheTransactionAreMadeWhereTheySaw) {
  Load(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v);\n"
      "INSERT INTO t VALUES (1, 1);\n"
      "\\transaction add\n\\set n random(1, 9)\n"
      "SELECT v FROM t \\gset\n"
      "SELECT v AS w FROM t \\gset\n"
      "BEGIN;\nUPDATE t SET v = 100 * :v + 10 * :w + :n;\nCOMMIT;\n");
  const State first = twin_->first();
  const State second = Run(first, 0, {3}, {DigestsOf(first), DigestsOf(first)});
  EXPECT_THAT(Rows(second), ElementsAre("t (1, 113)"));
  EXPECT_THAT(Rows(Run(second, 0, {5}, {DigestsOf(first), DigestsOf(second)})),
              ElementsAre("t (1, 1235)"));
  EXPECT_FALSE(twin_
                   ->Run(DigestsOf(second), script_.transactions[0],
                         std::vector<std::int64_t>{5},
                         std::vector<std::uint64_t>{1234, 1234})
                   .ok());
}

}  // namespace
}  // namespace lastcommit::sql
