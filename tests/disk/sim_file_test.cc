// Files of the simulated disk, without a database around them: what unix does
// in the corners, what is synced when, and what an observer can do.

#include <sqlite3.h>

#include <string>
#include <vector>

#include "directory.h"
#include "disk/memory_faults.h"
#include "sim_fixture.h"

namespace lastcommit {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int kCreate = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
constexpr int kTemporary =
    kCreate | SQLITE_OPEN_EXCLUSIVE | SQLITE_OPEN_DELETEONCLOSE;

class SimFileTest : public SimTest {
 protected:
  static sqlite3_vfs* vfs() { return RawFile::vfs(); }
  static int Delete(const std::string& path, bool syncs_directory = false) {
    return vfs()->xDelete(vfs(), path.c_str(), syncs_directory ? 1 : 0);
  }
  static bool Access(const std::string& path, int flags) {
    int answer = -1;
    EXPECT_EQ(vfs()->xAccess(vfs(), path.c_str(), flags, &answer), SQLITE_OK);
    return answer == 1;
  }
  std::vector<std::string> DurablePaths() {
    return AfterPowerLoss(SurvivalKind::kNone).Paths();
  }
  std::string DurableContent(const std::string& path) {
    return ContentOf(AfterPowerLoss(SurvivalKind::kNone), path);
  }
  void Observe() { disk_->set_observer(&watcher_); }
  // Each call of that kind gets the error, before or during it.
  void FailBefore(VfsCallKind kind, int error) {
    watcher_.before = [=](const VfsCall& call) {
      return call.kind == kind ? error : SQLITE_OK;
    };
    Observe();
  }
  void FailDuring(VfsCallKind kind, int error) {
    watcher_.during = [=](const VfsCall& call) {
      return call.kind == kind ? error : SQLITE_OK;
    };
    Observe();
  }
};

// The machine's memory is not the program's, which runs out.
TEST_F(SimFileTest, TheDiskNeverLacksMemory) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  const std::string bytes(100'000, 'a');
  FailAllocations(Allocator::kNew, 1, 0);
  const int result = [&] {
    const NewMayFail may_fail;
    return file.Write(bytes, 0);
  }();
  EXPECT_EQ(FailedAllocations(), 0);
  FailAllocations(Allocator::kNew, 0, 0);
  EXPECT_EQ(result, SQLITE_OK);
  EXPECT_EQ(Content("/a"), bytes);
}

// ---- Opening ----

TEST_F(SimFileTest, AMissingFileIsOnlyMadeOnRequest) {
  RawFile missing("/a", SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_READWRITE);
  EXPECT_EQ(missing.open_result(), SQLITE_CANTOPEN);
  EXPECT_EQ(missing.file()->pMethods, nullptr);
  EXPECT_FALSE(Has("/a"));
  RawFile made("/a", SQLITE_OPEN_MAIN_DB, kCreate);
  EXPECT_EQ(made.open_result(), SQLITE_OK);
  EXPECT_EQ(made.out_flags(), SQLITE_OPEN_MAIN_DB | kCreate);
  EXPECT_TRUE(Has("/a"));
}

TEST_F(SimFileTest, AFileForReadingRefusesChanges) {
  RawFile("/a", SQLITE_OPEN_MAIN_DB).Write("abc", 0);
  RawFile file("/a", SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_READONLY);
  EXPECT_EQ(file.Read(3, 0), "abc");
  EXPECT_EQ(file.Write("x", 0), SQLITE_IOERR_WRITE);
  EXPECT_EQ(file.methods().xTruncate(file.file(), 0), SQLITE_IOERR_TRUNCATE);
  EXPECT_EQ(Content("/a"), "abc");
}

TEST_F(SimFileTest, AnExclusiveOpenOfWhatIsThereReadsOnlyAsOnUnix) {
  const auto out_flags = [](const std::string& path) {
    RawFile first(path, SQLITE_OPEN_SUPER_JOURNAL);
    return RawFile(path, SQLITE_OPEN_SUPER_JOURNAL,
                   kCreate | SQLITE_OPEN_EXCLUSIVE)
        .out_flags();
  };
  const int sim = out_flags("/a");
  EXPECT_TRUE((sim & SQLITE_OPEN_READONLY) != 0);
  UseSimDisk(nullptr);
  const Directory directory;
  EXPECT_EQ(out_flags(directory.Path("a")), sim);
}

TEST_F(SimFileTest, ATemporaryFileHasNoNameAndIsGoneWhenClosed) {
  const std::int64_t before = disk_->storage().AllocatedSectors();
  {
    RawFile anonymous("", SQLITE_OPEN_TEMP_DB, kTemporary);
    RawFile named("/etilqs_1", SQLITE_OPEN_TEMP_JOURNAL, kTemporary);
    EXPECT_EQ(anonymous.Write("abc", 0), SQLITE_OK);
    EXPECT_EQ(named.Write("def", 0), SQLITE_OK);
    EXPECT_EQ(anonymous.Read(3, 0) + named.Read(3, 0), "abcdef");
    EXPECT_THAT(disk_->storage().Paths(), IsEmpty());
  }
  disk_->storage().SyncDirectory();
  EXPECT_EQ(disk_->storage().AllocatedSectors(), before);
}

TEST_F(SimFileTest, AnUnlinkedFileIsReadByWhoHasItOpen) {
  RawFile old("/a", SQLITE_OPEN_MAIN_DB);
  old.Write("old", 0);
  EXPECT_EQ(Delete("/a"), SQLITE_OK);
  RawFile young("/a", SQLITE_OPEN_MAIN_DB);
  young.Write("young", 0);
  EXPECT_EQ(old.Read(3, 0), "old");
  EXPECT_EQ(old.Size(), 3);
  int has_moved = -1;
  old.methods().xFileControl(old.file(), SQLITE_FCNTL_HAS_MOVED, &has_moved);
  EXPECT_EQ(has_moved, 1);
  young.methods().xFileControl(young.file(), SQLITE_FCNTL_HAS_MOVED,
                               &has_moved);
  EXPECT_EQ(has_moved, 0);
}

TEST_F(SimFileTest, NamesAreAbsolute) {
  std::string full(100, '\0');
  EXPECT_EQ(vfs()->xFullPathname(vfs(), "x.db", 100, full.data()), SQLITE_OK);
  EXPECT_STREQ(full.c_str(), "/dev/null/lastcommit/x.db");
  EXPECT_EQ(vfs()->xFullPathname(vfs(), "/x.db", 100, full.data()), SQLITE_OK);
  EXPECT_STREQ(full.c_str(), "/x.db");
  EXPECT_EQ(vfs()->xFullPathname(vfs(), "x.db", 25, full.data()),
            SQLITE_CANTOPEN);
}

// ---- Reading ----

TEST_F(SimFileTest, AReadBeyondTheEndIsShortAndZero) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  file.Write("abc", 0);
  int result = SQLITE_OK;
  EXPECT_EQ(file.Read(5, 1, &result), std::string("bc\0\0\0", 5));
  EXPECT_EQ(result, SQLITE_IOERR_SHORT_READ);
  EXPECT_EQ(file.Read(2, 100, &result), std::string(2, '\0'));
  EXPECT_EQ(result, SQLITE_IOERR_SHORT_READ);
}

