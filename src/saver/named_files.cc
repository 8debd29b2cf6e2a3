#include "saver/named_files.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "saver/out_of_memory.h"

namespace lastcommit::saver {

NamedFiles::NamedFiles(Database& database, bool is_on) : database_(database) {
  const char* const name = sqlite3_db_filename(database_.connection(), "main");
  if (!is_on || name == nullptr || name[0] == '\0') return;
  files_[kDatabase].name = name;
  files_[kWal].name = absl::StrCat(name, "-wal");
  files_[kIndex].name = absl::StrCat(name, "-shm");
  files_[kDatabase].id = Find(files_[kDatabase].name);
  RememberWal();
}

// Whoever has opened a WAL holds a SHARED lock on the database until it closes
// (sqlite3PagerOpenWal() in pager.c), and who deletes a WAL or its index needs
// an EXCLUSIVE one (sqlite3WalClose() in wal.c): while this connection uses the
// WAL, nobody who keeps to the rules takes either of them away. An index that
// has no file is in the memory of one process, under an exclusive lock
// (https://sqlite.org/wal.html#noshm).
void NamedFiles::RememberWal() {
  uses_wal_ = database_.UsesWal();
  files_[kWal].id = files_[kIndex].id = {};
  if (!uses_wal_ || !files_[kDatabase].id.is_there()) return;
  files_[kWal].id = Find(files_[kWal].name);
  files_[kIndex].id = Find(files_[kIndex].name);
  // It was opened for creation.
  if (!files_[kWal].id.is_there()) moved_ = CheckOne(files_[kWal]);
}

void NamedFiles::ForgetWal() noexcept {
  uses_wal_ = false;
  files_[kWal].id = files_[kIndex].id = {};
}

absl::Status NamedFiles::Check() noexcept {
  if (!moved_.ok() || !files_[kDatabase].id.is_there()) return moved_;
  // Another connection may have changed the mode, and this one has followed.
  if (database_.UsesWal() != uses_wal_) RememberWal();
  for (const File& file : files_) {
    if (moved_.ok() && file.id.is_there()) moved_ = CheckOne(file);
  }
  return moved_;
}

absl::Status NamedFiles::CheckOne(const File& file) {
  const FileId now = Find(file.name);
  if (file.id.is_there() && now == file.id) return absl::OkStatus();
  return StatusOf(absl::StatusCode::kFailedPrecondition, [&] {
    return absl::StrCat(
        file.name, now.is_there() ? " was replaced" : " was removed",
        " by another program: what is written to the file that is open is "
        "lost; open the database again");
  });
}

bool NamedFiles::AreReplaced() noexcept {
  for (const File& file : files_) {
    if (!file.id.is_there()) continue;
    const FileId now = Find(file.name);
    if (now.is_there() && now != file.id) return true;
  }
  return false;
}

// As long as SQLite has a file open its inode is not given to another one. What
// cannot be found for whatever reason is not known to be the same, as for
// SQLITE_FCNTL_HAS_MOVED (fileHasMoved() in os_unix.c); that one knows the
// database file only, since others are opened without locks.
FileId NamedFiles::Find(const std::string& name) {
  sqlite3_file* file = nullptr;
  if (asks_vfs_) {
    sqlite3_file_control(database_.connection(), "main",
                         SQLITE_FCNTL_FILE_POINTER, &file);
  }
  if (file != nullptr && file->pMethods != nullptr) {
    FileOfName question;
    question.name = name.c_str();
    if (file->pMethods->xFileControl(file, kFileControlFileOfName, &question) ==
        SQLITE_OK) {
      return question.id;
    }
  }
  asks_vfs_ = false;
  struct stat found = {};
  if (stat(name.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

}  // namespace lastcommit::saver
