// A process may die at any point while it creates its database; the next one
// must find nothing or all, and go on from there.

#include <sqlite3.h>

#include <fstream>
#include <string>

#include "saver/saver_fixture.h"
#include "saver/system_calls.h"

namespace lastcommit::saver {
namespace {

class CreationTest : public SaverTest,
                     public testing::WithParamInterface<JournalMode> {
 protected:
  CreationTest() {
    options_ = AnyDurability(GetParam());
    options_.page_size = 1024;
  }
  void ExpectNewDatabaseThatWorks() {
    Open(options_);
    EXPECT_EQ(Counter(), 0);
    EXPECT_EQ(Sql("PRAGMA page_size"), "1024");
    EXPECT_EQ(Sql("PRAGMA journal_mode"), std::string(Name(GetParam())));
    EXPECT_EQ(Sql("SELECT count(*) FROM sqlite_schema WHERE type = 'table'"),
              "8");
    EXPECT_THAT(Put("b", "x"), IsOk());
    EXPECT_EQ(Sql("PRAGMA integrity_check"), "ok");
  }
  void Remove() {
    Close();
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(path_ + suffix);
    }
  }

  Options options_;
};

TEST_P(CreationTest, EmptyFileIsCreatedAnew) {
  std::ofstream{path_};
  ExpectNewDatabaseThatWorks();
  EXPECT_TRUE(saver_->recovery_report().created);
}

TEST_P(CreationTest, EmptyFileSwitchedToWalIsCreatedAnew) {
  StrangersSql("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL");
  ASSERT_EQ(std::filesystem::file_size(path_), 4096U);
  ExpectNewDatabaseThatWorks();
  EXPECT_TRUE(saver_->recovery_report().created);
}

TEST_P(CreationTest, EmptyDatabaseForTextInUtf16IsRefusedAndNotModified) {
  StrangersSql("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(x); DROP TABLE t");
  const auto content = [this] {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string before = content();
  EXPECT_THAT(TryOpen(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(content(), before);
}

TEST_P(CreationTest, KilledBeforeAnyOfItsCallsItIsEmptyOrComplete) {
  int calls = 0;
  bool was_killed = true;
  while (was_killed) {
    ++calls;
    Remove();
    InKilledChild([&] {
      KillBeforeCall(calls);
      if (!SqliteSaver::Open(path_, options_).ok()) _exit(2);
      KillBeforeCall(0);
      std::ofstream{directory_ + "/finished"};
      raise(SIGKILL);
    });
    was_killed = !std::filesystem::exists(directory_ + "/finished");
    ASSERT_NO_FATAL_FAILURE(ExpectNewDatabaseThatWorks())
        << "killed before call " << calls;
  }
  EXPECT_GT(calls, 10);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, CreationTest,
    testing::Values(JournalMode::kWal, JournalMode::kDelete, JournalMode::kOff),
    [](const auto& test) { return std::string(Name(test.param)); });

}  // namespace
}  // namespace lastcommit::saver
