#include "disk/file_role.h"

#include <sqlite3.h>

#include "disk/super_journals.h"

namespace lastcommit {

FileRole RoleOf(int open_flags) {
  if ((open_flags & SQLITE_OPEN_MAIN_DB) != 0) return FileRole::kDatabase;
  if ((open_flags & SQLITE_OPEN_WAL) != 0) return FileRole::kWal;
  if ((open_flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) return FileRole::kJournal;
  if ((open_flags & SQLITE_OPEN_SUPER_JOURNAL) != 0) {
    return FileRole::kSuperJournal;
  }
  return FileRole::kTemporary;
}

FileRole RoleOfPath(std::string_view path) {
  if (path.ends_with("-journal")) return FileRole::kJournal;
  if (path.ends_with("-wal")) return FileRole::kWal;
  if (path.ends_with("-shm")) return FileRole::kShm;
  if (IsSuperJournal(path)) return FileRole::kSuperJournal;
  return FileRole::kTemporary;
}

}  // namespace lastcommit
