#include "disk/call_replay.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "disk/real_files.h"
#include "disk/real_process.h"
#include "disk/survival.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A transaction that spills, one that is rolled back, one cut off by the kill.
std::vector<std::string> Program(const std::string& mode) {
  const std::string rows =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i "
      "< 60) INSERT INTO t SELECT randomblob(700) FROM n";
  return {absl::StrCat("PRAGMA journal_mode = ", mode),
          "PRAGMA cache_size = 5",
          "PRAGMA wal_autocheckpoint = 20",
          "CREATE TABLE IF NOT EXISTS t(x)",
          "BEGIN",
          rows,
          "COMMIT",
          "BEGIN",
          "UPDATE t SET x = randomblob(900)",
          "ROLLBACK",
          "DELETE FROM t WHERE rowid % 3 = 0",
          "VACUUM",
          "BEGIN",
          rows};
}

class CallReplayTest : public testing::TestWithParam<const char*> {
 protected:
  RealProcess process_;
};

TEST_P(CallReplayTest, GivesTheFilesThatAKillLeft) {
  process_.RunAndReplay(Program(GetParam()));
  EXPECT_THAT(DifferencesFrom(process_.storage(), process_.directory()),
              IsEmpty());
}

TEST_P(CallReplayTest, GoesOnWithTheNextProcess) {
  for (int i = 0; i < 3; ++i) process_.RunAndReplay(Program(GetParam()));
  EXPECT_THAT(DifferencesFrom(process_.storage(), process_.directory()),
              IsEmpty());
}

TEST_P(CallReplayTest, AnImageIsWrittenWhole) {
  process_.RunAndReplay(Program(GetParam()));
  const Storage image = process_.storage().AfterCrash(
      Resolve(process_.storage(), {SurvivalKind::kSubset, 7}).fates);
  ASSERT_THAT(WriteImage(image, process_.storage(), process_.directory()),
              IsOk());
  EXPECT_THAT(DifferencesFrom(image, process_.directory()), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(AllModes, CallReplayTest,
                         testing::Values("delete", "truncate", "persist", "wal",
                                         "memory", "off"),
                         [](const auto& test) { return test.param; });

std::vector<std::string> PendingFiles(const Storage& storage) {
  std::vector<std::string> names;
  for (const PendingChange& change : storage.PendingChanges()) {
    names.push_back(absl::StrCat(change.is_of_directory() ? "directory " : "",
                                 change.path));
  }
  return names;
}

TEST(CallReplay, ASyncedCommitLeavesNothingPending) {
  RealProcess process;
  process.RunAndReplay({"PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL", "CREATE TABLE t(x)"});
  EXPECT_THAT(PendingFiles(process.storage()), IsEmpty());
}

TEST(CallReplay, OnlyTheJournalsDeletionIsPendingAfterAFullCommit) {
  RealProcess process;
  process.RunAndReplay({"PRAGMA synchronous = FULL", "CREATE TABLE t(x)"});
  EXPECT_THAT(PendingFiles(process.storage()),
              ElementsAre("directory x-journal"));
}

TEST(CallReplay, AtExtraNothingIs) {
  RealProcess process;
  process.RunAndReplay({"PRAGMA synchronous = EXTRA", "CREATE TABLE t(x)"});
  EXPECT_THAT(PendingFiles(process.storage()), IsEmpty());
}

TEST(CallReplay, PendingChangesOutliveTheProcess) {
  RealProcess process;
  process.RunAndReplay({"PRAGMA synchronous = OFF", "CREATE TABLE t(x)"});
  process.RunAndReplay({"SELECT 1"});
  EXPECT_THAT(PendingFiles(process.storage()),
              ElementsAre("directory x", "directory x-journal", "x-journal",
                          "x", "x", "directory x-journal"));
}

TEST(CallReplay, WhatAKillCutOffIsLookedUp) {
  Directory directory;
  directory.Put("x", "new.");
  auto log = *CallLog::Create(1 << 16);
  const SystemCall open = {SystemCallKind::kOpen, "", -1, 0, 0, "", true};
  log->End(log->Begin(open, "x"), 5);
  log->Begin({SystemCallKind::kWrite, "", 5, 0, 8, "new.cut."}, "x");
  Storage storage{Storage::Options()};
  ASSERT_THAT(Replay(*log, directory.path(), storage), IsOk());
  EXPECT_EQ(ContentOf(storage, "x"), "new.");
}

TEST(CallReplay, ALogThatIsTooSmallIsNoDisk) {
  auto log = *CallLog::Create(1 << 12);
  const std::string bytes(5000, 'a');
  log->Begin({SystemCallKind::kWrite, "", 5, 0, 5000, bytes}, "x");
  Storage storage{Storage::Options()};
  EXPECT_THAT(Replay(*log, "/", storage),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(RealFiles, ADifferenceIsNamed) {
  Directory directory;
  directory.Put("short", "ab");
  directory.Put("other", "abc");
  directory.Put("foreign", "");
  Storage storage{Storage::Options()};
  for (const char* name : {"short", "other", "missing"}) {
    storage.Write(storage.Create(name), 0, "abd");
  }
  EXPECT_THAT(
      DifferencesFrom(storage, directory.path()),
      ElementsAre("foreign was not made through SQLite", "missing is missing",
                  "other differs at byte 2 of 3", "short has 2 bytes, not 3"));
}

TEST(RealFiles, WhatSqliteDidNotMakeOutlivesAnImage) {
  Directory directory;
  for (const char* name : {"mine", "lost", "x-shm"}) directory.Put(name, "");
  Storage before{Storage::Options()};
  before.Create("lost");
  ASSERT_THAT(WriteImage(Storage(Storage::Options()), before, directory.path()),
              IsOk());
  EXPECT_THAT(directory.Names(), ElementsAre("mine"));
}

}  // namespace
}  // namespace lastcommit
