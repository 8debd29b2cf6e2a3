#include "saver/partial_rollback.h"

#include <sqlite3.h>

#include <functional>
#include <string>
#include <vector>

#include "saver/saver_fixture.h"

namespace lastcommit::saver {
namespace {

// Rewrites the same blobs, which at this cache size makes SQLite write their
// pages into the WAL more than once before the COMMIT.
void SpillTwice(SqliteSaver& saver) {
  for (const char fill : {'a', 'b', 'c'}) {
    for (const char* name : {"b1", "b2", "b3"}) {
      saver.PutBlob("t", name, std::string(3000, fill)).IgnoreError();
    }
  }
}

void RollBackToSavepoint(SqliteSaver& saver) {
  auto transaction = saver.Begin();
  auto savepoint = transaction->Savepoint();
  SpillTwice(saver);
  savepoint->RollbackTo().IgnoreError();
  saver.PutBlob("t", "after", std::string(3000, 'x')).IgnoreError();
  transaction->Commit().status().IgnoreError();
}

void FailHalfWay(SqliteSaver& saver) {
  auto transaction = saver.Begin();
  std::vector<std::string> payloads(100, '"' + std::string(1000, 'x') + '"');
  payloads.push_back("{");
  saver.AppendLogs("t", payloads).status().IgnoreError();
  saver.PutBlob("t", "after", std::string(3000, 'x')).IgnoreError();
  transaction->Commit().status().IgnoreError();
}

void GiveUpAStream(SqliteSaver& saver) {
  auto transaction = saver.Begin();
  {
    auto writer = saver.WriteBlob("t", "given up", 9000);
    writer->Write(std::string(8000, 'x')).IgnoreError();
  }
  saver.PutBlob("t", "after", std::string(3000, 'x')).IgnoreError();
  transaction->Commit().status().IgnoreError();
}

struct Undo {
  const char* name;
  void (*run)(SqliteSaver&);
};

class PartialRollbackTest : public SaverTest,
                            public testing::WithParamInterface<Undo> {
 protected:
  // The commits found after a transaction with an undone part and a kill.
  std::int64_t CommitsAfterCrash(bool avoid_bug) {
    Options options;
    options.page_size = 512;
    options.cache_size = 5;
    options.avoid_sqlite_bugs = avoid_bug;
    Crash(options, GetParam().run);
    Open();
    return Counter();
  }
};

TEST_P(PartialRollbackTest, WithTheDefenceTheCommitIsThere) {
  EXPECT_EQ(CommitsAfterCrash(/*avoid_bug=*/true), 1);
  EXPECT_THAT(Get("after"), IsOk());
}

// Shows that the test above would notice. On other versions there is nothing
// to notice.
TEST_P(PartialRollbackTest, WithoutTheDefenceAnAffectedVersionLosesIt) {
  const bool is_affected = HasPartialRollbackBug(sqlite3_libversion_number());
  EXPECT_EQ(CommitsAfterCrash(/*avoid_bug=*/false), is_affected ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(Ways, PartialRollbackTest,
                         testing::Values(Undo{"savepoint", RollBackToSavepoint},
                                         Undo{"statement", FailHalfWay},
                                         Undo{"stream", GiveUpAStream}),
                         [](const auto& test) { return test.param.name; });

class DefenceTest : public SaverTest {
 protected:
  int Spills() {
    int spills = 0;
    int unused = 0;
    sqlite3_db_status(saver_->connection(), SQLITE_DBSTATUS_CACHE_SPILL,
                      &spills, &unused, 0);
    return spills;
  }
};

TEST_F(DefenceTest, TransactionsStillSpill) {
  Options options;
  options.cache_size = 1;
  Open(options);
  Transaction transaction = Begin();
  const int before = Spills();
  SpillTwice(*saver_);
  EXPECT_GT(Spills(), before + 5);
}

TEST_F(DefenceTest, NothingIsWrittenEarlyWithoutTheBugOrTheWal) {
  Options options;
  options.avoid_sqlite_bugs = false;
  for (const JournalMode mode : {JournalMode::kWal, JournalMode::kDelete}) {
    options.journal_mode = mode;
    Open(options);
    Transaction transaction = Begin();
    EXPECT_EQ(Spills(), 0);
    options.avoid_sqlite_bugs = true;
  }
}

// A caller may forbid early writes through the connection; then an undone part
// ends the transaction.
TEST_F(DefenceTest, WithoutItsWritesOnlyAFullRollbackIsLeft) {
  if (!HasPartialRollbackBug(sqlite3_libversion_number())) {
    GTEST_SKIP() << "SQLite " << sqlite3_libversion() << " is not affected";
  }
  Open();
  Sql("PRAGMA cache_spill = OFF");
  Transaction transaction = Begin();
  ASSERT_THAT(Put("a", "x"), IsOk());
  auto savepoint = transaction.Savepoint();
  EXPECT_THAT(savepoint->RollbackTo(), StatusIs(absl::StatusCode::kAborted));
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(transaction.Rollback(), IsOk());
  EXPECT_THAT(Put("a", "x"), IsOk());
  EXPECT_EQ(Counter(), 1);
}

TEST(HasPartialRollbackBugTest, KnowsTheAffectedVersions) {
  EXPECT_FALSE(HasPartialRollbackBug(3010002));
  EXPECT_TRUE(HasPartialRollbackBug(3011000));
  EXPECT_TRUE(HasPartialRollbackBug(3050001));
  EXPECT_FALSE(HasPartialRollbackBug(3050002));
}

}  // namespace
}  // namespace lastcommit::saver
