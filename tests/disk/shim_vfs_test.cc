#include "disk/shim_vfs.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "matchers.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

std::string Print(const IoCall& call) {
  std::string text(Name(call.kind));
  text.append(" ").append(Name(call.role));
  if (call.offset != 0 || call.amount != 0) {
    text += " " + std::to_string(call.offset);
  }
  if (call.amount != 0) text += "+" + std::to_string(call.amount);
  return text;
}

// Writes down what it is told; may cut the next write.
class Recorder : public IoObserver {
 public:
  std::optional<std::int64_t> BeforeCall(const IoCall& call) override {
    before.push_back(Print(call));
    return cut;
  }
  void DuringCall(const IoCall& call) override {
    during.push_back(Print(call));
    if (look) look();
  }
  void AfterCall(const IoCall& call) override { after.push_back(Print(call)); }

  std::vector<std::string> before;
  std::vector<std::string> during;
  std::vector<std::string> after;
  std::optional<std::int64_t> cut;
  std::function<void()> look;  // in DuringCall
};

// A file opened through the shim, without a database around it.
class ShimFile {
 public:
  ShimFile(const std::string& path, int type)
      // A zero behind the name ends its list of parameters.
      : name_(path + std::string(4, '\0')),
        memory_(static_cast<std::size_t>(vfs()->szOsFile)) {
    EXPECT_EQ(vfs()->xOpen(vfs(), name_.c_str(), file(),
                           type | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                           nullptr),
              SQLITE_OK);
  }
  ~ShimFile() {
    if (file()->pMethods != nullptr) file()->pMethods->xClose(file());
  }
  ShimFile(const ShimFile&) = delete;
  ShimFile& operator=(const ShimFile&) = delete;

  static sqlite3_vfs* vfs() { return sqlite3_vfs_find(nullptr); }
  sqlite3_file* file() {
    return reinterpret_cast<sqlite3_file*>(memory_.data());
  }

  void Write(const std::string& bytes, std::int64_t offset) {
    EXPECT_EQ(file()->pMethods->xWrite(file(), bytes.data(),
                                       static_cast<int>(bytes.size()), offset),
              SQLITE_OK);
  }
  void Truncate(std::int64_t size) {
    EXPECT_EQ(file()->pMethods->xTruncate(file(), size), SQLITE_OK);
  }
  void Sync() {
    EXPECT_EQ(file()->pMethods->xSync(file(), SQLITE_SYNC_NORMAL), SQLITE_OK);
  }

 private:
  std::string name_;
  std::vector<char> memory_;
};

class ShimVfsTest : public testing::Test {
 protected:
  ShimVfsTest() { EXPECT_THAT(RegisterShimVfs(), IsOk()); }
  ~ShimVfsTest() override {
    SetIoObserver(nullptr);
    PromisePowersafeOverwrite(true);
  }

  void Observe() { SetIoObserver(&recorder_); }
  ShimFile Open(const std::string& name, int type = SQLITE_OPEN_MAIN_DB) {
    return ShimFile(directory_.Path(name), type);
  }
  void Delete(const std::string& name) {
    sqlite3_vfs* vfs = ShimFile::vfs();
    EXPECT_EQ(vfs->xDelete(vfs, directory_.Path(name).c_str(), 0), SQLITE_OK);
  }
  std::int64_t SizeOf(const std::string& name) {
    struct stat info = {};
    return stat(directory_.Path(name).c_str(), &info) == 0 ? info.st_size : -1;
  }

  // Opens a database, runs the statements and closes it.
  void Sql(const std::string& name, const std::string& sql) {
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open(directory_.Path(name).c_str(), &connection),
              SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
              SQLITE_OK)
        << sqlite3_errmsg(connection);
    sqlite3_close(connection);
  }
  // The bytes of a new WAL, before its database is closed.
  std::string WalBytes(const std::string& name, std::uint32_t seed) {
    SeedSqliteRandomness(seed);
    sqlite3* connection = nullptr;
    sqlite3_open(directory_.Path(name).c_str(), &connection);
    EXPECT_EQ(sqlite3_exec(connection,
                           "PRAGMA journal_mode = WAL; CREATE TABLE t(x);"
                           "INSERT INTO t VALUES (randomblob(100));",
                           nullptr, nullptr, nullptr),
              SQLITE_OK);
    const std::string bytes = directory_.Get(name + "-wal");
    sqlite3_close(connection);
    return bytes;
  }

  Directory directory_;
  Recorder recorder_;
};

