#include "disk/memory_file.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

namespace lastcommit {
namespace {

struct MemoryFile {
  sqlite3_file base;
  std::string* bytes;
};

std::string& Bytes(sqlite3_file* file) {
  return *reinterpret_cast<MemoryFile*>(file)->bytes;
}

int Close(sqlite3_file* file) {
  delete &Bytes(file);
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* buffer, int amount, sqlite3_int64 offset) {
  const std::string& bytes = Bytes(file);
  const auto wanted = static_cast<std::size_t>(amount);
  const std::size_t start =
      std::min(static_cast<std::size_t>(offset), bytes.size());
  const std::size_t found = std::min(wanted, bytes.size() - start);
  std::memcpy(buffer, bytes.data() + start, found);
  // https://sqlite.org/c3ref/io_methods.html: the rest is zeroed.
  std::memset(static_cast<char*>(buffer) + found, 0, wanted - found);
  return found == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int Resize(std::string& bytes, sqlite3_int64 size) {
  if (size > MemoryFileLimits::kMaxBytes) return SQLITE_FULL;
  try {
    bytes.resize(static_cast<std::size_t>(size));
  } catch (const std::bad_alloc&) {
    return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

int Write(sqlite3_file* file, const void* bytes, int amount,
          sqlite3_int64 offset) {
  std::string& there = Bytes(file);
  const sqlite3_int64 end = offset + amount;
  if (end > static_cast<sqlite3_int64>(there.size())) {
    const int result = Resize(there, end);
    if (result != SQLITE_OK) return result;
  }
  std::memcpy(there.data() + offset, bytes, static_cast<std::size_t>(amount));
  return SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Resize(Bytes(file), size);
}
int Sync(sqlite3_file* /*file*/, int /*flags*/) { return SQLITE_OK; }
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(Bytes(file).size());
  return SQLITE_OK;
}
int Lock(sqlite3_file* /*file*/, int /*level*/) { return SQLITE_OK; }
int CheckReservedLock(sqlite3_file* /*file*/, int* is_locked) {
  *is_locked = 0;
  return SQLITE_OK;
}
int FileControl(sqlite3_file* /*file*/, int /*operation*/, void* /*argument*/) {
  return SQLITE_NOTFOUND;
}
int SectorSize(sqlite3_file* /*file*/) { return 4096; }
int DeviceCharacteristics(sqlite3_file* /*file*/) { return 0; }

constexpr sqlite3_io_methods kMethods = {1,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Lock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr,
                                         nullptr};

}  // namespace

int MemoryFileSize() { return static_cast<int>(sizeof(MemoryFile)); }

int OpenMemoryFile(sqlite3_file* file) {
  auto* bytes = new (std::nothrow) std::string;
  file->pMethods = nullptr;
  if (bytes == nullptr) return SQLITE_NOMEM;
  new (file) MemoryFile{{&kMethods}, bytes};
  return SQLITE_OK;
}

}  // namespace lastcommit
