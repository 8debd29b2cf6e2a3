#include "saver/kept_locks.h"

#include <sqlite3.h>

#include <string_view>

#include "saver/out_of_memory.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

constexpr char kKeep[] = "PRAGMA main.locking_mode = EXCLUSIVE";
constexpr char kKeepNoMore[] = "PRAGMA main.locking_mode = NORMAL";

}  // namespace

// The PRAGMA acts when it is compiled, before it can fail.
absl::StatusOr<bool> KeptLocks::DoesKeepAfter(const char* pragma) noexcept {
  bool does_keep = false;
  const auto read = [](void* answer, int /*columns*/, char** row, char**) {
    *static_cast<bool*>(answer) = std::string_view(row[0]) == "exclusive";
    return 0;
  };
  const int result =
      sqlite3_exec(database_.connection(), pragma, read, &does_keep, nullptr);
  const absl::Status status = CatchBadAlloc(
      [&] { return SqliteStatus(result, database_.connection(), pragma); });
  if (!status.ok()) return status;
  return does_keep;
}

absl::Status KeptLocks::Keep() {
  if (!is_wanted_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool does_keep,
                   DoesKeepAfter("PRAGMA main.locking_mode"));
  if (does_keep) return absl::OkStatus();
  may_keep_ = true;
  return DoesKeepAfter(kKeep).status();
}

absl::Status KeptLocks::KeepNoMore() noexcept {
  if (!may_keep_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool does_keep, DoesKeepAfter(kKeepNoMore));
  if (!does_keep) return absl::OkStatus();
  // A WAL that was opened under EXCLUSIVE has its index in memory, where nobody
  // else sees it (sqlite3PagerLockingMode() in pager.c).
  return StatusWith(
      absl::StatusCode::kDataLoss,
      "the WAL could not be deleted when it was left; the database must be "
      "opened again");
}

absl::Status KeptLocks::Release() {
  if (!may_keep_) return absl::OkStatus();
  RETURN_IF_ERROR(EndTransaction());
  RETURN_IF_ERROR(KeepNoMore());
  // They go with the next access (https://sqlite.org/pragma.html, locking_mode)
  RETURN_IF_ERROR(database_.QueryInt("PRAGMA user_version").status());
  if (database_.UsesWal() && database_.IsAlone()) {
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
  RETURN_IF_ERROR(DoesKeepAfter(kKeep).status());
  has_begun_ = true;
  const absl::Status begun = database_.Run("BEGIN IMMEDIATE");
  const absl::Status kept = KeepNoMore();
  RETURN_IF_ERROR(EndTransaction());
  RETURN_IF_ERROR(begun);
  RETURN_IF_ERROR(kept);
  if (!database_.IsAlone()) return absl::OkStatus();
  return absl::UnavailableError("the lock of the database file is still held");
}

}  // namespace lastcommit::saver
