#include "disk/sim_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "disk/file_role.h"
#include "disk/sim_files.h"
#include "disk/virtual_time.h"
#include "status/status.h"
#include "store/attached.h"

namespace lastcommit {
namespace {

constexpr int kMaxPath = 512;  // as unix
sqlite3_vfs g_sim;
sqlite3_vfs* g_shim = nullptr;
SimDisk::Impl* g_disk = nullptr;
VirtualTime g_time;

VfsCall CallOn(VfsCallKind kind, const char* path) {
  VfsCall call;
  call.kind = kind;
  call.role = RoleOfPath(path);
  call.database = DatabaseOf(path);
  return call;
}

VfsCall CallOfTime(VfsCallKind kind) {
  VfsCall call;
  call.kind = kind;
  return call;
}

// A journal of the database, whose name its first sync makes durable.
bool IsNewJournal(int flags) {
  constexpr int kTypes =
      SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
  return (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kTypes) != 0;
}

bool AsksForPowersafe(const char* name, int flags) {
  return (flags & SQLITE_OPEN_URI) == 0 ||
         sqlite3_uri_boolean(name, "psow", 1) != 0;
}

// A file without a name. For its place in /tmp unix draws from SQLite's
// generator, until it came to use O_TMPFILE (it does in 3.54.1, not in 3.51.2):
// a plan has to make the same bytes on both engines.
InodeId CreateAnonymous(Storage& storage) {
  constexpr int kTmpfileVersion = 3052000;
  if (sqlite3_libversion_number() < kTmpfileVersion) {
    std::uint64_t unused = 0;
    sqlite3_randomness(sizeof(unused), &unused);
  }
  return storage.CreateAnonymous();
}

// The inode that is opened, or kNoInode if it cannot be. As unix: what cannot
// be opened for writing is opened for reading, be it for O_EXCL's sake.
InodeId FindOrCreate(Storage& storage, const char* name, int& flags) {
  if (name == nullptr) return CreateAnonymous(storage);
  const std::string path(name);
  const InodeId found = storage.Find(path);
  if (found != kNoInode) {
    if ((flags & SQLITE_OPEN_EXCLUSIVE) != 0) {
      flags &= ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
      flags |= SQLITE_OPEN_READONLY;
    }
    return found;
  }
  return (flags & SQLITE_OPEN_CREATE) == 0 ? kNoInode : storage.Create(path);
}

// As unix, which gives journals and WALs the mode of their database
// (findCreateFileMode() in os_unix.c).
bool LacksItsDatabase(const Storage& storage, const char* name, int flags) {
  if ((flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) == 0) return false;
  const std::string path(name);
  return storage.Find(path.substr(0, path.rfind('-'))) == kNoInode;
}

int OpenFile(SimFile& file, int flags, int* out_flags) {
  if (LacksItsDatabase(file.disk->storage, file.path, flags)) {
    return SQLITE_IOERR_FSTAT;
  }
  const bool is_new_journal = IsNewJournal(flags);
  const InodeId id = FindOrCreate(file.disk->storage, file.path, flags);
  if (id == kNoInode) return SQLITE_CANTOPEN;
  file.inode = &file.disk->Use(id);
  if (file.path == nullptr) {
    file.inode->is_nameless = true;
  } else if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) {
    file.disk->Unlink(file.path, id);
  }
  file.has_locks = (flags & SQLITE_OPEN_MAIN_DB) != 0;
  file.is_read_only = (flags & SQLITE_OPEN_READONLY) != 0;
  file.syncs_directory = is_new_journal;
  file.is_powersafe = file.disk->storage.options().powersafe_overwrite &&
                      AsksForPowersafe(file.path, flags);
  file.base.pMethods = SimFileMethods();
  file.disk->files.push_back(&file);
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int Open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* base, int flags,
         int* out_flags) {
  auto& file = *new (base) SimFile{};
  if (g_disk == nullptr) return SQLITE_CANTOPEN;
  file.disk = g_disk;
  file.owner = g_disk->owner;
  file.path = name;
  file.role = RoleOf(flags);
  file.database = name == nullptr ? 0 : DatabaseOf(name);
  return Observed(*file.disk, file.Call(VfsCallKind::kOpen),
                  [&] { return OpenFile(file, flags, out_flags); });
}

int DeleteFile(SimDisk::Impl& disk, const char* name, bool syncs_directory) {
  const std::string path(name);
  const InodeId id = disk.storage.Find(path);
  if (id == kNoInode) return SQLITE_IOERR_DELETE_NOENT;
  disk.Unlink(path, id);
  if (syncs_directory) disk.storage.SyncDirectory();
  return SQLITE_OK;
}

int Delete(sqlite3_vfs* /*vfs*/, const char* name, int sync_directory) {
  if (g_disk == nullptr) return SQLITE_IOERR_DELETE;
  SimDisk::Impl& disk = *g_disk;
  VfsCall call = CallOn(VfsCallKind::kDelete, name);
  call.syncs_directory =
      (sync_directory & 1) != 0 && !disk.drops_directory_syncs;
  return Observed(disk, call,
                  [&] { return DeleteFile(disk, name, call.syncs_directory); });
}

int Access(sqlite3_vfs* /*vfs*/, const char* name, int flags, int* answer) {
  *answer = 0;
  if (g_disk == nullptr) return SQLITE_IOERR_ACCESS;
  SimDisk::Impl& disk = *g_disk;
  return Observed(disk, CallOn(VfsCallKind::kAccess, name), [&] {
    const InodeId id = disk.storage.Find(name);
    // An empty file counts as none where SQLite looks for a hot journal.
    const bool is_there = id != kNoInode && (flags != SQLITE_ACCESS_EXISTS ||
                                             disk.storage.Size(id) > 0);
    *answer = is_there ? 1 : 0;
    return SQLITE_OK;
  });
}

// There are no links and no working directory.
int FullPathname(sqlite3_vfs* /*vfs*/, const char* name, int size, char* full) {
  const bool is_absolute = name[0] == '/';
  sqlite3_snprintf(size, full, "%s%s",
                   is_absolute ? "" : "/dev/null/lastcommit/", name);
  const std::size_t length =
      std::strlen(name) + (is_absolute ? 0 : sizeof("/dev/null/lastcommit"));
  return length < static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_CANTOPEN;
}

void* DlOpen(sqlite3_vfs* /*vfs*/, const char* /*name*/) { return nullptr; }
void DlError(sqlite3_vfs* /*vfs*/, int size, char* message) {
  sqlite3_snprintf(size, message, "a simulated disk has no libraries");
}
void (*DlSym(sqlite3_vfs* /*vfs*/, void* /*library*/,
             const char* /*symbol*/))() {
  return nullptr;
}
void DlClose(sqlite3_vfs* /*vfs*/, void* /*library*/) {}

// Time and sleep are those of the machine that is in use; with none, nobody
// watches.
template <typename Perform>
int ObservedTime(VfsCallKind kind, Perform perform) {
  if (g_disk == nullptr) return perform();
  return Observed(*g_disk, CallOfTime(kind), perform, OnError::kPerform);
}

int Sleep(sqlite3_vfs* /*vfs*/, int microseconds) {
  ObservedTime(VfsCallKind::kSleep, [&] {
    g_time.Sleep(microseconds);
    return SQLITE_OK;
  });
  return microseconds;
}

int CurrentTimeInt64(sqlite3_vfs* /*vfs*/, sqlite3_int64* now) {
  return ObservedTime(VfsCallKind::kTime, [&] {
    *now = g_time.Look();
    return SQLITE_OK;
  });
}
int CurrentTime(sqlite3_vfs* vfs, double* now) {
  sqlite3_int64 milliseconds = 0;
  const int result = CurrentTimeInt64(vfs, &milliseconds);
  *now = static_cast<double>(milliseconds) / 86400000.0;
  return result;
}

int LastError(sqlite3_vfs* /*vfs*/, int /*size*/, char* /*message*/) {
  return 0;
}

sqlite3_vfs SimVfsOver(const sqlite3_vfs& shim) {
  sqlite3_vfs vfs = {};
  vfs.iVersion = 2;
  vfs.szOsFile = sizeof(SimFile);
  vfs.mxPathname = kMaxPath;
  vfs.zName = kSimVfsName;
  vfs.xOpen = Open;
  vfs.xDelete = Delete;
  vfs.xAccess = Access;
  vfs.xFullPathname = FullPathname;
  vfs.xDlOpen = DlOpen;
  vfs.xDlError = DlError;
  vfs.xDlSym = DlSym;
  vfs.xDlClose = DlClose;
  vfs.xRandomness = shim.xRandomness;  // the same bytes for the same seed
  vfs.xSleep = Sleep;
  vfs.xCurrentTime = CurrentTime;
  vfs.xGetLastError = LastError;
  vfs.xCurrentTimeInt64 = CurrentTimeInt64;
  return vfs;
}

}  // namespace

