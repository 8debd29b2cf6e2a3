#include "saver/peek.h"

#include <sqlite3.h>

#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "saver/database.h"
#include "saver/schema.h"
#include "saver/sqlite_saver.h"
#include "status/status.h"

namespace lastcommit {
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

struct FileFacts {
  std::int64_t size = 0;
  bool has_journal = false;  // or a WAL, that is not empty
};

bool Exists(sqlite3_vfs* vfs, const char* path) {
  int exists = 1;  // if in doubt, somebody else has to look
  vfs->xAccess(vfs, path, SQLITE_ACCESS_EXISTS, &exists);
  return exists != 0;
}

FileFacts FactsOf(Database& database, sqlite3_file* file) {
  FileFacts facts;
  sqlite3_int64 size = 0;
  if (file->pMethods->xFileSize(file, &size) == SQLITE_OK) facts.size = size;
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(database.connection(), "main", SQLITE_FCNTL_VFS_POINTER,
                       &vfs);
  const char* name = sqlite3_db_filename(database.connection(), "main");
  facts.has_journal = vfs == nullptr || name == nullptr ||
                      Exists(vfs, sqlite3_filename_journal(name)) ||
                      Exists(vfs, sqlite3_filename_wal(name));
  return facts;
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

absl::Status Judge(Database& database, const FileFacts& facts) {
  ASSIGN_OR_RETURN(const SchemaId id, ReadSchemaId(database));
  if (id.application_id == 0 && facts.has_journal) return absl::OkStatus();
  if (!facts.has_journal) {
    RETURN_IF_ERROR(CheckLength(database, facts.size));
  }
  return InspectSchema(database).status();
}

}  // namespace

// The lock keeps writers out, so that the length and the header are of one
// moment, and no journal comes or goes meanwhile. SQLite itself does not lock
// an immutable file.
absl::Status PeekAtFile(const std::string& path, const std::string& vfs) {
  ASSIGN_OR_RETURN(
      Database database,
      Database::OpenWith(UriOf(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
                         vfs));
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database.connection(), "main", SQLITE_FCNTL_FILE_POINTER,
                       &file);
  if (file == nullptr || file->pMethods == nullptr) return absl::OkStatus();
  if (file->pMethods->xLock(file, SQLITE_LOCK_SHARED) != SQLITE_OK) {
    return absl::OkStatus();
  }
  const absl::Cleanup unlock = [file] {
    file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
  };
  const FileFacts facts = FactsOf(database, file);
  if (facts.size == 0) return absl::OkStatus();
  const absl::Status judgement = Judge(database, facts);
  // A journal or WAL may hold what is missing.
  if (absl::IsDataLoss(judgement) && facts.has_journal) {
    return absl::OkStatus();
  }
  return judgement;
}

}  // namespace lastcommit
