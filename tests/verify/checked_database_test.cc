// What is short on this machine is never damage of the database.

#include "verify/checked_database.h"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "disk/memory_faults.h"
#include "gmock/gmock.h"
#include "matchers.h"
#include "trial/trial_files.h"
#include "verify/checks.h"
#include "verify/databases.h"
#include "verify/own_checks.h"
#include "verify/report.h"
#include "verify/table_checks.h"
#include "verify/verification_fixture.h"

namespace lastcommit {
namespace {

class CheckedDatabaseTest : public VerificationFixture {
 protected:
  CheckedDatabaseTest() { Sql(directory_.Path("a.db")).Run(kRows); }

  CheckedDatabase Open() {
    auto database = CheckedDatabase::Open(directory_.Path("a.db"));
    EXPECT_THAT(database, IsOk());
    return *std::move(database);
  }
};

TEST_F(CheckedDatabaseTest, WhatIsInterruptedIsCancelled) {
  CheckedDatabase database = Open();
  sqlite3_progress_handler(
      database.connection(), 1, [](void*) { return 1; }, nullptr);
  EXPECT_THAT(database.Ask("PRAGMA integrity_check"),
              StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(CheckedDatabaseTest, WhatNeedsMoreMemoryThanThereIsIsResourceExhausted) {
  CheckedDatabase database = Open();
  sqlite3_hard_heap_limit64(sqlite3_memory_used() + 500'000);
  const absl::StatusOr<Answer> answer =
      database.Ask("SELECT hex(zeroblob(1000000))");
  sqlite3_hard_heap_limit64(0);
  EXPECT_THAT(answer, StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(CheckedDatabaseTest, AFullDiskIsResourceExhausted) {
  CheckedDatabase database = Open();
  EXPECT_THAT(database.Ask("PRAGMA max_page_count = 1"), IsOk());
  EXPECT_THAT(database.Ask("CREATE TABLE u (a)"),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(CheckedDatabaseTest, RowsBeforeAnErrorAreThere) {
  const absl::StatusOr<Answer> answer = Open().Ask(
      "SELECT CASE WHEN a < 3 THEN a ELSE abs(-9223372036854775808) END FROM "
      "t");
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->kind, AnswerKind::kUnchecked);
  EXPECT_THAT(answer->rows, testing::ElementsAre(Row{"1"}, Row{"2"}));
}

// A check of a whole copy in which something fails, at each place where it can.
class ShortageTest : public VerificationFixture {
 protected:
  enum class End { kOk, kNoRoom, kCancelled, kWrong };

  // A database of SqliteSaver with a WAL, an FTS5 and an R-Tree table in it.
  ShortageTest() {
    MakeOurs();
    Sql sql(directory_.Path("a.db"));
    sql.Run(
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('a b');"
        "CREATE VIRTUAL TABLE r USING rtree(id, x, y);"
        "INSERT INTO r VALUES (1, 2, 3);"
        // Pages that integrity_check is the first to read.
        "CREATE TABLE big (a); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL "
        "SELECT x + 1 FROM n LIMIT 40) INSERT INTO big SELECT zeroblob(20000) "
        "FROM n");
  }
  // Of a copy, in a child that `prepare` has made short of something.
  End CheckShort(const std::function<void()>& prepare) {
    return InChild([&] {
      prepare();
      return EndOf(CheckCopy({.directory = place_.path()}));
    });
  }
  // Of one part of the check alone, in which that allocation fails.
  using Part = std::function<absl::Status(CheckedDatabase&, Report&)>;
  End CheckPart(const Part& part, std::int64_t at) {
    return InChild([&] {
      UseMemoryFaults();
      auto database = CheckedDatabase::Open(place_.Path(kDatabaseName));
      static_cast<void>(database->Ask("SELECT * FROM sqlite_schema"));
      Report report;
      FailAllocations(Allocator::kSqlite, at, /*count=*/1);
      const absl::Status status = part(*database, report);
      FailAllocations(Allocator::kSqlite, 0, 0);
      if (!status.ok()) return EndOf(status);
      return EndOf(report.Conclude(""));
    });
  }
  // It has not been used, then.
  static void UseMemoryFaults() {
    sqlite3_shutdown();
    EXPECT_THAT(InstallMemoryFaults(), IsOk());
    sqlite3_initialize();
  }
  void ExpectNoDamageShortOfMemory(const Part& part) {
    int refused = 0;
    for (int at = 1; at < 400; ++at) {
      const End end = CheckPart(part, at);
      EXPECT_TRUE(end == End::kOk || end == End::kNoRoom) << at;
      refused += end == End::kNoRoom ? 1 : 0;
    }
    EXPECT_GT(refused, 20);
  }

 private:
  End InChild(const std::function<End()>& work) {
    const std::string copy = place_.Path(kDatabaseName);
    std::filesystem::copy_file(directory_.Path("a.db"), copy);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      _exit(static_cast<int>(work()));
    }
    int status = 0;
    waitpid(child, &status, 0);
    for (const std::string& name : place_.Names()) {
      std::filesystem::remove(place_.Path(name));
    }
    return WIFEXITED(status) ? static_cast<End>(WEXITSTATUS(status))
                             : End::kWrong;
  }
  static End EndOf(const absl::StatusOr<Verification>& found) {
    if (found.ok() && found->soundness == Soundness::kOk) return End::kOk;
    if (absl::IsResourceExhausted(found.status())) return End::kNoRoom;
    if (absl::IsCancelled(found.status())) return End::kCancelled;
    std::fprintf(stderr, "%s\n",
                 found.ok() ? (found->summary + "\n" + Text(*found)).c_str()
                            : found.status().ToString().c_str());
    return End::kWrong;
  }
};

TEST_F(ShortageTest, OfMemoryIsNeverDamage) {
  int refused = 0;
  for (const std::int64_t count : {1, 0}) {
    for (std::int64_t at = 1; at < 12'000; at += 1 + at / 20) {
      const End end = CheckShort([&] {
        UseMemoryFaults();
        FailAllocations(Allocator::kSqlite, at, count);
      });
      EXPECT_TRUE(end == End::kOk || end == End::kNoRoom) << at << " " << count;
      refused += end == End::kNoRoom ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 50);
}

TEST_F(ShortageTest, OfMemoryForThePagesOfATableIsNoDamage) {
  ExpectNoDamageShortOfMemory([](CheckedDatabase& database, Report& report) {
    return CheckIntegrity(database, /*as_a_whole=*/true, report);
  });
}

TEST_F(ShortageTest, OfMemoryForABlobIsNoDamage) {
  ExpectNoDamageShortOfMemory(CheckDigests);
}

int g_looks_left = 0;

int InterruptAtOnce(sqlite3* connection, char** /*error*/,
                    const void* /*routines*/) {
  sqlite3_progress_handler(
      connection, 10, [](void*) { return --g_looks_left < 0 ? 1 : 0; },
      nullptr);
  return SQLITE_OK;
}

TEST_F(ShortageTest, OfTimeIsNeverDamage) {
  int cancelled = 0;
  for (int looks = 0; looks < 12'000; looks += 1 + looks / 20) {
    const End end = CheckShort([&] {
      g_looks_left = looks;
      sqlite3_auto_extension(reinterpret_cast<void (*)()>(InterruptAtOnce));
    });
    EXPECT_TRUE(end == End::kOk || end == End::kCancelled) << looks;
    cancelled += end == End::kCancelled ? 1 : 0;
  }
  EXPECT_GT(cancelled, 20);
}

}  // namespace
}  // namespace lastcommit
