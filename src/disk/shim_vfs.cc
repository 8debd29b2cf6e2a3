#include "disk/shim_vfs.h"

#include <sqlite3.h>

#include <array>
#include <cstring>
#include <new>

#include "absl/strings/str_cat.h"
#include "disk/file_role.h"
#include "disk/lock_watch.h"
#include "disk/memory_faults.h"
#include "disk/vfs_call.h"
#include "names/names.h"
#include "status/status.h"
#include "store/attached.h"
#include "store/splitmix64.h"

namespace lastcommit {
namespace {

// https://sqlite.org/c3ref/io_methods.html
constexpr int kLastFileControlOfSqlite = 100;

sqlite3_vfs* g_real = nullptr;
sqlite3_vfs g_shim;
IoObserver* g_observer = nullptr;
VfsObserver* g_vfs_observer = nullptr;
LockWatch* g_lock_watch = nullptr;
VirtualTime* g_time = nullptr;
SplitMix64 g_random(SplitMix64::kGamma);
bool g_promises_powersafe_overwrite = true;
int g_sleep_divisor = 1;

// The real VFS's file object follows directly in memory.
struct ShimFile {
  sqlite3_file base;
  FileRole role;
  int database;
  // With its next sync; os_unix.c calls it UNIXFILE_DIRSYNC.
  bool syncs_directory;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

ShimFile* Shim(sqlite3_file* file) { return reinterpret_cast<ShimFile*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Shim(file)->real(); }

// Runs `perform` between the observer's two calls.
template <typename Perform>
int Observed(const IoCall& call, Perform perform) {
  if (g_observer != nullptr) g_observer->BeforeCall(call);
  const int result = perform();
  if (g_observer != nullptr) {
    g_observer->OnResult(call, result);
    g_observer->AfterCall(call);
  }
  return result;
}

// The same for the observer of all calls. Every call is made in here, and the
// memory of all of them is the tester's.
template <typename Perform>
int Seen(const VfsCall& call, Perform perform) {
  const NewMustNotFail must_not_fail;
  if (g_vfs_observer == nullptr) return perform();
  g_vfs_observer->BeforeCall(call);
  const int result = perform();
  g_vfs_observer->AfterCall(call);
  return result;
}

VfsCall CallOn(sqlite3_file* file, VfsCallKind kind, std::int64_t offset = 0,
               std::int64_t amount = 0) {
  VfsCall call;
  call.kind = kind;
  call.role = Shim(file)->role;
  call.database = Shim(file)->database;
  call.offset = offset;
  call.amount = amount;
  return call;
}

IoCall IoOn(sqlite3_file* file, IoKind kind, std::int64_t offset = 0,
            std::int64_t amount = 0) {
  IoCall call = {kind, Shim(file)->role, offset, amount};
  call.database = Shim(file)->database;
  return call;
}

VfsCall ShmCall(sqlite3_file* file, VfsCallKind kind, std::int64_t offset = 0,
                std::int64_t amount = 0) {
  VfsCall call = CallOn(file, kind, offset, amount);
  call.role = FileRole::kShm;
  return call;
}

VfsCall CallOn(const char* path, VfsCallKind kind) {
  VfsCall call;
  call.kind = kind;
  call.role = RoleOfPath(path);
  call.database = DatabaseOf(path);
  return call;
}

// Before the call returns to whoever may let others go on.
int Watched(LockCall call, sqlite3_file* file, int result) {
  if (g_lock_watch == nullptr) return result;
  call.file = file;
  call.database = Shim(file)->database;
  if (call.kind == LockCallKind::kLock || call.kind == LockCallKind::kUnlock) {
    Real(file)->pMethods->xFileControl(Real(file), SQLITE_FCNTL_LOCKSTATE,
                                       &call.level);
  }
  g_lock_watch->OnLockCall(call, result);
  return result;
}

int Close(sqlite3_file* file) {
  return Seen(CallOn(file, VfsCallKind::kClose), [&] {
    return Watched({LockCallKind::kClose}, file,
                   Real(file)->pMethods->xClose(Real(file)));
  });
}
int Read(sqlite3_file* file, void* buffer, int amount, sqlite3_int64 offset) {
  return Seen(CallOn(file, VfsCallKind::kRead, offset, amount), [&] {
    return Real(file)->pMethods->xRead(Real(file), buffer, amount, offset);
  });
}

int ObservedWrite(sqlite3_file* file, const void* bytes, int amount,
                  sqlite3_int64 offset) {
  const auto write = [&](int size) {
    return Real(file)->pMethods->xWrite(Real(file), bytes, size, offset);
  };
  if (g_observer == nullptr) return write(amount);
  const IoCall call = IoOn(file, IoKind::kWrite, offset, amount);
  if (const auto prefix = g_observer->BeforeCall(call); prefix.has_value()) {
    write(static_cast<int>(*prefix));
    g_observer->DuringCall(call);
  }
  const int result = write(amount);
  g_observer->OnResult(call, result);
  g_observer->AfterCall(call);
  return result;
}
int Write(sqlite3_file* file, const void* bytes, int amount,
          sqlite3_int64 offset) {
  return Seen(CallOn(file, VfsCallKind::kWrite, offset, amount),
              [&] { return ObservedWrite(file, bytes, amount, offset); });
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  return Seen(CallOn(file, VfsCallKind::kTruncate, size), [&] {
    return Observed(IoOn(file, IoKind::kTruncate, size), [&] {
      return Real(file)->pMethods->xTruncate(Real(file), size);
    });
  });
}
int Sync(sqlite3_file* file, int flags) {
  VfsCall seen = CallOn(file, VfsCallKind::kSync);
  seen.syncs_directory = Shim(file)->syncs_directory;
  IoCall call = IoOn(file, IoKind::kSync);
  call.syncs_directory = Shim(file)->syncs_directory;
  const int result = Seen(seen, [&] {
    return Observed(
        call, [&] { return Real(file)->pMethods->xSync(Real(file), flags); });
  });
  if (result == SQLITE_OK) Shim(file)->syncs_directory = false;
  return result;
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Seen(CallOn(file, VfsCallKind::kFileSize), [&] {
    return Real(file)->pMethods->xFileSize(Real(file), size);
  });
}
int Lock(sqlite3_file* file, int level) {
  return Seen(CallOn(file, VfsCallKind::kLock, level), [&] {
    LockCall call = {LockCallKind::kLock};
    call.asked_level = level;
    return Watched(call, file, Real(file)->pMethods->xLock(Real(file), level));
  });
}
int Unlock(sqlite3_file* file, int level) {
  return Seen(CallOn(file, VfsCallKind::kUnlock, level), [&] {
    LockCall call = {LockCallKind::kUnlock};
    call.asked_level = level;
    return Watched(call, file,
                   Real(file)->pMethods->xUnlock(Real(file), level));
  });
}
int CheckReservedLock(sqlite3_file* file, int* is_locked) {
  return Seen(CallOn(file, VfsCallKind::kCheckReservedLock), [&] {
    return Real(file)->pMethods->xCheckReservedLock(Real(file), is_locked);
  });
}
int FileControl(sqlite3_file* file, int operation, void* argument) {
  // Those that are not SQLite's are no calls of its.
  if (operation > kLastFileControlOfSqlite) return SQLITE_NOTFOUND;
  return Seen(CallOn(file, VfsCallKind::kFileControl), [&] {
    return Real(file)->pMethods->xFileControl(Real(file), operation, argument);
  });
}
int SectorSize(sqlite3_file* file) {
  return Real(file)->pMethods->xSectorSize(Real(file));
}
int DeviceCharacteristics(sqlite3_file* file) {
  return Real(file)->pMethods->xDeviceCharacteristics(Real(file));
}
int ShmMap(sqlite3_file* file, int page, int page_size, int extend,
           void volatile** memory) {
  const auto map = [&] {
    return Watched({LockCallKind::kIndexMap}, file,
                   Real(file)->pMethods->xShmMap(Real(file), page, page_size,
                                                 extend, memory));
  };
  VfsCall call = ShmCall(file, VfsCallKind::kShmMap);
  call.extends = extend != 0;
  return Seen(call, [&] {
    if (extend == 0) return map();
    IoCall extension = IoOn(file, IoKind::kShmMap);
    extension.role = FileRole::kShm;
    return Observed(extension, map);
  });
}
int ShmLock(sqlite3_file* file, int offset, int count, int flags) {
  const bool is_unlock = (flags & SQLITE_SHM_UNLOCK) != 0;
  return Seen(
      ShmCall(file, is_unlock ? VfsCallKind::kShmUnlock : VfsCallKind::kShmLock,
              offset, count),
      [&] {
        LockCall call;
        call.kind =
            is_unlock ? LockCallKind::kIndexUnlock : LockCallKind::kIndexLock;
        call.first_slot = offset;
        call.slots = count;
        call.is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
        return Watched(
            call, file,
            Real(file)->pMethods->xShmLock(Real(file), offset, count, flags));
      });
}
void ShmBarrier(sqlite3_file* file) {
  Seen(ShmCall(file, VfsCallKind::kShmBarrier), [&] {
    Real(file)->pMethods->xShmBarrier(Real(file));
    return SQLITE_OK;
  });
}
int ShmUnmap(sqlite3_file* file, int delete_flag) {
  return Seen(ShmCall(file, VfsCallKind::kShmUnmap), [&] {
    return Watched({LockCallKind::kIndexUnmap}, file,
                   Real(file)->pMethods->xShmUnmap(Real(file), delete_flag));
  });
}
int Fetch(sqlite3_file* file, sqlite3_int64 offset, int amount, void** page) {
  return Seen(CallOn(file, VfsCallKind::kFetch, offset, amount), [&] {
    return Real(file)->pMethods->xFetch(Real(file), offset, amount, page);
  });
}
int Unfetch(sqlite3_file* file, sqlite3_int64 offset, void* page) {
  return Seen(CallOn(file, VfsCallKind::kUnfetch, offset), [&] {
    return Real(file)->pMethods->xUnfetch(Real(file), offset, page);
  });
}

// SQLite calls no method beyond iVersion, so one table for each version that
// a real file may have; [0] is never used.
const sqlite3_io_methods* MethodsFor(int version) {
  static const std::array<sqlite3_io_methods, 4> kMethods = [] {
    std::array<sqlite3_io_methods, 4> methods{};
    for (int v = 1; v <= 3; ++v) {
      methods[static_cast<std::size_t>(v)] = {v,
                                              Close,
                                              Read,
                                              Write,
                                              Truncate,
                                              Sync,
                                              FileSize,
                                              Lock,
                                              Unlock,
                                              CheckReservedLock,
                                              FileControl,
                                              SectorSize,
                                              DeviceCharacteristics,
                                              ShmMap,
                                              ShmLock,
                                              ShmBarrier,
                                              ShmUnmap,
                                              Fetch,
                                              Unfetch};
    }
    return methods;
  }();
  return &kMethods[static_cast<std::size_t>(version > 3 ? 3 : version)];
}

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags,
         int* out_flags) {
  const FileRole role = RoleOf(flags);
  const bool syncs_directory =
      (flags & SQLITE_OPEN_CREATE) != 0 &&
      (role == FileRole::kJournal || role == FileRole::kSuperJournal ||
       role == FileRole::kWal);
  const int database = name == nullptr ? 0 : DatabaseOf(name);
  auto* shim = new (file) ShimFile{{nullptr}, role, database, syncs_directory};
  std::memset(shim->real(), 0, static_cast<std::size_t>(g_real->szOsFile));
  return Seen(CallOn(file, VfsCallKind::kOpen), [&] {
    const int result = Observed(IoOn(file, IoKind::kOpen), [&] {
      return g_real->xOpen(g_real, name, shim->real(), flags, out_flags);
    });
    if (result == SQLITE_OK && !g_promises_powersafe_overwrite) {
      // Before SQLite asks for the characteristics, which "unix" works out
      // once.
      int promised = 0;
      shim->real()->pMethods->xFileControl(
          shim->real(), SQLITE_FCNTL_POWERSAFE_OVERWRITE, &promised);
    }
    // A file without methods must not be closed; with them it must, even after
    // an error: https://sqlite.org/c3ref/io_methods.html
    if (shim->real()->pMethods != nullptr) {
      shim->base.pMethods = MethodsFor(shim->real()->pMethods->iVersion);
    }
    return result;
  });
}

int Delete(sqlite3_vfs* /*vfs*/, const char* name, int sync_directory) {
  IoCall call = {IoKind::kDelete, RoleOfPath(name)};
  call.database = DatabaseOf(name);
  call.syncs_directory = (sync_directory & 1) != 0;
  VfsCall seen = CallOn(name, VfsCallKind::kDelete);
  seen.syncs_directory = call.syncs_directory;
  return Seen(seen, [&] {
    return Observed(
        call, [&] { return g_real->xDelete(g_real, name, sync_directory); });
  });
}

int Access(sqlite3_vfs* /*vfs*/, const char* name, int flags, int* answer) {
  return Seen(CallOn(name, VfsCallKind::kAccess),
              [&] { return g_real->xAccess(g_real, name, flags, answer); });
}

VfsCall CallOfTime(VfsCallKind kind) {
  VfsCall call;
  call.kind = kind;
  return call;
}

int Sleep(sqlite3_vfs* /*vfs*/, int microseconds) {
  Seen(CallOfTime(VfsCallKind::kSleep), [&] {
    if (g_time != nullptr) {
      g_time->Sleep(microseconds);
    } else if (g_sleep_divisor != kNoSleep) {
      // The pauses of a reader that looks for a WAL are others, and as short as
      // they may be: when there were a hundred it gives up.
      const bool is_of_busy = microseconds % 1000 == 0;
      g_real->xSleep(
          g_real, is_of_busy ? microseconds / g_sleep_divisor : microseconds);
    }
    return SQLITE_OK;
  });
  return microseconds;
}

int CurrentTimeInt64(sqlite3_vfs* /*vfs*/, sqlite3_int64* now) {
  return Seen(CallOfTime(VfsCallKind::kTime), [&] {
    if (g_time == nullptr) return g_real->xCurrentTimeInt64(g_real, now);
    *now = g_time->Look();
    return SQLITE_OK;
  });
}
int CurrentTime(sqlite3_vfs* vfs, double* now) {
  sqlite3_int64 milliseconds = 0;
  const int result = CurrentTimeInt64(vfs, &milliseconds);
  *now = static_cast<double>(milliseconds) / 86400000.0;
  return result;
}

int Randomness(sqlite3_vfs* /*vfs*/, int size, char* bytes) {
  for (int i = 0; i < size; ++i) bytes[i] = static_cast<char>(g_random.Next());
  return size;
}

}  // namespace

std::string_view Name(IoKind kind) {
  constexpr Names<IoKind, IoKind::kShmMap> kNames("open", "write", "truncate",
                                                  "sync", "delete", "shm_map");
  return kNames.Of(kind);
}

std::string_view Name(FileRole role) {
  constexpr Names<FileRole, FileRole::kSuperJournal> kNames(
      "database", "journal", "wal", "shm", "temporary", "super_journal");
  return kNames.Of(role);
}

absl::Status RegisterShimVfs() {
  if (g_real != nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(InstallMemoryFaults());
  if (sqlite3_initialize() != SQLITE_OK) {
    return absl::InternalError("sqlite3_initialize failed");
  }
  g_real = sqlite3_vfs_find("unix");
  if (g_real == nullptr) {
    return absl::InternalError("this SQLite has no VFS named \"unix\"");
  }
  // What the shim does not watch (xFullPathname, xDlOpen, ...) stays the real
  // VFS's function: those take the sqlite3_vfs as an argument, which "unix"
  // does not look into for them.
  g_shim = *g_real;
  g_shim.pNext = nullptr;
  g_shim.zName = "lastcommit-shim";
  g_shim.szOsFile = static_cast<int>(sizeof(ShimFile)) + g_real->szOsFile;
  g_shim.xOpen = Open;
  g_shim.xDelete = Delete;
  g_shim.xAccess = Access;
  g_shim.xRandomness = Randomness;
  g_shim.xSleep = Sleep;
  g_shim.xCurrentTime = CurrentTime;
  g_shim.xCurrentTimeInt64 = CurrentTimeInt64;
  const int result = sqlite3_vfs_register(&g_shim, /*makeDflt=*/1);
  if (result != SQLITE_OK) {
    return absl::InternalError(
        absl::StrCat("sqlite3_vfs_register failed: ", result));
  }
  return absl::OkStatus();
}

void SetIoObserver(IoObserver* observer) { g_observer = observer; }
void SetVfsObserver(VfsObserver* observer) { g_vfs_observer = observer; }
void SetLockWatch(LockWatch* watch) { g_lock_watch = watch; }
void UseVirtualTime(VirtualTime* time) { g_time = time; }

void DivideSleeps(int divisor) { g_sleep_divisor = divisor; }

void PromisePowersafeOverwrite(bool is_promised) {
  g_promises_powersafe_overwrite = is_promised;
}

void SeedSqliteRandomness(std::uint32_t seed) {
  g_random = SplitMix64(seed);
  // The int is cast back to unsigned there; the third argument is read as a
  // connection and must be there.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed),
                       static_cast<sqlite3*>(nullptr));
}

void SetSqliteTemporaryDirectory(const std::string& path) {
  sqlite3_free(sqlite3_temp_directory);
  sqlite3_temp_directory = sqlite3_mprintf("%s", path.c_str());
}

}  // namespace lastcommit
