#include "trial/sim_remains.h"

#include "disk/shim_vfs.h"
#include "disk/super_journal.h"
#include "gtest/gtest.h"
#include "matchers.h"
#include "store/attached.h"

namespace lastcommit {
namespace {

int g_reads = 0;

absl::StatusOr<State> CountedRead(sqlite3* /*connection*/,
                                  const std::string& /*path*/) {
  ++g_reads;
  return State();
}

class SimRemainsTest : public testing::Test {
 protected:
  SimRemainsTest() {
    EXPECT_THAT(RegisterShimVfs(), IsOk());
    EXPECT_THAT(RegisterSimVfs(), IsOk());
    entry_.read = CountedRead;
    image_.Create(kSimDatabase);
    g_reads = 0;
  }

  SimRemains Remains(std::uint64_t digest) { return {image_, digest, known_}; }

  SaverEntry entry_ = {};
  Storage image_{Storage::Options{}};
  KnownImages known_;
};

TEST_F(SimRemainsTest, TheSameImageIsReadOnce) {
  const auto first = Remains(1).ReadCopy(entry_, CopyWhat::kAll);
  const auto second = Remains(1).ReadCopy(entry_, CopyWhat::kAll);
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(g_reads, 1);
}

TEST_F(SimRemainsTest, AnotherImageIsRead) {
  EXPECT_THAT(Remains(1).ReadCopy(entry_, CopyWhat::kAll), IsOk());
  EXPECT_THAT(Remains(2).ReadCopy(entry_, CopyWhat::kAll), IsOk());
  EXPECT_EQ(g_reads, 2);
}

TEST_F(SimRemainsTest, TheDatabaseAloneIsAnotherImage) {
  EXPECT_THAT(Remains(1).ReadCopy(entry_, CopyWhat::kAll), IsOk());
  EXPECT_THAT(Remains(1).ReadCopy(entry_, CopyWhat::kDatabaseAlone), IsOk());
  EXPECT_EQ(g_reads, 2);
}

TEST_F(SimRemainsTest, WhatTheSaverHasOpenedIsReadEachTime) {
  SimRemains remains = Remains(1);
  EXPECT_THAT(remains.ReadCopy(entry_, CopyWhat::kAll), IsOk());
  remains.database();
  EXPECT_THAT(remains.ReadCopy(entry_, CopyWhat::kAll), IsOk());
  EXPECT_THAT(remains.ReadCopy(entry_, CopyWhat::kAll), IsOk());
  EXPECT_EQ(g_reads, 3);
}

TEST_F(SimRemainsTest, AJournalIsHotOnlyWhileItsSuperJournalIsThere) {
  const std::string attached = AttachedPath(kSimDatabase, 1);
  const std::string super = std::string(kSimDatabase) + "-mj1234569AB";
  for (const std::string& path : {std::string(kSimDatabase), attached}) {
    if (path == attached) image_.Create(path);
    image_.Write(image_.Find(path), 0, "database");
  }
  const InodeId journal = image_.Create(attached + "-journal");
  image_.Write(journal, 0, "records" + SuperJournalRecord(super));
  EXPECT_FALSE(Remains(1).FindLeftovers().hot_journal);
  image_.Create(super);
  EXPECT_TRUE(Remains(2).FindLeftovers().hot_journal);
}

TEST_F(SimRemainsTest, TheWalsOfAllDatabasesAreLeft) {
  image_.Create(AttachedPath(kSimDatabase, 1));
  image_.Write(image_.Create(std::string(kSimDatabase) + "-wal"), 0, "12");
  image_.Write(image_.Create(AttachedPath(kSimDatabase, 1) + "-wal"), 0, "345");
  EXPECT_EQ(Remains(1).FindLeftovers().wal_bytes, 5);
}

TEST_F(SimRemainsTest, WithoutADatabaseThereIsNothingToRead) {
  image_.Unlink(kSimDatabase);
  const auto read = Remains(1).ReadCopy(entry_, CopyWhat::kAll);
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ((*read)->observation.state.cut, -1);
  EXPECT_EQ(g_reads, 0);
}

}  // namespace
}  // namespace lastcommit
