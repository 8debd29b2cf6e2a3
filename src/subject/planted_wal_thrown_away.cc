// The bug: a WAL that is taken for rubbish. "The database was not closed
// properly, so what lies beside it is of no use": but until a checkpoint the
// WAL is where the newest commits are, and deleting it without them is in
// SQLite's list of ways to corrupt a database
// (https://sqlite.org/howtocorrupt.html section 1.4).

#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

absl::StatusOr<std::unique_ptr<Saver>> OpenWithoutWal(const std::string& path,
                                                      const Profile& profile) {
  unlink(absl::StrCat(path, "-wal").c_str());
  unlink(absl::StrCat(path, "-shm").c_str());
  return OpenPlanted<SqliteSubject>(path, profile);
}

}  // namespace

SaverEntry PlantedWalThrownAway() {
  return {"planted-wal-thrown-away",
          "deletes the WAL that it finds on opening",
          ViolationClass::kUnstableRecovery,
          OpenWithoutWal,
          ReadStateBySql,
          /*needs_crash=*/true,
          /*needs_real_files=*/true};
}

}  // namespace lastcommit
