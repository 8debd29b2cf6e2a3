#include "memory_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "saver/file_of_name.h"

namespace lastcommit {
namespace {

MemoryFiles* g_files = nullptr;
std::vector<std::unique_ptr<char[]>> g_regions;  // of the wal-index
int g_region_users = 0;

struct File {
  sqlite3_file base;
  std::string* bytes;
  bool is_temporary;
  bool has_regions;
};

File& Of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

int Close(sqlite3_file* file) {
  if (Of(file).is_temporary) delete Of(file).bytes;  // NOLINT
  return SQLITE_OK;
}

int Read(sqlite3_file* file, void* buffer, int amount, sqlite3_int64 offset) {
  const std::string& bytes = *Of(file).bytes;
  const auto wanted = static_cast<std::size_t>(amount);
  const auto begin = std::min(static_cast<std::size_t>(offset), bytes.size());
  const std::size_t there = std::min(wanted, bytes.size() - begin);
  std::memcpy(buffer, bytes.data() + begin, there);
  if (there == wanted) return SQLITE_OK;
  std::memset(static_cast<char*>(buffer) + there, 0, wanted - there);
  return SQLITE_IOERR_SHORT_READ;
}

int Write(sqlite3_file* file, const void* buffer, int amount,
          sqlite3_int64 offset) {
  std::string& bytes = *Of(file).bytes;
  const auto end = static_cast<std::size_t>(offset + amount);
  if (bytes.size() < end) bytes.resize(end);
  std::memcpy(bytes.data() + offset, buffer, static_cast<std::size_t>(amount));
  return SQLITE_OK;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  Of(file).bytes->resize(static_cast<std::size_t>(size));
  return SQLITE_OK;
}
int Sync(sqlite3_file* /*file*/, int /*flags*/) { return SQLITE_OK; }
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(Of(file).bytes->size());
  return SQLITE_OK;
}
int Lock(sqlite3_file* /*file*/, int /*level*/) { return SQLITE_OK; }
int CheckReservedLock(sqlite3_file* /*file*/, int* is_reserved) {
  *is_reserved = 0;
  return SQLITE_OK;
}
// Nobody takes a file away, and none has a name outside.
int Control(sqlite3_file* /*file*/, int operation, void* argument) {
  if (operation != saver::kFileControlFileOfName) return SQLITE_NOTFOUND;
  static_cast<saver::FileOfName*>(argument)->id = {};
  return SQLITE_OK;
}
int SectorSize(sqlite3_file* /*file*/) { return 4096; }
int Characteristics(sqlite3_file* /*file*/) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

int ShmMap(sqlite3_file* file, int region, int size, int extend,
           void volatile** memory) {
  if (!Of(file).has_regions) {
    Of(file).has_regions = true;
    ++g_region_users;
  }
  const auto index = static_cast<std::size_t>(region);
  while (extend != 0 && g_regions.size() <= index) {
    g_regions.push_back(
        std::make_unique<char[]>(static_cast<std::size_t>(size)));
  }
  *memory = index < g_regions.size() ? g_regions[index].get() : nullptr;
  return SQLITE_OK;
}
int ShmLock(sqlite3_file* /*file*/, int /*first*/, int /*count*/,
            int /*flags*/) {
  return SQLITE_OK;
}
void ShmBarrier(sqlite3_file* /*file*/) {}
int ShmUnmap(sqlite3_file* file, int /*delete_flag*/) {
  if (!Of(file).has_regions) return SQLITE_OK;
  Of(file).has_regions = false;
  if (--g_region_users == 0) g_regions.clear();
  return SQLITE_OK;
}

constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Lock,
                                         CheckReservedLock,
                                         Control,
                                         SectorSize,
                                         Characteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* base, int flags,
         int* out_flags) {
  auto& file = *new (base) File{};
  file.is_temporary = name == nullptr;
  if (file.is_temporary) {
    file.bytes = new std::string();  // NOLINT: closed by hand
  } else if ((flags & SQLITE_OPEN_CREATE) != 0 || g_files->count(name) != 0) {
    file.bytes = &(*g_files)[name];
  } else {
    return SQLITE_CANTOPEN;
  }
  file.base.pMethods = &kMethods;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}
int Delete(sqlite3_vfs* /*vfs*/, const char* name, int /*syncs_directory*/) {
  return g_files->erase(name) == 1 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}
int Access(sqlite3_vfs* /*vfs*/, const char* name, int /*flags*/, int* answer) {
  const auto found = g_files->find(name);
  *answer = found != g_files->end() && !found->second.empty() ? 1 : 0;
  return SQLITE_OK;
}
int FullPathname(sqlite3_vfs* /*vfs*/, const char* name, int size, char* full) {
  sqlite3_snprintf(size, full, "%s", name);
  return SQLITE_OK;
}

}  // namespace

bool RegisterMemoryVfs() {
  static sqlite3_vfs vfs = *sqlite3_vfs_find("unix");
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(File);
  vfs.zName = kMemoryVfs;
  vfs.pNext = nullptr;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  return sqlite3_vfs_register(&vfs, /*makeDflt=*/0) == SQLITE_OK;
}

void UseMemoryFiles(MemoryFiles* files) { g_files = files; }

}  // namespace lastcommit
