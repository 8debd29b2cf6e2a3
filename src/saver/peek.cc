#include "saver/peek.h"

#include <sqlite3.h>

#include <cstdint>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "saver/database.h"
#include "saver/schema.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// https://sqlite.org/uri.html: every byte that might mean something there is
// escaped. "//" at the beginning would be taken for a host, hence an empty one.
std::string UriOf(const std::string& path) {
  std::string uri = path.front() == '/' ? "file://" : "file:";
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '/' || c == '.' ||
                          c == '-' || c == '_';
    if (is_plain) {
      uri.push_back(c);
    } else {
      absl::StrAppend(
          &uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    }
  }
  return uri + "?immutable=1";
}

// What may hold changes that the file has not. An empty WAL too: it says that
// somebody may be at work, and may have written it, moved it into the database
// and emptied it while the header was read.
bool HasCompanion(Database& database) {
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(database.connection(), "main", SQLITE_FCNTL_VFS_POINTER,
                       &vfs);
  const char* name = sqlite3_db_filename(database.connection(), "main");
  if (vfs == nullptr || name == nullptr) return true;
  const auto is_there = [vfs](const char* path, int how) {
    int answer = 1;  // if in doubt, somebody else has to look
    vfs->xAccess(vfs, path, how, &answer);
    return answer != 0;
  };
  // In SQLite's own VFS "exists" is true for files that are not empty.
  return is_there(sqlite3_filename_journal(name), SQLITE_ACCESS_EXISTS) ||
         is_there(sqlite3_filename_wal(name), SQLITE_ACCESS_EXISTS) ||
         is_there(sqlite3_filename_wal(name), SQLITE_ACCESS_READWRITE);
}

// A VFS of its own knows where its files are: no empty one was made for it.
bool IsMissing(const std::string& path, const std::string& name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
  if (vfs == nullptr) return false;
  for (const int how : {SQLITE_ACCESS_EXISTS, SQLITE_ACCESS_READWRITE}) {
    int answer = 1;
    vfs->xAccess(vfs, path.c_str(), how, &answer);
    if (answer != 0) return false;
  }
  return true;
}

// SQLite notices a missing page, but not a page that is cut.
absl::Status CheckLength(Database& database, std::int64_t size) {
  ASSIGN_OR_RETURN(const std::int64_t pages,
                   database.QueryInt("PRAGMA page_count"));
  ASSIGN_OR_RETURN(const std::int64_t page_size,
                   database.QueryInt("PRAGMA page_size"));
  if (pages * page_size <= size) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("cut short: ", size, " bytes of ",
                                          pages, " pages of ", page_size));
}

// What the file alone says.
absl::Status Judge(Database& database, std::int64_t size) {
  RETURN_IF_ERROR(InspectSchema(database).status());
  return CheckLength(database, size);
}

// Those of SQLite itself have no id; what follows from the header's other
// fields may be otherwise in a journal or WAL.
bool IsDecided(Database& database, const absl::Status& judgement) {
  if (!absl::IsFailedPrecondition(judgement)) return false;
  const auto id = ReadSchemaId(database);
  return id.ok() && id->application_id != 0;
}

// The lock keeps writers out, so that the length and the header are of one
// moment, and that no WAL is deleted; SQLite itself does not lock an immutable
// file. The WAL is looked for last: who has written the file in spite of the
// lock, by a checkpoint, still has it.
absl::StatusOr<Peeked> PeekOnce(const std::string& path,
                                const std::string& vfs) {
  absl::StatusOr<Database> opened = Database::OpenWith(
      UriOf(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, vfs);
  if (!opened.ok() && IsMissing(path, vfs)) return Peeked::kFine;
  ASSIGN_OR_RETURN(Database database, std::move(opened));
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.connection(), "main", SQLITE_FCNTL_FILE_POINTER,
                       &file);
  if (file == nullptr || file->pMethods == nullptr) return Peeked::kFine;
  if (file->pMethods->xLock(file, SQLITE_LOCK_SHARED) != SQLITE_OK) {
    return Peeked::kUndecided;
  }
  const absl::Cleanup unlock = [file] {
    file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
  };
  sqlite3_int64 size = 0;
  file->pMethods->xFileSize(file, &size);
  if (size == 0) return Peeked::kFine;
  const absl::Status judgement = Judge(database, size);
  if (judgement.ok()) return Peeked::kFine;
  if (IsDecided(database, judgement) || !HasCompanion(database)) {
    return judgement;
  }
  return Peeked::kUndecided;
}

}  // namespace

// SQLite reads the header when it opens the file, before there is any lock, so
// what looks damaged may be two moments of a file that is being made, and one
// that could not be opened may have been missing then and be there now. Damage
// and permissions are there again.
absl::StatusOr<Peeked> PeekAtFile(const std::string& path,
                                  const std::string& vfs) {
  constexpr int kLooks = 3;
  absl::StatusOr<Peeked> peeked = PeekOnce(path, vfs);
  const auto may_pass = [](const absl::Status& status) {
    return absl::IsDataLoss(status) || absl::IsPermissionDenied(status);
  };
  for (int i = 1; i < kLooks && may_pass(peeked.status()); ++i) {
    peeked = PeekOnce(path, vfs);
  }
  return peeked;
}

}  // namespace lastcommit::saver