TEST_F(SimFileTest, AnEmptyFileDoesNotExistButCanBeWritten) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  EXPECT_FALSE(Access("/a", SQLITE_ACCESS_EXISTS));
  EXPECT_TRUE(Access("/a", SQLITE_ACCESS_READWRITE));
  file.Write("abc", 0);
  EXPECT_TRUE(Access("/a", SQLITE_ACCESS_EXISTS));
  EXPECT_FALSE(Access("/b", SQLITE_ACCESS_READWRITE));
}

// What a file is asked that is not read or written.
struct Answers {
  int sector_size;
  int characteristics;
  std::vector<int> controls;
  std::int64_t size_of_one_byte;

  bool operator==(const Answers&) const = default;
};

Answers Ask(const std::string& path) {
  RawFile file(path, SQLITE_OPEN_MAIN_DB);
  const auto control = [&](int operation, int value) {
    EXPECT_EQ(file.methods().xFileControl(file.file(), operation, &value),
              SQLITE_OK);
    return value;
  };
  Answers answers = {};
  answers.sector_size = file.methods().xSectorSize(file.file());
  answers.characteristics = file.methods().xDeviceCharacteristics(file.file());
  answers.controls = {control(SQLITE_FCNTL_PERSIST_WAL, -1),
                      control(SQLITE_FCNTL_PERSIST_WAL, 1),
                      control(SQLITE_FCNTL_PERSIST_WAL, -1),
                      control(SQLITE_FCNTL_POWERSAFE_OVERWRITE, -1),
                      control(SQLITE_FCNTL_LOCKSTATE, -1),
                      control(SQLITE_FCNTL_LAST_ERRNO, -1),
                      control(SQLITE_FCNTL_HAS_MOVED, -1)};
  file.Write("x", 0);
  answers.size_of_one_byte = file.Size();
  return answers;
}

