#include "trial/change_words.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

constexpr int kPage = 512;
constexpr char kDatabase[] = "/d/state.db";
constexpr char kWal[] = "/d/state.db-wal";
constexpr char kJournal[] = "/d/state.db-journal";

std::string BigEndian(std::uint32_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) {
    bytes += static_cast<char>(value >> shift & 0xff);
  }
  return bytes;
}

class ChangeWordsTest : public testing::Test {
 protected:
  InodeId Make(const std::string& path) {
    const InodeId inode = storage_.Create(path);
    storage_.SyncDirectory();
    return inode;
  }
  // The words for a write that was just made.
  std::string Write(InodeId inode, std::int64_t offset,
                    const std::string& bytes) {
    storage_.Write(inode, offset, bytes);
    return Last();
  }
  std::string Last() const {
    return InWords(storage_.PendingChanges().back(), storage_, kPage);
  }

  // https://sqlite.org/fileformat2.html#walformat
  std::string WriteWalHeader(InodeId wal, const std::string& salts) {
    return Write(wal, 0,
                 BigEndian(0x377f0682) + BigEndian(3007000) + BigEndian(kPage) +
                     BigEndian(0) + salts + std::string(8, 'c'));
  }
  std::string WriteFrameHeader(InodeId wal, int frame, std::uint32_t page,
                               std::uint32_t size_after_commit,
                               const std::string& salts) {
    return Write(wal, FrameAt(frame),
                 BigEndian(page) + BigEndian(size_after_commit) + salts +
                     std::string(8, 'c'));
  }
  static std::int64_t FrameAt(int frame) {
    return 32 + std::int64_t{frame - 1} * (24 + kPage);
  }

  // https://sqlite.org/fileformat2.html#the_rollback_journal
  static std::string JournalHeader(bool is_synced, std::uint32_t records) {
    const std::string magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
    return (is_synced ? magic : std::string(8, '\0')) + BigEndian(records) +
           BigEndian(1) + BigEndian(4) + BigEndian(512) + BigEndian(kPage) +
           std::string(512 - 28, '\0');
  }
  static std::string Page() { return std::string(kPage, 'p'); }

  Storage storage_{Storage::Options{}};
};

TEST_F(ChangeWordsTest, PagesOfTheDatabaseAreCountedFromOne) {
  const InodeId database = Make(kDatabase);
  EXPECT_EQ(Write(database, 0, Page()), "database page 1");
  EXPECT_EQ(Write(database, 3 * kPage, Page()), "database page 4");
  EXPECT_EQ(Write(database, kPage, Page() + Page()), "database pages 2 to 3");
  EXPECT_EQ(Write(database, kPage + 24, "1234"),
            "database page 2, bytes 24 to 27 of it");
}

TEST_F(ChangeWordsTest, ThePageSizeIsWhatTheDatabaseSays) {
  const InodeId database = Make(kDatabase);
  storage_.Write(database, 16, std::string("\x10\x00", 2));  // 4096
  EXPECT_EQ(Write(database, 8192, std::string(4096, 'p')), "database page 3");
}

TEST_F(ChangeWordsTest, AFrameOfTheWalBelongsToTheCommitThatEndsAfterIt) {
  const std::string salts = "saltSALT";
  const InodeId wal = Make(kWal);
  EXPECT_EQ(WriteWalHeader(wal, salts), "WAL header");
  EXPECT_EQ(WriteFrameHeader(wal, 1, 5, 0, salts),
            "WAL frame 1 of commit 1 (database page 5), its header");
  EXPECT_EQ(Write(wal, FrameAt(1) + 24, Page()),
            "WAL frame 1 of commit 1 (database page 5), its content");
  WriteFrameHeader(wal, 2, 1, 5, salts);  // a commit frame
  EXPECT_EQ(WriteFrameHeader(wal, 3, 2, 5, salts),
            "WAL frame 3 of commit 2 (database page 2), its header");
  EXPECT_EQ(WriteFrameHeader(wal, 4, 2, 5, salts),
            "WAL frame 4 of commit 3 (database page 2), its header");
  EXPECT_EQ(Write(wal, FrameAt(4), "x"),
            "WAL frame 4 of commit 3 (database page 2013265922), byte 0 of it");
}

