#include "judge/change_words.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

constexpr std::int64_t kPage = 1024;

class ChangeWordsTest : public testing::Test {
 protected:
  // Of a page size of 1024, as its header says.
  InodeId Make(const std::string& name) {
    const InodeId inode = storage_.Create("/r/" + name);
    std::string header(32, '\0');
    if (name.ends_with("-wal")) {
      header[10] = 4;
    } else {
      header.replace(0, 15, "SQLite format 3");
      header[16] = 4;
    }
    storage_.Write(inode, 0, header);
    return inode;
  }
  std::string Words(const std::string& name, std::int64_t offset,
                    std::int64_t amount) {
    PendingChange change;
    change.inode = storage_.Find("/r/" + name);
    change.path = "/r/" + name;
    change.offset = offset;
    change.amount = amount;
    const std::string words = InWords(change, storage_, "/r");
    const std::string bytes = std::to_string(amount) + " bytes at " +
                              std::to_string(offset) + " of " + name;
    EXPECT_TRUE(words.starts_with(bytes)) << words;
    return words.substr(bytes.size());
  }

  Storage storage_{Storage::Options{}};
};

TEST_F(ChangeWordsTest, APageOfADatabaseHasANumber) {
  Make("a.db");
  EXPECT_EQ(Words("a.db", 0, kPage), ": page 1");
  EXPECT_EQ(Words("a.db", 2 * kPage, kPage), ": page 3");
  EXPECT_EQ(Words("a.db", 2 * kPage, 3 * kPage), ": pages 3 to 5");
  EXPECT_EQ(Words("a.db", kPage + 24, 16), ": of page 2");
}

TEST_F(ChangeWordsTest, AFrameOfAWalHasAHeaderAndAPage) {
  Make("a.db-wal");
  EXPECT_EQ(Words("a.db-wal", 0, 32), ": of its header");
  EXPECT_EQ(Words("a.db-wal", 32, 24), ": of the header of frame 1");
  EXPECT_EQ(Words("a.db-wal", 56, kPage), ": of the page of frame 1");
  EXPECT_EQ(Words("a.db-wal", 56 + kPage, 24), ": of the header of frame 2");
  EXPECT_EQ(Words("a.db-wal", 32, 24 + kPage), ": frame 1");
  EXPECT_EQ(Words("a.db-wal", 32, 2 * (24 + kPage)), ": frames 1 to 2");
}

TEST_F(ChangeWordsTest, WhatCannotBeKnownIsNotSaid) {
  storage_.Create("/r/file");
  storage_.Create("/r/b.db-wal");
  storage_.Create("/r/a.db-journal");
  EXPECT_EQ(Words("file", 0, kPage), "");
  EXPECT_EQ(Words("b.db-wal", 32, 24), "");
  EXPECT_EQ(Words("a.db-journal", 512, 4), "");
  EXPECT_EQ(Words("a.db-journal", 0, 12), ": of its header");
  EXPECT_EQ(Words("gone", 0, 1), "");
}

TEST_F(ChangeWordsTest, ANameOfAProgramIsEscaped) {
  PendingChange change;
  change.kind = PendingChange::Kind::kUnlink;
  change.path = "/r/a\033[31m";
  EXPECT_EQ(InWords(change, storage_, "/r").find('\033'), std::string::npos);
}

}  // namespace
}  // namespace lastcommit
