#include "disk/page_digest.h"

#include "disk/sim_fixture.h"

namespace lastcommit {
namespace {

class PageDigestTest : public SimTest {
 protected:
  struct Found {
    std::optional<std::uint64_t> digest;
    std::int64_t wal_frames = 0;
  };
  // Of a copy, as after a crash.
  Found DigestOf(const Storage& storage) {
    SimDisk disk(storage);
    UseSimDisk(&disk);
    Found found;
    {
      Connection connection;
      found.digest =
          DigestOfPages(connection.get(), disk, kSimDatabase, found.wal_frames);
    }
    UseSimDisk(disk_.get());
    return found;
  }
};

TEST_F(PageDigestTest, IsThatOfWhatIsInTheWal) {
  Connection connection;
  ASSERT_EQ(connection.Run("PRAGMA journal_mode = WAL; CREATE TABLE t (v);"
                           "INSERT INTO t VALUES (1)"),
            SQLITE_OK);
  const Found one = DigestOf(disk_->storage());
  ASSERT_TRUE(one.digest.has_value());
  EXPECT_GT(one.wal_frames, 0);
  ASSERT_EQ(connection.Run("INSERT INTO t VALUES (2)"), SQLITE_OK);
  const Found two = DigestOf(disk_->storage());
  EXPECT_NE(two.digest, one.digest);
  ASSERT_EQ(connection.Run("PRAGMA wal_checkpoint(TRUNCATE)"), SQLITE_OK);
  const Found copied = DigestOf(disk_->storage());
  EXPECT_EQ(copied.digest, two.digest);
  EXPECT_EQ(copied.wal_frames, 0);
}

TEST_F(PageDigestTest, IsThatOfWhatAHotJournalBringsBack) {
  Connection connection;
  ASSERT_EQ(connection.Run("PRAGMA cache_size = 1; CREATE TABLE t (v);"
                           "INSERT INTO t VALUES (zeroblob(20000))"),
            SQLITE_OK);
  const Found before = DigestOf(disk_->storage());
  ASSERT_TRUE(before.digest.has_value());
  ASSERT_EQ(connection.Run("BEGIN; UPDATE t SET v = randomblob(20000)"),
            SQLITE_OK);
  const Storage hot = disk_->storage();
  ASSERT_NE(hot.DigestOf(hot.Find(kSimDatabase)), *before.digest);
  EXPECT_EQ(DigestOf(hot).digest, before.digest);
}

TEST_F(PageDigestTest, OfNothingAndOfNoDatabaseThereIsNone) {
  EXPECT_FALSE(DigestOf(disk_->storage()).digest.has_value());
  const InodeId file = disk_->storage().Create(kSimDatabase);
  EXPECT_FALSE(DigestOf(disk_->storage()).digest.has_value());
  disk_->storage().Write(file, 0, std::string(4096, 'x'));
  EXPECT_FALSE(DigestOf(disk_->storage()).digest.has_value());
}

}  // namespace
}  // namespace lastcommit
