#include "trial/sim_remains.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace lastcommit {
namespace {

void UnlinkIfThere(const std::string& path, Storage& storage) {
  const InodeId inode = storage.Find(path);
  if (inode == kNoInode) return;
  storage.Unlink(path);
  storage.Forget(inode);
}

}  // namespace

Leftovers SimRemains::FindLeftovers() {
  Leftovers found;
  const Storage& files = storage();
  const InodeId wal = files.Find(absl::StrCat(kSimDatabase, "-wal"));
  if (wal != kNoInode) found.wal_bytes = files.Size(wal);
  const InodeId database = files.Find(kSimDatabase);
  if (database == kNoInode || files.Size(database) == 0) return found;
  const InodeId journal = files.Find(absl::StrCat(kSimDatabase, "-journal"));
  if (journal == kNoInode) return found;
  char first = 0;
  found.hot_journal = files.Read(journal, 0, &first, 1) == 1 && first != 0;
  return found;
}

absl::StatusOr<PlainRead> SimRemains::ReadCopy(const SaverEntry& entry,
                                               CopyWhat what) {
  Storage copy = storage();
  if (copy.Find(kSimDatabase) == kNoInode) return PlainRead();
  if (what == CopyWhat::kDatabaseAlone) {
    UnlinkIfThere(absl::StrCat(kSimDatabase, "-wal"), copy);
    UnlinkIfThere(absl::StrCat(kSimDatabase, "-journal"), copy);
  }
  SimDisk disk(std::move(copy));
  UseSimDisk(&disk);
  PlainRead read = ReadByPlainSql(entry, kSimDatabase);
  UseSimDisk(disk_.get());
  return read;
}

std::string SimRemains::database() {
  if (disk_ == nullptr) disk_ = std::make_unique<SimDisk>(storage_);
  UseSimDisk(disk_.get());
  return kSimDatabase;
}

}  // namespace lastcommit
