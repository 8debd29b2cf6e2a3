#include "trial/sim_remains.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "store/attached.h"

namespace lastcommit {
namespace {

void UnlinkIfThere(const std::string& path, Storage& storage) {
  const InodeId inode = storage.Find(path);
  if (inode == kNoInode) return;
  storage.Unlink(path);
  storage.Forget(inode);
}

bool IsHot(InodeId journal, const Storage& files) {
  const auto read = [&](std::int64_t at, std::size_t most) {
    std::string bytes(most, '\0');
    bytes.resize(static_cast<std::size_t>(files.Read(
        journal, at, bytes.data(), static_cast<std::int64_t>(most))));
    return bytes;
  };
  return IsHotJournal(files.Size(journal), read, [&](const std::string& path) {
    return files.Find(path) != kNoInode;
  });
}

}  // namespace

Leftovers SimRemains::FindLeftovers() {
  Leftovers found;
  AddLeftovers(kSimDatabase, found);
  for (int database = 1; database <= kMostAttached; ++database) {
    const std::string path = AttachedPath(kSimDatabase, database);
    if (storage().Find(path) == kNoInode) break;
    AddLeftovers(path, found);
  }
  return found;
}

void SimRemains::AddLeftovers(const std::string& path, Leftovers& found) const {
  const Storage& files = storage();
  const InodeId wal = files.Find(absl::StrCat(path, "-wal"));
  if (wal != kNoInode) found.wal_bytes += files.Size(wal);
  const InodeId database = files.Find(path);
  if (database == kNoInode || files.Size(database) == 0) return;
  const InodeId journal = files.Find(absl::StrCat(path, "-journal"));
  if (journal == kNoInode) return;
  found.hot_journal |= IsHot(journal, files);
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
    for (const std::string& path : copy.Paths()) {
      if (path.ends_with("-wal") || path.ends_with("-journal")) {
        UnlinkIfThere(path, copy);
      }
    }
  }
  copy.NeverLosesPower();
  SimDisk disk(std::move(copy));
  UseSimDisk(&disk);
  // Attached databases have pages of their own.
  auto read = std::make_shared<const PlainRead>(
      entry.attach == nullptr
          ? ReadByPlainSql(entry, disk, kSimDatabase, known_.pages)
          : ReadByPlainSql(entry, kSimDatabase));
  UseSimDisk(disk_.get());
  return read;
}

std::string SimRemains::database() {
  if (disk_ == nullptr) disk_ = std::make_unique<SimDisk>(storage_);
  UseSimDisk(disk_.get());
  return kSimDatabase;
}

}  // namespace lastcommit