TEST_F(ChangeWordsTest, FramesOfAnOldWalBeforeItBelongToNoCommit) {
  const InodeId wal = Make(kWal);
  WriteWalHeader(wal, "saltSALT");
  WriteFrameHeader(wal, 1, 5, 5, "formSALT");
  EXPECT_EQ(WriteFrameHeader(wal, 2, 6, 0, "saltSALT"),
            "WAL frame 2 (database page 6), its header");
}

TEST_F(ChangeWordsTest, RecordsOfAJournalAreNamedAfterTheirPage) {
  const InodeId journal = Make(kJournal);
  EXPECT_EQ(Write(journal, 0, JournalHeader(false, 0)), "journal header");
  EXPECT_EQ(Write(journal, 512, BigEndian(5)),
            "journal record of page 5, its page number");
  EXPECT_EQ(Write(journal, 516, Page()),
            "journal record of page 5, its content");
  EXPECT_EQ(Write(journal, 516 + kPage, BigEndian(0)),
            "journal record of page 5, its checksum");
  EXPECT_EQ(Write(journal, 512 + kPage + 8, BigEndian(9)),
            "journal record of page 9, its page number");
  EXPECT_EQ(Write(journal, 0, JournalHeader(true, 2).substr(0, 12)),
            "journal header (2 records)");
}

TEST_F(ChangeWordsTest, AJournalMayHaveSeveralHeaders) {
  const InodeId journal = Make(kJournal);
  storage_.Write(journal, 0, JournalHeader(true, 1));
  storage_.Write(journal, 512, BigEndian(5));
  // Behind the record of 520 bytes, at the next sector.
  EXPECT_EQ(Write(journal, 1536, JournalHeader(false, 0)), "journal header");
  EXPECT_EQ(Write(journal, 2048, BigEndian(7)),
            "journal record of page 7, its page number");
}

TEST_F(ChangeWordsTest, ZerosInTheHeaderEndAJournalThatStays) {
  const InodeId journal = Make(kJournal);
  storage_.Write(journal, 0, JournalHeader(true, 1));
  EXPECT_EQ(Write(journal, 0, std::string(28, '\0')),
            "end of the journal (its header becomes zeros)");
  EXPECT_EQ(Write(journal, 516, Page()),
            "bytes 516 to 1027 of state.db-journal");
}

TEST_F(ChangeWordsTest, TruncationsAndEntriesOfTheDirectoryNameTheirFile) {
  const InodeId journal = storage_.Create(kJournal);
  EXPECT_EQ(Last(), "directory entry of state.db-journal (created)");
  storage_.Truncate(journal, 0);
  EXPECT_EQ(Last(), "truncation of state.db-journal to 0");
  storage_.Unlink(kJournal);
  EXPECT_EQ(Last(), "directory entry of state.db-journal (deleted)");
}

TEST(FateWordsTest, ATornWriteSaysWhichBytesOfTheFileAreNotThere) {
  PendingChange change;
  change.path = kDatabase;
  change.offset = 1024;
  change.amount = 512;
  const auto words = [&](FateKind kind, std::int64_t bytes) {
    return FateInWords({0, kind, bytes}, change, "database page 3");
  };
  EXPECT_EQ(words(FateKind::kLost, 0), "lost: database page 3");
  EXPECT_EQ(words(FateKind::kHead, 100),
            "torn: database page 3: without bytes 1124 to 1535 of state.db");
  EXPECT_EQ(words(FateKind::kTail, 511),
            "torn: database page 3: without byte 1024 of state.db");
  EXPECT_EQ(words(FateKind::kHeadGarbage, 0),
            "torn: database page 3: garbage in bytes 1024 to 1535 of state.db");
  EXPECT_EQ(words(FateKind::kZeros, 0),
            "torn: database page 3: zeros in bytes 1024 to 1535 of state.db, "
            "where it grew");
}

}  // namespace
}  // namespace lastcommit
