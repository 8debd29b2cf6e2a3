// A file of SQLite's in memory, which nobody else can open and which is gone
// when it is closed: a temporary file, or the pretence of one.

#ifndef LASTCOMMIT_DISK_MEMORY_FILE_H_
#define LASTCOMMIT_DISK_MEMORY_FILE_H_

#include <sqlite3.h>

#include <cstdint>

namespace lastcommit {

struct MemoryFileLimits {
  static constexpr std::int64_t kMaxBytes = std::int64_t{1} << 30;
};

// The room that a sqlite3_file needs for it.
int MemoryFileSize();

// Opens an empty one. SQLITE_NOMEM. What grows beyond the limit gets
// SQLITE_FULL.
int OpenMemoryFile(sqlite3_file* file);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_MEMORY_FILE_H_