SimInode& SimDisk::Impl::Use(InodeId id) {
  SimInode& inode = open[id];
  inode.id = id;
  ++inode.users;
  return inode;
}

void SimDisk::Impl::Unuse(SimInode& inode) {
  if (--inode.users > 0) return;
  if (inode.is_nameless) storage.Forget(inode.id);
  open.erase(inode.id);
}

void SimDisk::Impl::Unlink(const std::string& path, InodeId id) {
  storage.Unlink(path);
  const auto found = open.find(id);
  if (found == open.end()) {
    storage.Forget(id);
  } else {
    found->second.is_nameless = true;
  }
}

SimInode* SimDisk::Impl::FindIndex(const std::string& name) {
  const std::string suffix = "-shm";
  if (!absl::EndsWith(name, suffix)) return nullptr;
  const std::string database = name.substr(0, name.size() - suffix.size());
  const auto found = open.find(storage.Find(database));
  if (found == open.end() || found->second.shm.users == 0 ||
      found->second.shm.is_nameless) {
    return nullptr;
  }
  return &found->second;
}

bool SimDisk::Remove(const std::string& path) {
  if (SimInode* database = impl_->FindIndex(path); database != nullptr) {
    database->shm.is_nameless = true;
    return true;
  }
  const InodeId found = impl_->storage.Find(path);
  if (found == kNoInode) return false;
  impl_->Unlink(path, found);
  return true;
}

