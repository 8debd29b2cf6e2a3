#include "saver/settings.h"

#include <sqlite3.h>

#include "gmock/gmock.h"

namespace lastcommit::saver {
namespace {

using testing::Optional;

TEST(SettingsTest, NamesAreThoseOfThePragmas) {
  EXPECT_EQ(Name(JournalMode::kTruncate), "truncate");
  EXPECT_EQ(Name(Synchronous::kExtra), "extra");
  EXPECT_EQ(Name(CheckpointMode::kRestart), "restart");
}

TEST(SettingsTest, ParseIsTheInverseOfName) {
  using enum JournalMode;
  for (const JournalMode mode :
       {kDelete, kTruncate, kPersist, kMemory, kWal, JournalMode::kOff}) {
    EXPECT_THAT(ParseJournalMode(Name(mode)), Optional(mode));
  }
  for (const Synchronous level : {Synchronous::kOff, Synchronous::kNormal,
                                  Synchronous::kFull, Synchronous::kExtra}) {
    EXPECT_THAT(ParseSynchronous(Name(level)), Optional(level));
  }
  for (const CheckpointMode mode :
       {CheckpointMode::kPassive, CheckpointMode::kFull,
        CheckpointMode::kRestart, CheckpointMode::kTruncate}) {
    EXPECT_THAT(ParseCheckpointMode(Name(mode)), Optional(mode));
  }
}

TEST(SettingsTest, CheckpointModesHaveTheNumbersOfSqlite) {
  EXPECT_EQ(SqliteNumber(CheckpointMode::kPassive), SQLITE_CHECKPOINT_PASSIVE);
  EXPECT_EQ(SqliteNumber(CheckpointMode::kFull), SQLITE_CHECKPOINT_FULL);
  EXPECT_EQ(SqliteNumber(CheckpointMode::kRestart), SQLITE_CHECKPOINT_RESTART);
  EXPECT_EQ(SqliteNumber(CheckpointMode::kTruncate),
            SQLITE_CHECKPOINT_TRUNCATE);
}

TEST(SettingsTest, NoOtherTextIsParsed) {
  for (const char* text : {"", "WAL", "wal ", "walk", "1"}) {
    EXPECT_EQ(ParseJournalMode(text), std::nullopt) << text;
    EXPECT_EQ(ParseSynchronous(text), std::nullopt) << text;
    EXPECT_EQ(ParseCheckpointMode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace lastcommit::saver
