#include "saver/sqlite_status.h"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "absl/strings/str_cat.h"
#include "saver/out_of_memory.h"

namespace lastcommit::saver {
namespace {

struct CodeName {
  int code;
  const char* name;
};

// SQLite has no public function for these names. Extended codes that are not
// listed are printed as their primary code and the number.
constexpr std::array kNames = {
#define NAME(code) \
  CodeName { code, #code }
    NAME(SQLITE_ERROR),
    NAME(SQLITE_INTERNAL),
    NAME(SQLITE_PERM),
    NAME(SQLITE_ABORT),
    NAME(SQLITE_BUSY),
    NAME(SQLITE_LOCKED),
    NAME(SQLITE_NOMEM),
    NAME(SQLITE_READONLY),
    NAME(SQLITE_INTERRUPT),
    NAME(SQLITE_IOERR),
    NAME(SQLITE_CORRUPT),
    NAME(SQLITE_FULL),
    NAME(SQLITE_CANTOPEN),
    NAME(SQLITE_PROTOCOL),
    NAME(SQLITE_SCHEMA),
    NAME(SQLITE_TOOBIG),
    NAME(SQLITE_CONSTRAINT),
    NAME(SQLITE_MISMATCH),
    NAME(SQLITE_MISUSE),
    NAME(SQLITE_AUTH),
    NAME(SQLITE_RANGE),
    NAME(SQLITE_NOTADB),
    NAME(SQLITE_ABORT_ROLLBACK),
    NAME(SQLITE_BUSY_RECOVERY),
    NAME(SQLITE_BUSY_SNAPSHOT),
    NAME(SQLITE_CANTOPEN_ISDIR),
    NAME(SQLITE_CONSTRAINT_CHECK),
    NAME(SQLITE_CONSTRAINT_FOREIGNKEY),
    NAME(SQLITE_CONSTRAINT_NOTNULL),
    NAME(SQLITE_CONSTRAINT_PRIMARYKEY),
    NAME(SQLITE_IOERR_READ),
    NAME(SQLITE_IOERR_SHORT_READ),
    NAME(SQLITE_IOERR_WRITE),
    NAME(SQLITE_IOERR_FSYNC),
    NAME(SQLITE_IOERR_DIR_FSYNC),
    NAME(SQLITE_IOERR_TRUNCATE),
    NAME(SQLITE_IOERR_FSTAT),
    NAME(SQLITE_IOERR_DELETE),
    NAME(SQLITE_IOERR_NOMEM),
    NAME(SQLITE_IOERR_ACCESS),
    NAME(SQLITE_IOERR_LOCK),
    NAME(SQLITE_IOERR_SHMOPEN),
    NAME(SQLITE_IOERR_SHMSIZE),
    NAME(SQLITE_IOERR_SHMMAP),
    NAME(SQLITE_READONLY_RECOVERY),
    NAME(SQLITE_READONLY_CANTINIT),
    NAME(SQLITE_READONLY_DIRECTORY),
    NAME(SQLITE_READONLY_DBMOVED),
#undef NAME
};

std::string CodeText(int result) {
  for (int code : {result, result & 0xff}) {
    auto found = std::find_if(
        kNames.begin(), kNames.end(),
        [code](const CodeName& entry) { return entry.code == code; });
    if (found != kNames.end()) return absl::StrCat(found->name, "/", result);
  }
  return absl::StrCat("SQLITE_?/", result);
}

bool IsOutOfSpace(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT ||
         system_error == EMFILE || system_error == ENFILE;
}

// Once the database is open, a file that is missing is none that the caller has
// named: where a journal cannot be created SQLite tries to open it for reading,
// and it is that error which it keeps (unixOpen() in os_unix.c).
absl::StatusCode CannotOpenCode(int result, int system_error, bool is_open) {
  if (result == SQLITE_CANTOPEN_ISDIR || system_error == EISDIR) {
    return absl::StatusCode::kFailedPrecondition;
  }
  if (IsOutOfSpace(system_error)) return absl::StatusCode::kResourceExhausted;
  if (system_error == ENOENT || system_error == ENOTDIR) {
    return is_open ? absl::StatusCode::kUnknown : absl::StatusCode::kNotFound;
  }
  return absl::StatusCode::kPermissionDenied;
}

// An I/O error says nothing about what reached the disk, hence Unknown and not
// DataLoss: the database is fine if a reopen without the fault says so.
absl::StatusCode IoErrorCode(int result, int system_error) {
  if (result == SQLITE_IOERR_NOMEM || IsOutOfSpace(system_error)) {
    return absl::StatusCode::kResourceExhausted;
  }
  return absl::StatusCode::kUnknown;
}

bool HasDatabase(sqlite3* connection) {
  const char* const name =
      connection == nullptr ? nullptr : sqlite3_db_filename(connection, "main");
  return name != nullptr && *name != '\0';
}

absl::StatusCode CodeOf(int result, int system_error, bool is_open) {
  switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:  // gave up on a lock of the wal-index
      return absl::StatusCode::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CONSTRAINT:
      return result == SQLITE_CONSTRAINT_CHECK
                 ? absl::StatusCode::kInvalidArgument
                 : absl::StatusCode::kFailedPrecondition;
    case SQLITE_TOOBIG:
      return absl::StatusCode::kInvalidArgument;
    case SQLITE_READONLY:
      // The database file was removed, or has another name now.
      return result == SQLITE_READONLY_DBMOVED
                 ? absl::StatusCode::kFailedPrecondition
                 : absl::StatusCode::kPermissionDenied;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::StatusCode::kPermissionDenied;
    case SQLITE_CANTOPEN:
      return CannotOpenCode(result, system_error, is_open);
    case SQLITE_IOERR:
      return IoErrorCode(result, system_error);
    case SQLITE_INTERRUPT:
      return absl::StatusCode::kCancelled;
    case SQLITE_ABORT:
      return absl::StatusCode::kAborted;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status SqliteStatus(int result, sqlite3* connection,
                          std::string_view what) noexcept {
  if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE) {
    return absl::OkStatus();
  }
  const int system_error =
      connection == nullptr ? 0 : sqlite3_system_errno(connection);
  const char* message = connection == nullptr ? sqlite3_errstr(result)
                                              : sqlite3_errmsg(connection);
  const absl::StatusCode code =
      CodeOf(result, system_error, HasDatabase(connection));
  return StatusOf(code, [&] {
    return absl::StrCat(absl::string_view(what.data(), what.size()), ": ",
                        CodeText(result), ": ", message);
  });
}

}  // namespace lastcommit::saver
