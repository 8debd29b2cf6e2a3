#include "saver/kept_locks.h"

#include <sqlite3.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "saver/out_of_memory.h"
#include "status/status.h"

namespace lastcommit {
namespace {

constexpr char kKeeping[] = "exclusive";
constexpr char kNotKeeping[] = "normal";

// False also where the VFS does not know.
bool HasTheFileForItself(const Database& database) {
  int state = SQLITE_LOCK_NONE;
  const int result = sqlite3_file_control(database.connection(), "main",
                                          SQLITE_FCNTL_LOCKSTATE, &state);
  return result == SQLITE_OK && state > SQLITE_LOCK_SHARED;
}

}  // namespace

// The PRAGMA acts when it is compiled, before it can fail.
absl::Status KeptLocks::SetLocking(const char* mode) {
  ASSIGN_OR_RETURN(
      const std::string now,
      database_.QueryText(absl::StrCat("PRAGMA main.locking_mode = ", mode)));
  if (now == mode) return absl::OkStatus();
  // A WAL that was opened under EXCLUSIVE has its index in memory, where nobody
  // else sees it (sqlite3PagerLockingMode() in pager.c).
  return absl::DataLossError(
      "the WAL could not be deleted when it was left; the database must be "
      "opened again");
}

absl::Status KeptLocks::Keep() {
  if (!is_wanted_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string before,
                   database_.QueryText("PRAGMA main.locking_mode"));
  if (before == kKeeping) return absl::OkStatus();
  may_keep_ = true;
  return SetLocking(kKeeping);
}

void KeptLocks::KeepNoMore() {
  if (!may_keep_) return;
  CatchBadAlloc([&] { return SetLocking(kNotKeeping); }).IgnoreError();
}

absl::Status KeptLocks::Release() {
  if (!may_keep_) return absl::OkStatus();
  RETURN_IF_ERROR(EndTransaction());
  RETURN_IF_ERROR(SetLocking(kNotKeeping));
  // They go with the next access (https://sqlite.org/pragma.html, locking_mode)
  RETURN_IF_ERROR(database_.QueryInt("PRAGMA user_version").status());
  if (database_.UsesWal() && HasTheFileForItself(database_)) {
    RETURN_IF_ERROR(ReleaseInWalMode());
  }
  may_keep_ = false;
  return absl::OkStatus();
}

absl::Status KeptLocks::EndTransaction() {
  if (has_begun_ && !database_.IsAutocommit()) {
    RETURN_IF_ERROR(database_.Run("ROLLBACK"));
  }
  has_begun_ = false;
  return absl::OkStatus();
}

// If the WAL was deleted and the change of the mode has failed then, the next
// access opens a new one, and the lock of the file stays: SQLite gives it back
// only at the end of a transaction that began in EXCLUSIVE and ends in NORMAL
// (pager_end_transaction() in pager.c).
absl::Status KeptLocks::ReleaseInWalMode() {
  RETURN_IF_ERROR(database_.Prepare("ROLLBACK").status());
  RETURN_IF_ERROR(SetLocking(kKeeping));
  has_begun_ = true;
  const absl::Status begun = database_.Run("BEGIN IMMEDIATE");
  const absl::Status set = SetLocking(kNotKeeping);
  RETURN_IF_ERROR(EndTransaction());
  RETURN_IF_ERROR(begun);
  RETURN_IF_ERROR(set);
  if (!HasTheFileForItself(database_)) return absl::OkStatus();
  return absl::UnavailableError("the lock of the database file is still held");
}

}  // namespace lastcommit
