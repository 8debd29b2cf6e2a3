// The methods of an open file but locks and shared memory.

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "disk/sim_files.h"
#include "saver/file_of_name.h"

namespace lastcommit {
namespace {

// In sqlite3.h since 3.48.0, from which on unix reports it too: a part of a
// page may be read.
constexpr int kSubpageRead = 0x8000;
constexpr int kSubpageReadVersion = 3048000;
// Larger than that no file is: a journal with garbage in its header asks for
// any size.
constexpr std::int64_t kLargestFile = std::int64_t{16} << 30;

int Close(sqlite3_file* base) {
  SimFile& file = Sim(base);
  return Observed(
      *file.disk, file.Call(VfsCallKind::kClose),
      [&] {
        if (file.disk->loses_locks_on_close) LoseLocks(file);
        Watched({LockCallKind::kClose}, file, SQLITE_OK);
        Release(file);
        return SQLITE_OK;
      },
      OnError::kPerform);
}

int Read(sqlite3_file* base, void* buffer, int amount, sqlite3_int64 offset) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kRead);
  call.offset = offset;
  call.amount = amount;
  return Observed(*file.disk, call, [&] {
    const std::int64_t there = file.disk->storage.Read(
        file.inode->id, offset, static_cast<char*>(buffer), amount);
    return there == amount ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  });
}

// How much of a write the disk has room for: whole sectors, as a file system
// gives them out.
std::int64_t Fitting(const SimFile& file, std::int64_t offset,
                     std::int64_t amount) {
  const SimDisk::Impl& disk = *file.disk;
  if (offset > kLargestFile - amount) return 0;
  if (disk.capacity_sectors < 0) return amount;
  const std::int64_t room = std::max<std::int64_t>(disk.FreeSectors(), 0);
  std::int64_t fitting = amount;
  while (fitting > 0 &&
         disk.storage.NewSectors(file.inode->id, offset, fitting) > room) {
    const std::int64_t last = (offset + fitting - 1) / kSimSector * kSimSector;
    fitting = std::max<std::int64_t>(last - offset, 0);
  }
  return fitting;
}

int WriteBytes(SimFile& file, std::int64_t offset, std::string_view bytes) {
  if (file.is_read_only) return SQLITE_IOERR_WRITE;
  const auto amount = static_cast<std::int64_t>(bytes.size());
  const std::int64_t fitting = Fitting(file, offset, amount);
  if (fitting > 0) {
    file.disk->storage.Write(
        file.inode->id, offset,
        bytes.substr(0, static_cast<std::size_t>(fitting)));
  }
  return fitting == amount ? SQLITE_OK : SQLITE_FULL;
}

// The first part of a write, as the observer wants to see it. Then the disk is
// as it was again, for the write is one change and stays one.
int ShowPart(SimFile& file, const VfsCall& call, std::string_view bytes) {
  SimDisk::Impl& disk = *file.disk;
  if (disk.observer == nullptr) return SQLITE_OK;
  const std::optional<std::int64_t> part = disk.observer->Divide(call);
  if (!part.has_value()) return SQLITE_OK;
  disk.undivided = disk.storage;
  int result = WriteBytes(file, call.offset,
                          bytes.substr(0, static_cast<std::size_t>(*part)));
  if (result == SQLITE_OK) result = disk.observer->DuringCall(call);
  if (result == SQLITE_OK) disk.storage = *std::move(disk.undivided);
  disk.undivided.reset();
  return result;
}

int Write(sqlite3_file* base, const void* buffer, int amount,
          sqlite3_int64 offset) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kWrite);
  call.offset = offset;
  call.amount = amount;
  const std::string_view bytes(static_cast<const char*>(buffer),
                               static_cast<std::size_t>(amount));
  return Observed(*file.disk, call, [&] {
    const int result = ShowPart(file, call, bytes);
    return result == SQLITE_OK ? WriteBytes(file, offset, bytes) : result;
  });
}

int Truncate(sqlite3_file* base, sqlite3_int64 size) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kTruncate);
  call.offset = size;
  return Observed(*file.disk, call, [&] {
    if (file.is_read_only) return SQLITE_IOERR_TRUNCATE;
    if (size > kLargestFile) return SQLITE_FULL;
    file.disk->storage.Truncate(file.inode->id, size);
    return SQLITE_OK;
  });
}

int SyncFileAndDirectory(SimFile& file, const VfsCall& call) {
  SimDisk::Impl& disk = *file.disk;
  disk.storage.Sync(file.inode->id);
  if (call.syncs_directory) {
    if (disk.observer != nullptr) {
      const int result = disk.observer->DuringCall(call);
      if (result != SQLITE_OK) return result;
    }
    disk.storage.SyncDirectory();
  }
  file.syncs_directory = false;
  return SQLITE_OK;
}

int Sync(sqlite3_file* base, int /*flags*/) {
  SimFile& file = Sim(base);
  if (file.disk->drops_syncs[static_cast<std::size_t>(file.role)]) {
    return SQLITE_OK;
  }
  VfsCall call = file.Call(VfsCallKind::kSync);
  call.syncs_directory =
      file.syncs_directory && !file.disk->drops_directory_syncs;
  return Observed(*file.disk, call,
                  [&] { return SyncFileAndDirectory(file, call); });
}

