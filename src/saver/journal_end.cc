#include "saver/journal_end.h"

#include <sqlite3.h>

#include <cstddef>
#include <memory>

#include "absl/cleanup/cleanup.h"
#include "saver/sqlite_status.h"

namespace lastcommit::saver {

bool WritesOverJournal(JournalMode mode, Synchronous synchronous) {
  return (mode == JournalMode::kTruncate || mode == JournalMode::kPersist) &&
         synchronous != Synchronous::kOff;
}

// In these modes a transaction ends with a truncation of its journal, or zeros
// over its header, and a sync. If that sync did not take place (the process was
// killed before it, or it failed), the journal looks as if it had ended, SQLite
// does not sync it again, and the next transaction writes over its records. A
// loss of power that keeps some of those writes but not the end leaves a hot
// journal of two transactions.
absl::Status SyncJournal(Database& database) {
  sqlite3* const connection = database.connection();
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_VFS_POINTER, &vfs);
  const char* const name = sqlite3_db_filename(connection, "main");
  if (vfs == nullptr || name == nullptr) return absl::OkStatus();
  const char* const journal = sqlite3_filename_journal(name);
  int is_there = 0;
  // Not SQLITE_ACCESS_EXISTS, which is false for an empty file.
  int result = vfs->xAccess(vfs, journal, SQLITE_ACCESS_READWRITE, &is_there);
  if (result != SQLITE_OK) {
    return SqliteStatus(result, nullptr, "looking for the journal");
  }
  if (is_there == 0) return absl::OkStatus();
  const auto memory = std::make_unique<std::max_align_t[]>(
      static_cast<std::size_t>(vfs->szOsFile) / sizeof(std::max_align_t) + 1);
  auto* const file = reinterpret_cast<sqlite3_file*>(memory.get());
  // Opened for creation its sync is one of the directory too. SQLite goes on
  // with a hot journal that it has opened otherwise, and never syncs its name.
  result = vfs->xOpen(
      vfs, journal, file,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_JOURNAL,
      nullptr);
  const absl::Cleanup close = [file] {
    if (file->pMethods != nullptr) file->pMethods->xClose(file);
  };
  if (result == SQLITE_OK) {
    result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  }
  return SqliteStatus(result, nullptr, "syncing the journal");
}

// Beside an empty database SQLite deletes a journal without a look at it. If
// the database is empty because a rollback has cut it, and was killed before
// its sync, a loss of power brings back what the journal would have undone.
absl::Status SyncEmptyDatabase(Database& database) {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.connection(), "main", SQLITE_FCNTL_FILE_POINTER,
                       &file);
  if (file == nullptr || file->pMethods == nullptr) return absl::OkStatus();
  sqlite3_int64 size = 0;
  int result = file->pMethods->xFileSize(file, &size);
  if (result == SQLITE_OK && size == 0) {
    result = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
  }
  return SqliteStatus(result, nullptr, "syncing an empty database");
}

}  // namespace lastcommit::saver
