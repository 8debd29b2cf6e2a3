#include <sqlite3.h>

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/saver_fixture.h"
#include "saver/system_calls.h"
#include "saver/version_1.h"
#include "saver/version_2.h"

namespace lastcommit::saver {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class MigrationTest : public SaverTest {
 protected:
  // A database of that version with `last` run in it when its process was
  // killed.
  void Make(int version, JournalMode mode, const std::string& last = "") {
    const bool is_first = version == 1;
    Remove();
    InKilledChild([&] {
      sqlite3* connection = nullptr;
      sqlite3_open(path_.c_str(), &connection);
      for (const std::string& sql :
           {absl::StrCat("PRAGMA page_size = 1024; PRAGMA journal_mode = ",
                         std::string(Name(mode))),
            std::string(is_first ? kVersion1Schema : kVersion2Schema),
            std::string(is_first ? kVersion1Rows : kVersion2Rows), last}) {
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

  void ExpectWhatItHad() {
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

// From a version, in a journal mode.
class MigrationInMode
    : public MigrationTest,
      public testing::WithParamInterface<std::tuple<int, JournalMode>> {
 protected:
  void Make(const std::string& last = "") {
    MigrationTest::Make(version_, mode_, last);
  }

  const int version_ = std::get<int>(GetParam());
  const JournalMode mode_ = std::get<JournalMode>(GetParam());
  Options options_ = AnyDurability(mode_);
};

std::string NameOf(
    const testing::TestParamInfo<std::tuple<int, JournalMode>>& test) {
  return absl::StrCat("from_", std::get<int>(test.param), "_",
                      std::string(Name(std::get<JournalMode>(test.param))));
}

TEST_P(MigrationInMode, KeepsEverythingAndGoesOn) {
  Make();
  Open(options_);
  EXPECT_EQ(saver_->recovery_report().migrated_from, version_);
  EXPECT_FALSE(saver_->recovery_report().created);
  ExpectWhatItHad();
  EXPECT_THAT(saver_->AppendLog("a", "4"), IsOkAndHolds(4));
  ASSERT_THAT(saver_->PutCheckpoint({{"a", "", "new"}, {}, "", "", "{}"}),
              IsOk());
  EXPECT_THAT(OrderOf(""), ElementsAre("9=1", "5=3", "new=4"));
  Open(options_);
  EXPECT_EQ(saver_->recovery_report().migrated_from, 0);
  EXPECT_EQ(Counter(), 19);
}

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
  Make();
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
    left_old += saver_->recovery_report().migrated_from > 0 ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(ExpectWhatItHad())
        << "killed before call " << calls;
  }
  EXPECT_GT(left_old, 5);
  EXPECT_LT(left_old, calls);
}

TEST_P(MigrationKilled, OfWhatACrashLeftTakesTheCommittedRowsOnly) {
  Make(
      "PRAGMA cache_size = 1; BEGIN; DELETE FROM blobs;"
      "UPDATE logs SET payload = '\"' || hex(zeroblob(50000)) || '\"'");
  Open(options_);
  ExpectWhatItHad();
}

INSTANTIATE_TEST_SUITE_P(
    All, MigrationInMode,
    testing::Combine(testing::Values(1, 2),
                     testing::Values(JournalMode::kWal, JournalMode::kDelete,
                                     JournalMode::kTruncate,
                                     JournalMode::kPersist,
                                     JournalMode::kMemory, JournalMode::kOff)),
    NameOf);

// The journal modes that leave other files behind.
INSTANTIATE_TEST_SUITE_P(
    All, MigrationKilled,
    testing::Combine(testing::Values(1, 2),
                     testing::Values(JournalMode::kWal, JournalMode::kDelete,
                                     JournalMode::kPersist)),
    NameOf);

TEST_F(MigrationTest, GivesTheSchemaOfANewDatabase) {
  const std::string schema =
      "SELECT group_concat(type || name || ifnull(sql, ''), char(10))"
      " FROM (SELECT * FROM sqlite_schema ORDER BY name)";
  Open();
  const std::string fresh = Sql(schema);
  for (const int version : {1, 2}) {
    Make(version, JournalMode::kWal);
    Open();
    EXPECT_EQ(Sql(schema), fresh) << "from version " << version;
  }
}

TEST_F(MigrationTest, RowsThatReferToNothingAreDataLossAndStayAsTheyWere) {
  for (const int version : {1, 2}) {
    Make(version, JournalMode::kDelete, "DELETE FROM threads WHERE true");
    EXPECT_THAT(TryOpen(), StatusIs(StatusCode::kDataLoss));
    EXPECT_EQ(StrangersSql("PRAGMA user_version"), absl::StrCat(version));
    EXPECT_EQ(StrangersSql("SELECT count(*) FROM blobs"), "3");
  }
}

TEST_F(MigrationTest, OfVersion2KeepsTheWritesOfCheckpoints) {
  Make(2, JournalMode::kWal);
  Open();
  EXPECT_THAT(saver_->ListWrites({"a", "", "9"}), IsOkAndHolds(SizeIs(1)));
  EXPECT_THAT(saver_->Prune("a", "", 1), IsOkAndHolds(1));
  EXPECT_EQ(Sql("SELECT count(*) FROM writes"), "0");
}

TEST_F(MigrationTest, OfTwoProcessesAtOnceIsDoneByOne) {
  Make(1, JournalMode::kWal);
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
  ExpectWhatItHad();
}

}  // namespace
}  // namespace lastcommit::saver
