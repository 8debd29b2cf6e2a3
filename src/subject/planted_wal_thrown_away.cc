// The bug: a WAL that is taken for rubbish. "The database was not closed
// properly, so what lies beside it is of no use": but until a checkpoint the
// WAL is where the newest commits are, and deleting it without them is in
// SQLite's list of ways to corrupt a database
// (https://sqlite.org/howtocorrupt.html section 1.4).

#include <sqlite3.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

// Through the VFS, so that it is the file of a simulated disk as well.
void Delete(const std::string& path) {
  sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
  vfs->xDelete(vfs, path.c_str(), /*syncDir=*/0);
}

absl::StatusOr<std::unique_ptr<Store>> OpenWithoutWal(const std::string& path,
                                                      const Profile& profile) {
  Delete(absl::StrCat(path, "-wal"));
  Delete(absl::StrCat(path, "-shm"));
  return OpenPlanted<SqliteSubject>(path, profile);
}

}  // namespace

SaverEntry PlantedWalThrownAway() {
  return {"planted-wal-thrown-away", "deletes the WAL that it finds on opening",
          ViolationClass::kUnstableRecovery, OpenWithoutWal, ReadStateBySql};
}

}  // namespace lastcommit
