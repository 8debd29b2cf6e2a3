#include "disk/page_digest.h"

#include <sqlite3.h>

#include "disk/storage.h"

namespace lastcommit {

std::optional<std::uint64_t> DigestOfPages(sqlite3* connection, SimDisk& disk,
                                           const std::string& path,
                                           std::int64_t& wal_frames) {
  // It reads the header, for which everything is recovered, and no schema.
  if (sqlite3_exec(connection, "PRAGMA user_version", nullptr, nullptr,
                   nullptr) != SQLITE_OK) {
    return std::nullopt;
  }
  int frames = 0;
  int copied = 0;
  if (sqlite3_wal_checkpoint_v2(connection, "main", SQLITE_CHECKPOINT_PASSIVE,
                                &frames, &copied) != SQLITE_OK ||
      copied != frames) {
    return std::nullopt;
  }
  wal_frames = frames > 0 ? frames : 0;
  const InodeId file = disk.storage().Find(path);
  if (file == kNoInode || disk.storage().Size(file) == 0) return std::nullopt;
  return disk.storage().DigestOf(file);
}

}  // namespace lastcommit
