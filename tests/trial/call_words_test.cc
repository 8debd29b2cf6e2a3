#include "trial/call_words.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

VfsCall Call(VfsCallKind kind, FileRole role, std::int64_t offset = 0,
             std::int64_t amount = 0) {
  VfsCall call;
  call.kind = kind;
  call.role = role;
  call.offset = offset;
  call.amount = amount;
  return call;
}

TEST(CallWordsTest, LocksAreNamedAsSqliteDoes) {
  EXPECT_EQ(InWords(Call(VfsCallKind::kLock, FileRole::kDatabase, 2)),
            "xLock of the database to RESERVED");
  EXPECT_EQ(InWords(Call(VfsCallKind::kUnlock, FileRole::kDatabase, 0)),
            "xUnlock of the database to UNLOCKED");
  EXPECT_EQ(InWords(Call(VfsCallKind::kShmLock, FileRole::kShm, 1, 1)),
            "xShmLock of the wal-index, taking CKPT");
  EXPECT_EQ(InWords(Call(VfsCallKind::kShmUnlock, FileRole::kShm, 4, 4)),
            "xShmLock of the wal-index, giving back READ1 to READ4");
}

TEST(CallWordsTest, BytesAreSaidWhereTheyAreReadWrittenOrCutOff) {
  EXPECT_EQ(InWords(Call(VfsCallKind::kWrite, FileRole::kWal, 32, 24)),
            "xWrite of the WAL, 24 bytes at 32");
  EXPECT_EQ(InWords(Call(VfsCallKind::kRead, FileRole::kTemporary, 0, 100)),
            "xRead of the temporary file, 100 bytes at 0");
  EXPECT_EQ(InWords(Call(VfsCallKind::kTruncate, FileRole::kJournal, 512)),
            "xTruncate of the journal to 512 bytes");
  EXPECT_EQ(InWords(Call(VfsCallKind::kUnfetch, FileRole::kDatabase, 7, 8)),
            "xUnfetch of the database");
}

TEST(CallWordsTest, WhatIsAboutNoFileNamesNone) {
  EXPECT_EQ(InWords(Call(VfsCallKind::kSleep, FileRole::kDatabase)), "xSleep");
  EXPECT_EQ(InWords(Call(VfsCallKind::kTime, FileRole::kDatabase)),
            "xCurrentTime");
}

TEST(CallWordsTest, EveryCallHasWordsOfItsOwn) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(VfsCallKind::kTime); ++i) {
    words.insert(
        InWords(Call(static_cast<VfsCallKind>(i), FileRole::kDatabase, 0, 1)));
  }
  EXPECT_EQ(words.size(), static_cast<std::size_t>(VfsCallKind::kTime) + 1);
}

// What no VFS is called with is still printed.
TEST(CallWordsTest, AnUnknownLockIsANumber) {
  EXPECT_EQ(InWords(Call(VfsCallKind::kLock, FileRole::kDatabase, -1)),
            "xLock of the database to -1");
  EXPECT_EQ(InWords(Call(VfsCallKind::kShmLock, FileRole::kShm, 8, 1)),
            "xShmLock of the wal-index, taking 8");
}

}  // namespace
}  // namespace lastcommit
