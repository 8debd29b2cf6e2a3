// Which images of a database are looked at: one after each call that touches
// its files, and one more in the middle of a write, where a kill may come.

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "judge/judge_fixture.h"

namespace lastcommit {
namespace {

class FollowerTest : public JudgeTest {
 protected:
  // A database that is there, and counts, before the program begins; the
  // program works on what may be its journal.
  void SetUp() override {
    sqlite3* database = nullptr;
    const std::string path = Files() + "/state.db";
    ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(
        sqlite3_exec(database, "CREATE TABLE t (x); INSERT INTO t VALUES (1)",
                     nullptr, nullptr, nullptr),
        SQLITE_OK);
    sqlite3_close(database);
  }

  std::int64_t Images() { return JudgeIt().timeline.kill_images; }

  // What `change` makes of each call takes its place.
  void Edit(const std::function<void(RecordedCall&)>& change) {
    auto reader = RecordingReader::Open(Recording());
    ASSERT_TRUE(reader.ok()) << reader.status();
    const std::string edited = directory_.Path("edited");
    auto writer = RecordingWriter::Create(edited, (*reader)->header());
    ASSERT_TRUE(writer.ok()) << writer.status();
    RecordedCall call;
    while (*(*reader)->Next(call)) {
      change(call);
      ASSERT_TRUE((*writer)->Add(call).ok());
    }
    ASSERT_TRUE((*writer)->Finish((*reader)->end()).ok());
    std::filesystem::rename(edited, Recording());
  }

  static constexpr char kWrites[] =
      "exec 3> state.db-journal; printf abcd >&3; printf e >&3;"
      " : > state.db-journal; rm state.db-journal";
};

TEST_F(FollowerTest, AWriteOfSeveralBytesHasAMiddleAndNothingElseHas) {
  ASSERT_TRUE(RecordScript(kWrites).ok());
  // Created, four bytes and their middle, one byte, truncated, deleted.
  EXPECT_EQ(Images(), 6);
}

// What a call does at several places comes about in an order that nobody
// knows.
TEST_F(FollowerTest, ACallThatWritesInSeveralPlacesHasNone) {
  ASSERT_TRUE(RecordScript(kWrites).ok());
  int edited = 0;
  Edit([&edited](RecordedCall& call) {
    if (call.effects.size() != 1 || call.effects[0].bytes != "abcd") return;
    ++edited;
    Effect second = call.effects[0];
    call.effects[0].bytes = "ab";
    second.bytes = "cd";
    second.offset = 2;
    call.effects.push_back(second);
  });
  ASSERT_EQ(edited, 1);
  EXPECT_EQ(Images(), 5);
}

// A recording is read as it is, also where it has bytes that nobody wrote.
TEST_F(FollowerTest, BytesOfWhatIsNoWriteAreNone) {
  ASSERT_TRUE(RecordScript(kWrites).ok());
  int edited = 0;
  Edit([&edited](RecordedCall& call) {
    for (Effect& effect : call.effects) {
      if (effect.kind != EffectKind::kTruncate) continue;
      ++edited;
      effect.bytes = "abcd";
    }
  });
  ASSERT_GE(edited, 1);
  EXPECT_EQ(Images(), 6);
}

}  // namespace
}  // namespace lastcommit
