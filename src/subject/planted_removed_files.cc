// The bug: it does not look whether its files still have their names. SQLite
// does not either, but for the database file before a rollback journal is
// opened (databaseIsUnmoved() in pager.c): what is committed to a WAL that
// another program has removed is gone with the process.

#include <memory>
#include <string>
#include <utility>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path,
                                            const Profile& profile) {
  saver::Options options = OptionsFor(profile);
  options.notice_removed_files = false;
  ASSIGN_OR_RETURN(auto saver, saver::SqliteSaver::Open(path, options));
  return std::make_unique<SqliteSubject>(std::move(saver));
}

}  // namespace

SaverEntry PlantedRemovedFilesUnnoticed() {
  SaverEntry entry = {"planted-removed-files-unnoticed",
                      "acknowledges commits to a file that another program has "
                      "removed",
                      ViolationClass::kLostCommit, Open, ReadStateBySql};
  // The database alone is gone without a crash, too.
  entry.needs_crash = false;
  return entry;
}

}  // namespace lastcommit
