#include <sqlite3.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"
#include "saver/system_calls.h"
#include "saver/version_1.h"

namespace lastcommit {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class MigrationTest : public SaverTest {
 protected:
  // A database of version 1 with `last` run in it when its process was killed.
  void MakeVersion1(JournalMode mode, const std::string& last = "") {
    Remove();
    InKilledChild([&] {
      sqlite3* connection = nullptr;
      sqlite3_open(path_.c_str(), &connection);
      for (const std::string& sql :
           {absl::StrCat("PRAGMA page_size = 1024; PRAGMA journal_mode = ",
                         std::string(Name(mode))),
            std::string(kVersion1Schema), std::string(kVersion1Rows), last}) {
        if (sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) !=
            SQLITE_OK) {
          _exit(1);
        }
      }
      raise(SIGKILL);
    });
  }
  void Remove() {
    Close();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path_ + suffix);
    }
  }

  void ExpectWhatVersion1Had() {
    EXPECT_EQ(Counter(), 17);
    EXPECT_THAT(Threads(), ElementsAre("a", "b", "c"));
    EXPECT_THAT(OrderOf(""), ElementsAre("9=1", "5=3"));
    EXPECT_THAT(OrderOf("ns"), ElementsAre("1=2"));
    const auto checkpoint = saver_->GetCheckpoint({"a", "", "9"});
    ASSERT_THAT(checkpoint, IsOk());
    EXPECT_EQ(checkpoint->state, std::string("\0\2", 2));
    EXPECT_EQ(checkpoint->parent_id, std::nullopt);
    const auto logs = saver_->ReadLogs("a");
    ASSERT_THAT(logs, IsOkAndHolds(SizeIs(3)));
    EXPECT_EQ((*logs)[1].payload, "\"two\"");
    EXPECT_EQ((*logs)[1].level, LogLevel::kInfo);
    EXPECT_THAT(saver_->GetBlob("a", "empty"), IsOkAndHolds(""));
    EXPECT_THAT(saver_->GetBlob("a", "small"), IsOkAndHolds("x"));
    EXPECT_THAT(saver_->GetBlob("b", "big"),
                IsOkAndHolds(std::string(9'000, '\0')));
    EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(Sql("PRAGMA foreign_key_check"), "");
  }
  // Oldest first, "id=sequence".
  std::vector<std::string> OrderOf(const std::string& ns) {
    CheckpointQuery query;
    query.thread_id = "a";
    query.checkpoint_ns = ns;
    std::vector<std::string> order;
    const auto found = saver_->ListCheckpoints(query);
    EXPECT_THAT(found, IsOk());
    for (const Checkpoint& checkpoint : *found) {
      order.insert(order.begin(), absl::StrCat(checkpoint.key.checkpoint_id,
                                               "=", checkpoint.sequence));
    }
    return order;
  }
};

class MigrationInMode : public MigrationTest,
                        public testing::WithParamInterface<JournalMode> {
 protected:
  Options options_ = AnyDurability(GetParam());
};

TEST_P(MigrationInMode, KeepsEverythingAndGoesOn) {
  MakeVersion1(GetParam());
  Open(options_);
  EXPECT_EQ(saver_->recovery_report().migrated_from, 1);
  EXPECT_FALSE(saver_->recovery_report().created);
  ExpectWhatVersion1Had();
  EXPECT_THAT(saver_->AppendLog("a", "4"), IsOkAndHolds(4));
  ASSERT_THAT(saver_->PutCheckpoint({{"a", "", "new"}, {}, "", "", "{}"}),
              IsOk());
  EXPECT_THAT(OrderOf(""), ElementsAre("9=1", "5=3", "new=4"));
  Open(options_);
  EXPECT_EQ(saver_->recovery_report().migrated_from, 0);
  EXPECT_EQ(Counter(), 19);
}

// The journal modes that leave other files behind.
class MigrationKilled : public MigrationInMode {
 protected:
  void Save() {
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      saved_[entry.path()] = FileBytes(entry.path());
    }
  }
  void Restore() {
    Remove();
    for (const auto& [path, bytes] : saved_) {
      std::ofstream(path, std::ios::binary) << bytes;
    }
  }

 private:
  std::map<std::string, std::string> saved_;
};

TEST_P(MigrationKilled, BeforeAnyOfItsCallsLeavesTheOldOrTheNew) {
  bool was_killed = true;
  int calls = 0;
  int left_old = 0;
  MakeVersion1(GetParam());
  Save();
  while (was_killed) {
    Restore();
    InKilledChild([&] {
      KillBeforeCall(calls + 1);
      if (!SqliteSaver::Open(path_, options_).ok()) _exit(2);
      KillBeforeCall(0);
      std::ofstream{directory_ + "/finished"};
      raise(SIGKILL);
    });
    ++calls;
    was_killed = !std::filesystem::exists(directory_ + "/finished");
    ASSERT_NO_FATAL_FAILURE(Open(options_)) << "killed before call " << calls;
    left_old += saver_->recovery_report().migrated_from;
    ASSERT_NO_FATAL_FAILURE(ExpectWhatVersion1Had())
        << "killed before call " << calls;
  }
  EXPECT_GT(left_old, 5);
  EXPECT_LT(left_old, calls);
}

TEST_P(MigrationKilled, OfWhatACrashLeftTakesTheCommittedRowsOnly) {
  MakeVersion1(GetParam(),
               "PRAGMA cache_size = 1; BEGIN; DELETE FROM blobs;"
               "INSERT INTO blobs VALUES ('c', 'never', zeroblob(50000))");
  Open(options_);
  ExpectWhatVersion1Had();
}

INSTANTIATE_TEST_SUITE_P(
    Modes, MigrationInMode,
    testing::Values(JournalMode::kWal, JournalMode::kDelete,
                    JournalMode::kTruncate, JournalMode::kPersist,
                    JournalMode::kMemory, JournalMode::kOff),
    [](const auto& test) { return std::string(Name(test.param)); });

INSTANTIATE_TEST_SUITE_P(Modes, MigrationKilled,
                         testing::Values(JournalMode::kWal,
                                         JournalMode::kDelete,
                                         JournalMode::kPersist),
                         [](const auto& test) {
                           return std::string(Name(test.param));
                         });

TEST_F(MigrationTest, GivesTheSchemaOfANewDatabase) {
  const std::string schema =
      "SELECT group_concat(type || name || ifnull(sql, ''), char(10))"
      " FROM (SELECT * FROM sqlite_schema ORDER BY name)";
  MakeVersion1(JournalMode::kWal);
  Open();
  const std::string migrated = Sql(schema);
  Remove();
  Open();
  EXPECT_EQ(migrated, Sql(schema));
}

TEST_F(MigrationTest, RowsThatReferToNothingAreDataLossAndStayVersion1) {
  MakeVersion1(JournalMode::kDelete, "DELETE FROM threads WHERE true");
  EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kDataLoss));
  EXPECT_EQ(StrangersSql("PRAGMA user_version"), "1");
  EXPECT_EQ(StrangersSql("SELECT count(*) FROM blobs"), "3");
}

TEST_F(MigrationTest, OfTwoProcessesAtOnceIsDoneByOne) {
  MakeVersion1(JournalMode::kWal);
  int begin[2];
  ASSERT_EQ(pipe(begin), 0);
  pid_t children[2];
  for (pid_t& child : children) {
    child = fork();
    if (child != 0) continue;
    close(begin[1]);
    char byte = 0;
    if (read(begin[0], &byte, 1) != 0) _exit(9);  // until the parent closes
    auto saver = SqliteSaver::Open(path_, Options());
    _exit(saver.ok() ? (*saver)->recovery_report().migrated_from : 8);
  }
  close(begin[0]);
  close(begin[1]);
  int migrated = 0;
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    migrated += WEXITSTATUS(status);
  }
  EXPECT_EQ(migrated, 1);
  Open();
  ExpectWhatVersion1Had();
}

}  // namespace
}  // namespace lastcommit