int FileSize(sqlite3_file* base, sqlite3_int64* size) {
  SimFile& file = Sim(base);
  return Observed(*file.disk, file.Call(VfsCallKind::kFileSize), [&] {
    *size = file.disk->storage.Size(file.inode->id);
    // A byte is nothing: what unix says, for the sake of an old file system.
    if (*size == 1) *size = 0;
    return SQLITE_OK;
  });
}

// As unix answers: a negative value asks, others set.
int Flag(bool& flag, int& value) {
  if (value < 0) {
    value = flag ? 1 : 0;
  } else {
    flag = value != 0;
  }
  return SQLITE_OK;
}

bool HasMoved(const SimFile& file) {
  return file.path != nullptr &&
         file.disk->storage.Find(file.path) != file.inode->id;
}

char* NameOfTemporaryFile() {
  std::uint64_t number = 0;
  sqlite3_randomness(sizeof(number), &number);
  return sqlite3_mprintf("/dev/null/lastcommit/etilqs_%llx",
                         static_cast<sqlite3_uint64>(number));
}

int Control(SimFile& file, int operation, void* argument) {
  switch (operation) {
    case SQLITE_FCNTL_LOCKSTATE:
      *static_cast<int*>(argument) = file.lock;
      return SQLITE_OK;
    case SQLITE_FCNTL_LAST_ERRNO:
      *static_cast<int*>(argument) = 0;
      return SQLITE_OK;
    case SQLITE_FCNTL_SIZE_HINT:
      return SQLITE_OK;
    case SQLITE_FCNTL_PERSIST_WAL:
      return Flag(file.keeps_wal, *static_cast<int*>(argument));
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: {
      // Nobody makes the disk safer than it is.
      const int result = Flag(file.is_powersafe, *static_cast<int*>(argument));
      file.is_powersafe &= file.disk->storage.options().powersafe_overwrite;
      return result;
    }
    case SQLITE_FCNTL_VFSNAME:
      *static_cast<char**>(argument) = sqlite3_mprintf("%s", kSimVfsName);
      return SQLITE_OK;
    case SQLITE_FCNTL_TEMPFILENAME:
      *static_cast<char**>(argument) = NameOfTemporaryFile();
      return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED:
      *static_cast<int*>(argument) = HasMoved(file) ? 1 : 0;
      return SQLITE_OK;
    default:
      return SQLITE_NOTFOUND;
  }
}

// What unix would find with stat().
saver::FileId IdOf(SimDisk::Impl& disk, const std::string& name) {
  constexpr std::uint64_t kDisk = 1;
  constexpr std::uint64_t kIndex = 2;
  const InodeId found = disk.storage.Find(name);
  if (found != kNoInode) return {kDisk, static_cast<std::uint64_t>(found)};
  const SimInode* database = disk.FindIndex(name);
  if (database == nullptr) return {};
  return {kIndex, static_cast<std::uint64_t>(database->id)};
}

int FileControl(sqlite3_file* base, int operation, void* argument) {
  SimFile& file = Sim(base);
  if (operation == saver::kFileControlFileOfName) {
    const NewMustNotFail must_not_fail;
    auto& question = *static_cast<saver::FileOfName*>(argument);
    question.id = IdOf(*file.disk, question.name);
    return SQLITE_OK;
  }
  return Observed(*file.disk, file.Call(VfsCallKind::kFileControl),
                  [&] { return Control(file, operation, argument); });
}

int SectorSize(sqlite3_file* base) {
  return Sim(base).disk->storage.options().sector_size;
}

int DeviceCharacteristics(sqlite3_file* base) {
  static const int kSubpage =
      sqlite3_libversion_number() >= kSubpageReadVersion ? kSubpageRead : 0;
  return kSubpage |
         (Sim(base).is_powersafe ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0);
}

// There is no mapping; SQLite reads instead.
int Fetch(sqlite3_file* base, sqlite3_int64 offset, int amount, void** page) {
  SimFile& file = Sim(base);
  *page = nullptr;
  VfsCall call = file.Call(VfsCallKind::kFetch);
  call.offset = offset;
  call.amount = amount;
  return Observed(*file.disk, call, [] { return SQLITE_OK; });
}
int Unfetch(sqlite3_file* base, sqlite3_int64 offset, void* /*page*/) {
  SimFile& file = Sim(base);
  VfsCall call = file.Call(VfsCallKind::kUnfetch);
  call.offset = offset;
  return Observed(*file.disk, call, [] { return SQLITE_OK; });
}

}  // namespace

void Release(SimFile& file) {
  ReleaseShm(file);
  if (file.has_locks) ReleaseLock(file, SQLITE_LOCK_NONE);
  file.disk->Unuse(*file.inode);
  file.inode = nullptr;
  auto& files = file.disk->files;
  files.erase(std::find(files.begin(), files.end(), &file));
}

const sqlite3_io_methods* SimFileMethods() {
  static constexpr sqlite3_io_methods kMethods = {3,
                                                  Close,
                                                  Read,
                                                  Write,
                                                  Truncate,
                                                  Sync,
                                                  FileSize,
                                                  SimLock,
                                                  SimUnlock,
                                                  SimCheckReservedLock,
                                                  FileControl,
                                                  SectorSize,
                                                  DeviceCharacteristics,
                                                  SimShmMap,
                                                  SimShmLock,
                                                  SimShmBarrier,
                                                  SimShmUnmap,
                                                  Fetch,
                                                  Unfetch};
  return &kMethods;
}

}  // namespace lastcommit
