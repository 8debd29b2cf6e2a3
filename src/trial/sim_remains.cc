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

absl::StatusOr<std::shared_ptr<const PlainRead>> SimRemains::ReadCopy(
    const SaverEntry& entry, CopyWhat what) {
  // Once the saver has opened it, it is no image any more.
  if (disk_ != nullptr) return Read(entry, what);
  const auto found = known_.reads.find({digest_, what});
  if (found != known_.reads.end()) return found->second;
  auto read = Read(entry, what);
  if (known_.reads.size() < KnownImages::kMostReads) {
    known_.reads[{digest_, what}] = read;
  }
  return read;
}

std::shared_ptr<const PlainRead> SimRemains::Read(const SaverEntry& entry,
                                                  CopyWhat what) const {
  Storage copy = storage();
  if (copy.Find(kSimDatabase) == kNoInode) {
    return std::make_shared<const PlainRead>();
  }
  if (what == CopyWhat::kDatabaseAlone) {
    UnlinkIfThere(absl::StrCat(kSimDatabase, "-wal"), copy);
    UnlinkIfThere(absl::StrCat(kSimDatabase, "-journal"), copy);
  }
  copy.NeverLosesPower();
  SimDisk disk(std::move(copy));
  UseSimDisk(&disk);
  auto read =
      std::make_shared<const PlainRead>(ReadByPlainSql(entry, kSimDatabase));
  UseSimDisk(disk_.get());
  return read;
}

std::string SimRemains::database() {
  if (disk_ == nullptr) disk_ = std::make_unique<SimDisk>(storage_);
  UseSimDisk(disk_.get());
  return kSimDatabase;
}

}  // namespace lastcommit