TEST_F(ShimVfsTest, PromisesPowersafeOverwriteUnlessItIsToldOtherwise) {
  const auto promise = [&](const std::string& name, int type) {
    ShimFile file = Open(name, type);
    return (file.file()->pMethods->xDeviceCharacteristics(file.file()) &
            SQLITE_IOCAP_POWERSAFE_OVERWRITE) != 0;
  };
  EXPECT_TRUE(promise("a.db", SQLITE_OPEN_MAIN_DB));
  PromisePowersafeOverwrite(false);
  EXPECT_FALSE(promise("a.db", SQLITE_OPEN_MAIN_DB));
  EXPECT_FALSE(promise("a.db-wal", SQLITE_OPEN_WAL));
  EXPECT_FALSE(promise("a.db-journal", SQLITE_OPEN_MAIN_JOURNAL));
  PromisePowersafeOverwrite(true);
  EXPECT_TRUE(promise("a.db", SQLITE_OPEN_MAIN_DB));
}

// Ten minutes, and the test ends.
TEST_F(ShimVfsTest, DoesNotSleepIfItIsToldSo) {
  constexpr int kMs = 10 * 60 * 1000;
  for (const int divisor : {kNoSleep, kMs}) {
    DivideSleeps(divisor);
    EXPECT_EQ(sqlite3_sleep(kMs), kMs);
  }
  DivideSleeps(1);
}

TEST_F(ShimVfsTest, IsTheDefaultVfs) {
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "lastcommit-shim");
  EXPECT_THAT(RegisterShimVfs(), IsOk());
  EXPECT_STREQ(sqlite3_vfs_find(nullptr)->zName, "lastcommit-shim");
}

TEST_F(ShimVfsTest, EachCountedCallReachesTheObserverInOrder) {
  Observe();
  {
    ShimFile file = Open("a");
    file.Write("0123456789", 20);
    file.Truncate(25);
    file.Sync();
  }
  Delete("a");
  EXPECT_THAT(
      recorder_.before,
      ElementsAre("open database", "write database 20+10",
                  "truncate database 25", "sync database", "delete temporary"));
  EXPECT_EQ(recorder_.after, recorder_.before);
  EXPECT_THAT(recorder_.during, IsEmpty());
}

TEST_F(ShimVfsTest, ReadsAndLocksAreNotCounted) {
  ShimFile file = Open("a");
  file.Write("0123456789", 0);
  Observe();
  char bytes[4];
  sqlite3_int64 size = 0;
  EXPECT_EQ(file.file()->pMethods->xRead(file.file(), bytes, 4, 0), SQLITE_OK);
  EXPECT_EQ(file.file()->pMethods->xFileSize(file.file(), &size), SQLITE_OK);
  EXPECT_EQ(file.file()->pMethods->xLock(file.file(), SQLITE_LOCK_SHARED),
            SQLITE_OK);
  EXPECT_EQ(file.file()->pMethods->xUnlock(file.file(), SQLITE_LOCK_NONE),
            SQLITE_OK);
  EXPECT_EQ(size, 10);
  EXPECT_THAT(recorder_.before, IsEmpty());
}

TEST_F(ShimVfsTest, TheRoleOfAnOpenFileIsWhatSqliteSaysItIs) {
  Observe();
  Open("a", SQLITE_OPEN_MAIN_DB);
  Open("a-journal", SQLITE_OPEN_MAIN_JOURNAL);
  Open("a-mj0", SQLITE_OPEN_SUPER_JOURNAL);
  Open("a-wal", SQLITE_OPEN_WAL);
  Open("e", SQLITE_OPEN_TEMP_JOURNAL);
  EXPECT_THAT(recorder_.before,
              ElementsAre("open database", "open journal", "open super_journal",
                          "open wal", "open temporary"));
}

TEST_F(ShimVfsTest, TheRoleOfADeletedFileIsThatOfItsName) {
  for (const char* name : {"a-journal", "a-wal", "a-shm", "a"}) {
    directory_.Put(name, "");
  }
  Observe();
  for (const char* name : {"a-journal", "a-wal", "a-shm", "a"}) Delete(name);
  EXPECT_THAT(recorder_.before, ElementsAre("delete journal", "delete wal",
                                            "delete shm", "delete temporary"));
}