std::int64_t SimDisk::Impl::FreeSectors() const {
  return capacity_sectors - storage.AllocatedSectors() - shm_sectors;
}

std::optional<IoCall> Counted(const VfsCall& call) {
  const auto counted = [&call](IoKind kind, std::int64_t offset = 0,
                               std::int64_t amount = 0) {
    IoCall io = {kind, call.role, offset, amount};
    io.database = call.database;
    return io;
  };
  switch (call.kind) {
    case VfsCallKind::kOpen:
      return counted(IoKind::kOpen);
    case VfsCallKind::kWrite:
      return counted(IoKind::kWrite, call.offset, call.amount);
    case VfsCallKind::kTruncate:
      return counted(IoKind::kTruncate, call.offset);
    case VfsCallKind::kSync:
      return counted(IoKind::kSync);
    case VfsCallKind::kDelete:
      return counted(IoKind::kDelete);
    case VfsCallKind::kShmMap:
      if (!call.extends) return std::nullopt;
      return counted(IoKind::kShmMap);
    default:
      return std::nullopt;
  }
}

SimDisk::SimDisk(Storage storage)
    : impl_(std::make_unique<Impl>(std::move(storage))) {}

SimDisk::~SimDisk() {
  if (g_disk == impl_.get()) g_disk = nullptr;
}

Storage& SimDisk::storage() { return impl_->storage; }

void SimDisk::set_observer(SimObserver* observer) {
  impl_->observer = observer;
}

void SimDisk::set_lock_watch(LockWatch* watch) { impl_->lock_watch = watch; }

void SimDisk::DropSyncsOf(FileRole role) {
  impl_->drops_syncs[static_cast<std::size_t>(role)] = true;
}

void SimDisk::DropDirectorySyncs() { impl_->drops_directory_syncs = true; }

void SimDisk::ShareIndexLocks() { impl_->shares_index_locks = true; }

void SimDisk::LoseLocksOnClose() { impl_->loses_locks_on_close = true; }

void SimDisk::set_owner(int owner) { impl_->owner = owner; }

void SimDisk::KillOwner(int owner) {
  // Release() takes it out of the list.
  const std::vector<SimFile*> files = impl_->files;
  for (SimFile* file : files) {
    if (file->owner == owner) Release(*file);
  }
}

void SimDisk::SetIndex(const std::string& database, std::string_view index) {
  constexpr std::size_t kRegion = 32768;  // WALINDEX_PGSZ of wal.c
  SimInode& inode = impl_->Use(impl_->storage.Find(database));
  inode.shm.users = 1;
  for (std::size_t at = 0; at < index.size(); at += kRegion) {
    auto region = std::make_unique<char[]>(kRegion);
    index.copy(region.get(), std::min(kRegion, index.size() - at), at);
    inode.shm.regions.push_back(std::move(region));
  }
}

void SimDisk::set_capacity_sectors(std::int64_t sectors) {
  impl_->capacity_sectors = sectors;
}

absl::Status RegisterSimVfs() {
  if (g_shim != nullptr) return absl::OkStatus();
  sqlite3_vfs* const shim = sqlite3_vfs_find("lastcommit-shim");
  if (shim == nullptr) {
    return absl::InternalError("the shim VFS must be registered first");
  }
  g_sim = SimVfsOver(*shim);
  const int result = sqlite3_vfs_register(&g_sim, /*makeDflt=*/0);
  if (result != SQLITE_OK) {
    return absl::InternalError(
        absl::StrCat("sqlite3_vfs_register failed: ", result));
  }
  g_shim = shim;
  return absl::OkStatus();
}

void UseSimDisk(SimDisk* disk) {
  CHECK(g_shim != nullptr);
  g_disk = disk == nullptr ? nullptr : &disk->impl();
  CHECK(sqlite3_vfs_register(disk == nullptr ? g_shim : &g_sim,
                             /*makeDflt=*/1) == SQLITE_OK);
}

void BeginSimLifetime(std::uint32_t seed) {
  SeedSqliteRandomness(seed);
  g_time = {};
}

}  // namespace lastcommit
