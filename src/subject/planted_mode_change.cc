// The bug: PRAGMA journal_mode, and nothing else. SQLite refuses to leave WAL
// while another connection has the database open, but the one that leaves may
// still have pages in its cache from before the last commit of another that has
// closed, and nothing tells it (docs/findings.md). It reads them, and writes
// them over that commit.

#include <sqlite3.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatChangesTheModeAlone : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  absl::Status SetJournalMode(saver::JournalMode mode) override {
    if (in_transaction())
      return SqliteSubject::SetJournalMode(mode);  // refuses
    sqlite3* const connection = saver().connection();
    const std::string sql =
        absl::StrCat("PRAGMA journal_mode = ", std::string(Name(mode)));
    return saver::SqliteStatus(
        sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
        connection, "journal_mode");
  }
};

// The WAL that it comes back to is another one, which the saver is not told.
absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path,
                                            const Profile& profile) {
  saver::Options options = OptionsFor(profile);
  options.notice_removed_files = false;
  ASSIGN_OR_RETURN(auto saver, saver::SqliteSaver::Open(path, options));
  return std::make_unique<SaverThatChangesTheModeAlone>(std::move(saver));
}

}  // namespace

SaverEntry PlantedBareModeChange() {
  SaverEntry entry = {
      "planted-bare-mode-change",
      "changes the journal mode with PRAGMA journal_mode and nothing else",
      ViolationClass::kLostCommit, Open, ReadStateBySql};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