TEST_F(ShimVfsTest, AWriteIsCutAfterExactlyAsManyBytesAsTheObserverSays) {
  for (const std::int64_t cut : {1, 4, 9}) {
    ShimFile file = Open("a");
    file.Truncate(0);
    recorder_ = Recorder();
    recorder_.cut = cut;
    recorder_.look = [&] { EXPECT_EQ(SizeOf("a"), 100 + cut); };
    Observe();
    file.Write("0123456789", 100);
    SetIoObserver(nullptr);
    EXPECT_THAT(recorder_.during, ElementsAre("write database 100+10"));
  }
}

TEST_F(ShimVfsTest, AWriteThatIsCutGoesOnWhenTheObserverReturns) {
  ShimFile file = Open("a");
  recorder_.cut = 3;
  Observe();
  file.Write("0123456789", 0);
  EXPECT_EQ(directory_.Get("a"), "0123456789");
  EXPECT_THAT(recorder_.after, ElementsAre("write database 0+10"));
}

TEST_F(ShimVfsTest, OnlyWritesAreCut) {
  ShimFile file = Open("a");
  recorder_.cut = 3;
  Observe();
  file.Sync();
  file.Truncate(0);
  EXPECT_THAT(recorder_.during, IsEmpty());
}

TEST_F(ShimVfsTest, WithoutAnObserverCallsArePassedOn) {
  {
    ShimFile file = Open("a");
    file.Write("0123456789", 0);
    file.Truncate(5);
    file.Sync();
  }
  EXPECT_EQ(directory_.Get("a"), "01234");
  Delete("a");
  EXPECT_THAT(directory_.Names(), IsEmpty());
}

TEST_F(ShimVfsTest, ARemovedObserverHearsNoMore) {
  Observe();
  ShimFile file = Open("a");
  SetIoObserver(nullptr);
  file.Sync();
  EXPECT_THAT(recorder_.before, ElementsAre("open database"));
}

TEST_F(ShimVfsTest, AFileThatCannotBeOpenedIsAnError) {
  Observe();
  sqlite3* connection = nullptr;
  EXPECT_EQ(sqlite3_open_v2(directory_.Path("none/a").c_str(), &connection,
                            SQLITE_OPEN_READWRITE, nullptr),
            SQLITE_CANTOPEN);
  sqlite3_close(connection);
}

TEST_F(ShimVfsTest, ARollbackJournalIsSeen) {
  Observe();
  Sql("a", "CREATE TABLE t(x)");
  EXPECT_THAT(recorder_.before,
              IsSupersetOf({"open database", "open journal", "sync journal",
                            "write database 0+4096", "sync database",
                            "delete journal"}));
}

TEST_F(ShimVfsTest, AWalAndItsIndexAreSeen) {
  Observe();
  Sql("a", "PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
  EXPECT_THAT(recorder_.before,
              IsSupersetOf({"open wal", "write wal 0+32", "shm_map shm",
                            "sync wal", "delete wal"}));
}

TEST_F(ShimVfsTest, ASeedMakesTheBytesOfAWal) {
  const std::string bytes = WalBytes("a", 7);
  EXPECT_GT(bytes.size(), 4096u);
  EXPECT_EQ(WalBytes("b", 7), bytes);
}

TEST_F(ShimVfsTest, AnotherSeedMakesAnotherSalt) {
  const auto salt = [](const std::string& wal) { return wal.substr(16, 8); };
  EXPECT_NE(salt(WalBytes("a", 7)), salt(WalBytes("b", 8)));
}

TEST_F(ShimVfsTest, ASeedMakesTheBytesOfADatabase) {
  constexpr char kSql[] =
      "CREATE TABLE t(x); INSERT INTO t VALUES (randomblob(5000))";
  for (const char* name : {"a", "b"}) {
    SeedSqliteRandomness(7);
    Sql(name, kSql);
  }
  SeedSqliteRandomness(8);
  Sql("c", kSql);
  EXPECT_EQ(directory_.Get("a"), directory_.Get("b"));
  EXPECT_NE(directory_.Get("a"), directory_.Get("c"));
}

TEST_F(ShimVfsTest, TheVfsGivesTheRandomnessOfTheSeed) {
  const auto draw = [](std::uint32_t seed) {
    SeedSqliteRandomness(seed);
    std::string bytes(32, '\0');
    sqlite3_vfs* vfs = ShimFile::vfs();
    EXPECT_EQ(vfs->xRandomness(vfs, 32, bytes.data()), 32);
    return bytes;
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
}

}  // namespace
}  // namespace lastcommit