TEST_F(SimFileTest, AFileAnswersAsUnixDoes) {
  const Answers sim = Ask("/a");
  UseSimDisk(nullptr);
  const Directory directory;
  EXPECT_TRUE(Ask(directory.Path("a")) == sim);
  EXPECT_EQ(sim.sector_size, 4096);
  EXPECT_THAT(sim.controls, ElementsAre(0, 1, 1, 1, 0, 0, 0));
}

TEST_F(SimFileTest, TheDiskSaysHowItsSectorsAre) {
  Storage::Options options;
  options.sector_size = 512;
  options.powersafe_overwrite = false;
  Start(Storage(options));
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  EXPECT_EQ(file.methods().xSectorSize(file.file()), 512);
  int powersafe = 1;
  file.methods().xFileControl(file.file(), SQLITE_FCNTL_POWERSAFE_OVERWRITE,
                              &powersafe);
  EXPECT_EQ(file.methods().xDeviceCharacteristics(file.file()) &
                SQLITE_IOCAP_POWERSAFE_OVERWRITE,
            0)
      << "nobody makes a disk safer than it is";
}

TEST_F(SimFileTest, AnUriMayRenouncePowersafeOverwrites) {
  Connection connection("file:/a?psow=0");
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection.get(), "main", SQLITE_FCNTL_FILE_POINTER,
                       static_cast<void*>(&file));
  EXPECT_EQ(file->pMethods->xDeviceCharacteristics(file) &
                SQLITE_IOCAP_POWERSAFE_OVERWRITE,
            0);
}

// ---- What is durable when ----

TEST_F(SimFileTest, OnlySyncedBytesAreDurable) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  disk_->storage().SyncDirectory();
  file.Write("abc", 0);
  file.Sync();
  file.Write("x", 1);
  EXPECT_EQ(DurableContent("/a"), "abc");
  file.Sync();
  EXPECT_EQ(DurableContent("/a"), "axc");
}

TEST_F(SimFileTest, TheFirstSyncOfAJournalSyncsTheDirectory) {
  for (const int type :
       {SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_SUPER_JOURNAL, SQLITE_OPEN_WAL}) {
    Start(Storage(Storage::Options{}));
    RawFile database("/a", SQLITE_OPEN_MAIN_DB);
    RawFile journal("/a-journal", type);
    EXPECT_THAT(DurablePaths(), IsEmpty());
    journal.Sync();
    EXPECT_THAT(DurablePaths(), ElementsAre("/a", "/a-journal"));
    RawFile other("/b", SQLITE_OPEN_MAIN_DB);
    journal.Sync();
    EXPECT_THAT(DurablePaths(), ElementsAre("/a", "/a-journal"));
  }
}

