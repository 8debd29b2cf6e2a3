#include "saver/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "saver/shown.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

absl::Status Cannot(const char* what, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("path: cannot ", what, " ",
                                                 Shown(path, kMaxShownPath)));
}

// Copies all in one step, so that it is one state of the database.
absl::Status CopyPages(sqlite3* from, sqlite3* to, absl::Duration patience) {
  sqlite3_backup* const backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) {
    return SqliteStatus(sqlite3_errcode(to), to, "backup");
  }
  const absl::Time end = absl::Now() + patience;
  int result = sqlite3_backup_step(backup, -1);
  while ((result == SQLITE_BUSY || result == SQLITE_LOCKED) &&
         absl::Now() < end) {
    sqlite3_sleep(/*milliseconds=*/5);
    result = sqlite3_backup_step(backup, -1);
  }
  const int finished = sqlite3_backup_finish(backup);
  return SqliteStatus(finished == SQLITE_OK ? result : finished, to, "backup");
}

// Into an empty file, which needs no journal.
absl::Status CopyTo(const std::string& path, sqlite3* from,
                    absl::Duration patience) {
  sqlite3* to = nullptr;
  int result = sqlite3_open_v2(path.c_str(), &to,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE,
                               /*zVfs=*/nullptr);
  absl::Cleanup close = [&to] { sqlite3_close(to); };
  if (result == SQLITE_OK) {
    result = sqlite3_exec(to, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF",
                          nullptr, nullptr, nullptr);
  }
  RETURN_IF_ERROR(SqliteStatus(result, to, "open a backup"));
  RETURN_IF_ERROR(CopyPages(from, to, patience));
  std::move(close).Cancel();
  return SqliteStatus(sqlite3_close(to), nullptr, "close a backup");
}

absl::Status SyncDirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  const int directory = open(parent.empty() ? "." : parent.c_str(),
                             O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return Cannot("open the directory of", path);
  const absl::Cleanup close_it = [directory] { close(directory); };
  if (fsync(directory) != 0) return Cannot("sync the directory of", path);
  return absl::OkStatus();
}

// Not over a file that is there. Some file systems cannot rename so; a second
// name is refused by all of them.
absl::Status GiveName(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(),
                RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno != EINVAL && errno != ENOSYS) return Cannot("make", to);
  if (link(from.c_str(), to.c_str()) != 0) return Cannot("make", to);
  unlink(from.c_str());
  return absl::OkStatus();
}

}  // namespace

absl::Status Backup(Database& database, const std::string& path,
                    absl::Duration patience) {
  std::string partial = path + "-partial-XXXXXX";
  const int file = mkostemp(partial.data(), O_CLOEXEC);
  if (file < 0) return Cannot("make a file beside", path);
  absl::Cleanup remove = [&partial] { unlink(partial.c_str()); };
  const absl::Cleanup close_file = [file] { close(file); };
  RETURN_IF_ERROR(CopyTo(partial, database.connection(), patience));
  if (fsync(file) != 0) return Cannot("sync", partial);
  RETURN_IF_ERROR(GiveName(partial, path));
  std::move(remove).Cancel();
  return SyncDirectoryOf(path);
}

}  // namespace lastcommit::saver
