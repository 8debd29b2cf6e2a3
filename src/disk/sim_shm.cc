// The wal-index: memory that the connections of a database share, and its
// locks, as unixShmMap and unixShmLock of os_unix.c have them. It has no file:
// nobody reads one that is there before the first connection (the lock on its
// dead-man-switch makes that one truncate it), so none is needed.
// https://sqlite.org/walformat.html#the_wal_index_file_format

#include <sqlite3.h>

#include <cstdint>

#include "disk/sim_files.h"

namespace lastcommit {
namespace {

int AddRegions(SimDisk::Impl& disk, SimShm& shm, std::size_t wanted,
               int region_size) {
  const std::int64_t sectors = (region_size + kSimSector - 1) / kSimSector;
  while (shm.regions.size() < wanted) {
    if (disk.capacity_sectors >= 0 && disk.FreeSectors() < sectors) {
      return SQLITE_IOERR_SHMSIZE;
    }
    disk.shm_sectors += sectors;
    shm.sectors += sectors;
    shm.regions.push_back(
        std::make_unique<char[]>(static_cast<std::size_t>(region_size)));
  }
  return SQLITE_OK;
}

int Map(SimFile& file, int region, int region_size, bool extends,
        void volatile** memory) {
  SimShm& shm = file.inode->shm;
  if (!file.has_shm) {
    file.has_shm = true;
    ++shm.users;
  }
  const auto wanted = static_cast<std::size_t>(region) + 1;
  if (shm.regions.size() < wanted) {
    if (!extends) return SQLITE_OK;
    const int result = AddRegions(*file.disk, shm, wanted, region_size);
    if (result != SQLITE_OK) return result;
  }
  *memory = shm.regions[wanted - 1].get();
  return SQLITE_OK;
}

int AcquireShared(SimFile& file, std::size_t slot) {
  const std::uint32_t mask = 1U << slot;
  int& holders = file.inode->shm.locks[slot];
  if ((file.shared_slots & mask) != 0) return SQLITE_OK;
  if (holders < 0) return SQLITE_BUSY;
  ++holders;
  file.shared_slots |= mask;
  return SQLITE_OK;
}

int AcquireExclusive(SimFile& file, std::size_t first, std::size_t end) {
  if (file.disk->shares_index_locks) return SQLITE_OK;
  auto& locks = file.inode->shm.locks;
  for (std::size_t slot = first; slot < end; ++slot) {
    if (locks[slot] != 0) return SQLITE_BUSY;
  }
  for (std::size_t slot = first; slot < end; ++slot) {
    locks[slot] = -1;
    file.exclusive_slots |= 1U << slot;
  }
  return SQLITE_OK;
}

void ReleaseSlots(SimFile& file, std::size_t first, std::size_t end) {
  auto& locks = file.inode->shm.locks;
  for (std::size_t slot = first; slot < end; ++slot) {
    const std::uint32_t mask = 1U << slot;
    if ((file.shared_slots & mask) != 0) --locks[slot];
    if ((file.exclusive_slots & mask) != 0) locks[slot] = 0;
    file.shared_slots &= ~mask;
    file.exclusive_slots &= ~mask;
  }
}

VfsCall ShmCall(const SimFile& file, VfsCallKind kind) {
  VfsCall call = file.Call(kind);
  call.role = FileRole::kShm;
  return call;
}

}  // namespace

void ReleaseShm(SimFile& file) {
  if (!file.has_shm) return;
  ReleaseSlots(file, 0, SQLITE_SHM_NLOCK);
  file.has_shm = false;
  SimShm& shm = file.inode->shm;
  if (--shm.users > 0) return;
  file.disk->shm_sectors -= shm.sectors;
  shm = SimShm();
}

int SimShmMap(sqlite3_file* base, int region, int region_size, int extend,
              void volatile** memory) {
  SimFile& file = Sim(base);
  *memory = nullptr;
  VfsCall call = ShmCall(file, VfsCallKind::kShmMap);
  call.extends = extend != 0;
  return Observed(*file.disk, call, [&] {
    return Watched({LockCallKind::kIndexMap}, file,
                   Map(file, region, region_size, extend != 0, memory));
  });
}

int SimShmLock(sqlite3_file* base, int first, int count, int flags) {
  SimFile& file = Sim(base);
  const bool is_unlock = (flags & SQLITE_SHM_UNLOCK) != 0;
  VfsCall call = ShmCall(
      file, is_unlock ? VfsCallKind::kShmUnlock : VfsCallKind::kShmLock);
  call.offset = first;
  call.amount = count;
  return Observed(
      *file.disk, call,
      [&] {
        if (!file.has_shm) return SQLITE_IOERR_SHMLOCK;
        const auto begin = static_cast<std::size_t>(first);
        const auto end = begin + static_cast<std::size_t>(count);
        LockCall asked;
        asked.kind =
            is_unlock ? LockCallKind::kIndexUnlock : LockCallKind::kIndexLock;
        asked.first_slot = first;
        asked.slots = count;
        asked.is_exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
        if (is_unlock) {
          ReleaseSlots(file, begin, end);
          return Watched(asked, file, SQLITE_OK);
        }
        return Watched(asked, file,
                       asked.is_exclusive ? AcquireExclusive(file, begin, end)
                                          : AcquireShared(file, begin));
      },
      is_unlock ? OnError::kPerform : OnError::kSkip);
}

void SimShmBarrier(sqlite3_file* base) {
  SimFile& file = Sim(base);
  Observed(*file.disk, ShmCall(file, VfsCallKind::kShmBarrier),
           [] { return SQLITE_OK; });
}

int SimShmUnmap(sqlite3_file* base, int /*delete_flag*/) {
  SimFile& file = Sim(base);
  return Observed(
      *file.disk, ShmCall(file, VfsCallKind::kShmUnmap),
      [&] {
        ReleaseShm(file);
        return Watched({LockCallKind::kIndexUnmap}, file, SQLITE_OK);
      },
      OnError::kPerform);
}

}  // namespace lastcommit