TEST_F(SimFileTest, ASyncOfADatabaseOrATemporaryFileLeavesTheDirectoryAlone) {
  for (const int type : {SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_TEMP_DB,
                         SQLITE_OPEN_TEMP_JOURNAL, SQLITE_OPEN_SUBJOURNAL}) {
    RawFile file("/a", type);
    file.Sync();
    EXPECT_THAT(DurablePaths(), IsEmpty());
  }
}

TEST_F(SimFileTest, AJournalThatIsOpenedWithoutCreateLeavesTheDirectoryAlone) {
  RawFile database("/a", SQLITE_OPEN_MAIN_DB);
  RawFile made("/a-journal", SQLITE_OPEN_MAIN_JOURNAL);
  RawFile found("/a-journal", SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_READWRITE);
  found.Sync();
  EXPECT_THAT(DurablePaths(), IsEmpty());
}

TEST_F(SimFileTest, ADeletionIsDurableIfSqliteAsksForIt) {
  RawFile("/a", SQLITE_OPEN_MAIN_DB);
  RawFile("/b", SQLITE_OPEN_MAIN_DB);
  disk_->storage().SyncDirectory();
  EXPECT_EQ(Delete("/a"), SQLITE_OK);
  EXPECT_THAT(DurablePaths(), ElementsAre("/a", "/b"));
  EXPECT_EQ(Delete("/b", true), SQLITE_OK);
  EXPECT_THAT(DurablePaths(), IsEmpty());
}

TEST_F(SimFileTest, AMissingFileIsNotDeleted) {
  EXPECT_EQ(Delete("/a"), SQLITE_IOERR_DELETE_NOENT);
}

// ---- The observer ----

TEST_F(SimFileTest, EveryKindOfCallIsSeenOnce) {
  std::vector<VfsCallKind> kinds;
  watcher_.before = [&](const VfsCall& call) {
    kinds.push_back(call.kind);
    return SQLITE_OK;
  };
  Observe();
  {
    RawFile file("/a", SQLITE_OPEN_MAIN_DB);
    file.Write("abc", 0);
    file.Read(3, 0);
    file.Sync();
    file.methods().xTruncate(file.file(), 1);
    file.Size();
    file.Lock(SQLITE_LOCK_SHARED);
    file.IsReserved();
    file.Unlock(SQLITE_LOCK_NONE);
    file.ShmMap(0, true);
    file.ShmLock(3, SQLITE_SHM_SHARED);
    file.methods().xShmBarrier(file.file());
    file.ShmUnlock(3, SQLITE_SHM_SHARED);
    file.methods().xShmUnmap(file.file(), 0);
    void* page = &kinds;
    file.methods().xFetch(file.file(), 0, 1, &page);
    EXPECT_EQ(page, nullptr);
    file.methods().xUnfetch(file.file(), 0, nullptr);
    file.methods().xFileControl(file.file(), SQLITE_FCNTL_PDB, nullptr);
  }
  Access("/a", SQLITE_ACCESS_EXISTS);
  Delete("/a");
  vfs()->xSleep(vfs(), 1);
  double now = 0;
  vfs()->xCurrentTime(vfs(), &now);
  using enum VfsCallKind;
  EXPECT_THAT(kinds, ElementsAre(kOpen, kWrite, kRead, kSync, kTruncate,
                                 kFileSize, kLock, kCheckReservedLock, kUnlock,
                                 kShmMap, kShmLock, kShmBarrier, kShmUnlock,
                                 kShmUnmap, kFetch, kUnfetch, kFileControl,
                                 kClose, kAccess, kDelete, kSleep, kTime));
}

TEST_F(SimFileTest, AnErrorBeforeAWriteLeavesNothing) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  FailBefore(VfsCallKind::kWrite, SQLITE_IOERR_WRITE);
  EXPECT_EQ(file.Write("abcdef", 0), SQLITE_IOERR_WRITE);
  EXPECT_EQ(Content("/a"), "");
}

TEST_F(SimFileTest, AnErrorDuringAWriteLeavesItsFirstPart) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  FailDuring(VfsCallKind::kWrite, SQLITE_IOERR_WRITE);
  watcher_.divide = [](const VfsCall&) { return 2; };
  EXPECT_EQ(file.Write("abcdef", 0), SQLITE_IOERR_WRITE);
  EXPECT_EQ(Content("/a"), "ab");
}

