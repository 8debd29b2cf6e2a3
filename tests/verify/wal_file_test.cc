#include "verify/wal_file.h"

#include <string>

#include "gmock/gmock.h"
#include "matchers.h"
#include "verify/databases.h"

namespace lastcommit {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrame = 24 + 4096;

// A WAL of three transactions of one frame each, behind that of the schema.
class WalFileTest : public testing::Test {
 protected:
  WalFileTest() {
    Sql sql(made_.Path("a.db"));
    sql.Run("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;");
    sql.Run("CREATE TABLE t (a)");
    sql.Run("PRAGMA wal_checkpoint(TRUNCATE)");
    for (int i = 0; i < 3; ++i) sql.Run("INSERT INTO t VALUES (1)");
    CopyAsKilled(made_, directory_);
    sql.Run("PRAGMA wal_checkpoint");
    CopyAsKilled(made_, checkpointed_);
    sql.Run("INSERT INTO t VALUES (1)");
    CopyAsKilled(made_, restarted_);
  }
  static WalState Read(const Directory& directory) {
    const absl::StatusOr<WalState> state = ReadWal(directory.Path("a.db"));
    EXPECT_THAT(state, IsOk());
    return state.value_or(WalState());
  }

  Directory made_;
  Directory directory_;
  Directory checkpointed_;
  Directory restarted_;
};

TEST_F(WalFileTest, FramesCommitsAndPagesAreCounted) {
  const WalState state = Read(directory_);
  EXPECT_EQ(state.header, WalHeader::kValid);
  EXPECT_EQ(state.bytes, kHeader + 3 * kFrame);
  EXPECT_EQ(state.frames, 3);
  EXPECT_EQ(state.valid, 3);
  EXPECT_EQ(state.committed, 3);
  EXPECT_EQ(state.transactions, 3);
  EXPECT_EQ(state.pages, 1);
  EXPECT_EQ(state.checkpointed_pages, 0);
  EXPECT_EQ(state.ignored, 0);
}

TEST_F(WalFileTest, ACheckpointIsSeenInTheDatabase) {
  EXPECT_EQ(Read(checkpointed_).checkpointed_pages, 1);
}

TEST_F(WalFileTest, FramesOfAnOlderWalAreNoGap) {
  const WalState state = Read(restarted_);
  EXPECT_EQ(state.frames, 3);
  EXPECT_EQ(state.valid, 1);
  EXPECT_EQ(state.end, WalEnd::kOlder);
  EXPECT_EQ(state.ignored, 0);
  EXPECT_EQ(state.ignored_older, 2);
}

// An old header before new frames: a write of it that was lost.
TEST_F(WalFileTest, ACommitOfANewerGenerationIsCountedAndIsTheLatest) {
  directory_.Put("a.db", restarted_.Get("a.db"));
  directory_.Put("a.db-wal", directory_.Get("a.db-wal").substr(0, kHeader) +
                                 restarted_.Get("a.db-wal").substr(kHeader));
  const WalState state = Read(directory_);
  EXPECT_EQ(state.header, WalHeader::kValid);
  EXPECT_EQ(state.valid, 0);
  EXPECT_EQ(state.end, WalEnd::kNewer);
  EXPECT_EQ(state.ignored_newer, 1);
  EXPECT_EQ(state.ignored, 2);
  // Those of the generation of the header do, the newer one does not.
  EXPECT_EQ(state.ignored_pages, 1);
  EXPECT_EQ(state.ignored_pages_in_database, 0);
}

TEST_F(WalFileTest, FramesOfAnotherWalAreForeign) {
  Overwrite(directory_, "a.db-wal", kHeader + kFrame + 8, "\x7f\x01");
  Overwrite(directory_, "a.db-wal", kHeader + kFrame + 24, "x");
  const WalState state = Read(directory_);
  EXPECT_EQ(state.valid, 1);
  EXPECT_EQ(state.end, WalEnd::kForeign);
}

TEST_F(WalFileTest, ACommitBehindAFrameThatDoesNotMatchIsCounted) {
  Overwrite(directory_, "a.db-wal", kHeader + kFrame + 100, "x");
  const WalState state = Read(directory_);
  EXPECT_EQ(state.valid, 1);
  EXPECT_EQ(state.committed, 1);
  EXPECT_EQ(state.ignored, 2);
}

TEST_F(WalFileTest, CopiesOfFramesThatCountAreNothingThatIsIgnored) {
  const std::string wal = directory_.Get("a.db-wal");
  directory_.Put("a.db-wal", wal + wal.substr(kHeader + kFrame));
  const WalState state = Read(directory_);
  EXPECT_EQ(state.frames, 5);
  EXPECT_EQ(state.transactions, 3);
  EXPECT_EQ(state.end, WalEnd::kWrongChecksum);
  EXPECT_EQ(state.ignored + state.ignored_newer + state.ignored_older, 0);
}

TEST_F(WalFileTest, ALastFrameThatIsCutOffIsNotCounted) {
  directory_.Put(
      "a.db-wal",
      directory_.Get("a.db-wal").substr(0, kHeader + 3 * kFrame - 1));
  EXPECT_EQ(Read(directory_).frames, 2);
}

TEST_F(WalFileTest, AHeaderThatDoesNotMatchMakesItNoWal) {
  for (const std::size_t at : {0, 4, 8, 12, 16, 24}) {
    const Directory copy;
    CopyAsKilled(directory_, copy);
    Overwrite(copy, "a.db-wal", at, "\xff\xff");
    EXPECT_NE(Read(copy).header, WalHeader::kValid) << at;
    EXPECT_EQ(Read(copy).valid, 0) << at;
    EXPECT_EQ(Read(copy).ignored, 3) << at;
  }
}

TEST_F(WalFileTest, NoFileIsAnEmptyWal) {
  const Directory empty;
  EXPECT_EQ(Read(empty).bytes, 0);
  EXPECT_EQ(Read(empty).header, WalHeader::kNone);
}

// SQLite's own count, for a WAL with more than one page in a transaction.
TEST_F(WalFileTest, SqliteRecoversAsManyFramesAsAreCommitted) {
  const Directory killed;
  {
    Sql sql(made_.Path("b.db"));
    sql.Run("PRAGMA journal_mode = WAL");
    sql.Run(kRows);
    sql.Run("BEGIN; DELETE FROM t WHERE a % 3 = 0; COMMIT");
    CopyAsKilled(made_, killed);
  }
  const absl::StatusOr<WalState> state = ReadWal(killed.Path("b.db"));
  ASSERT_THAT(state, IsOk());
  Sql recovered(killed.Path("b.db"));
  int frames = 0;
  recovered.Run("SELECT count(*) FROM t");
  sqlite3_wal_checkpoint_v2(recovered.connection(), nullptr,
                            SQLITE_CHECKPOINT_PASSIVE, &frames, nullptr);
  EXPECT_GT(frames, 10);
  EXPECT_EQ(state->committed, frames);
}

}  // namespace
}  // namespace lastcommit
