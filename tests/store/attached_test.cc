#include "store/attached.h"

#include "gtest/gtest.h"

namespace lastcommit {
namespace {

TEST(AttachedTest, IsBesideTheMainOne) {
  EXPECT_EQ(AttachedPath("/a/b/state.db", 1), "/a/b/attached-1.db");
  EXPECT_EQ(AttachedPath("state.db", 3), "attached-3.db");
}

TEST(AttachedTest, TheNameOfAFileSaysWhoseItIs) {
  for (int database = 1; database <= kMostAttached; ++database) {
    const std::string path = AttachedPath("/a/state.db", database);
    EXPECT_EQ(DatabaseOf(path), database);
    EXPECT_EQ(DatabaseOf(path + "-wal"), database);
    EXPECT_EQ(DatabaseOf(path + "-journal"), database);
  }
  for (const char* path :
       {"", "/a/state.db", "/a/state.db-mj1234569AB", "/a/attached-",
        "/a/attached-0.db", "/a/attached-4.db", "/attached-1.db/state.db"}) {
    EXPECT_EQ(DatabaseOf(path), 0) << path;
  }
}

TEST(AttachedTest, ASuperJournalIsMadeWithARollbackJournalAndSyncs) {
  Profile profile;
  profile.journal_mode = saver::JournalMode::kDelete;
  EXPECT_TRUE(IsAtomicOverAttached(profile));
  profile.synchronous = saver::Synchronous::kOff;
  EXPECT_FALSE(IsAtomicOverAttached(profile));
  profile.synchronous = saver::Synchronous::kExtra;
  for (const saver::JournalMode mode :
       {saver::JournalMode::kWal, saver::JournalMode::kMemory,
        saver::JournalMode::kOff}) {
    profile.journal_mode = mode;
    EXPECT_FALSE(IsAtomicOverAttached(profile));
  }
}

}  // namespace
}  // namespace lastcommit