TEST_F(SimFileTest, AWriteThatIsShownInPartStaysOneChange) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  std::string part;
  watcher_.divide = [](const VfsCall&) { return 2; };
  watcher_.during = [&](const VfsCall&) {
    part = Content("/a");
    return SQLITE_OK;
  };
  Observe();
  EXPECT_EQ(file.Write("abcdef", 0), SQLITE_OK);
  EXPECT_EQ(part, "ab");
  EXPECT_EQ(Content("/a"), "abcdef");
  EXPECT_EQ(disk_->storage().PendingChanges().size(), 2U);  // and the name
}

TEST_F(SimFileTest, AfterAFailedSyncTheBytesAreUnsynced) {
  RawFile database("/a", SQLITE_OPEN_MAIN_DB);
  RawFile file("/a-wal", SQLITE_OPEN_WAL);
  file.Write("abc", 0);
  FailBefore(VfsCallKind::kSync, SQLITE_IOERR_FSYNC);
  EXPECT_EQ(file.Sync(), SQLITE_IOERR_FSYNC);
  EXPECT_THAT(DurablePaths(), IsEmpty());
  watcher_.before = nullptr;
  EXPECT_EQ(file.Sync(), SQLITE_OK);
  EXPECT_EQ(DurableContent("/a-wal"), "abc");
}

TEST_F(SimFileTest, BetweenTheTwoHalvesOfASyncTheNameIsNotDurable) {
  RawFile database("/a", SQLITE_OPEN_MAIN_DB);
  RawFile file("/a-wal", SQLITE_OPEN_WAL);
  file.Write("abc", 0);
  FailDuring(VfsCallKind::kSync, SQLITE_IOERR_FSYNC);
  EXPECT_EQ(file.Sync(), SQLITE_IOERR_FSYNC);
  EXPECT_THAT(DurablePaths(), IsEmpty());
  disk_->storage().SyncDirectory();
  EXPECT_EQ(DurableContent("/a-wal"), "abc");
}

TEST_F(SimFileTest, WhatGivesBackTakesPlaceInSpiteOfAnError) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  RawFile other("/a", SQLITE_OPEN_MAIN_DB);
  file.Lock(SQLITE_LOCK_SHARED);
  file.Lock(SQLITE_LOCK_EXCLUSIVE);
  FailBefore(VfsCallKind::kUnlock, SQLITE_IOERR_UNLOCK);
  EXPECT_EQ(file.Unlock(SQLITE_LOCK_NONE), SQLITE_IOERR_UNLOCK);
  EXPECT_EQ(other.Lock(SQLITE_LOCK_SHARED), SQLITE_OK);
}

TEST_F(SimFileTest, TheObserverHearsTheResult) {
  std::vector<int> results;
  watcher_.after = [&](const VfsCall&, int result) {
    results.push_back(result);
  };
  FailBefore(VfsCallKind::kTruncate, SQLITE_IOERR_TRUNCATE);
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  file.Read(1, 0);
  file.methods().xTruncate(file.file(), 0);
  EXPECT_THAT(results, ElementsAre(SQLITE_OK, SQLITE_IOERR_SHORT_READ,
                                   SQLITE_IOERR_TRUNCATE));
}

TEST_F(SimFileTest, AWriteThatDoesNotFitLandsAsFarAsItFits) {
  RawFile file("/a", SQLITE_OPEN_MAIN_DB);
  disk_->set_capacity_sectors(2);
  EXPECT_EQ(file.Write(std::string(12288, 'x'), 100), SQLITE_FULL);
  EXPECT_EQ(file.Size(), 8192);
  EXPECT_EQ(file.Write(std::string(8000, 'y'), 0), SQLITE_OK);
  file.methods().xTruncate(file.file(), 4096);
  EXPECT_EQ(file.Write("z", 20000), SQLITE_OK) << "a truncation gives back";
}

}  // namespace
}  // namespace lastcommit
