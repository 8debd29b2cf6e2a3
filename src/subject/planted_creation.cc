// Two bugs of creation. More than one transaction, here a table that is made
// and dropped to see whether the file can be written: a kill between the two
// leaves a file that is neither empty nor a store. And settings that come after
// it: what was promised of commits does not hold of the file itself.

#include <sqlite3.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "saver/database.h"
#include "saver/schema.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

absl::Status TryToWrite(const std::string& path, const Profile& profile) {
  sqlite3* connection = nullptr;
  const int result = sqlite3_open(path.c_str(), &connection);
  const absl::Cleanup close = [connection] { sqlite3_close(connection); };
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection, "opening"));
  const std::string page_size =
      absl::StrCat("PRAGMA page_size = ", profile.page_size);
  RETURN_IF_ERROR(RunSql(connection, page_size).status());
  RETURN_IF_ERROR(RunSql(connection, "CREATE TABLE probe(x)").status());
  return RunSql(connection, "DROP TABLE probe").status();
}

absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& path,
                                            const Profile& profile) {
  if (access(path.c_str(), F_OK) != 0) {
    RETURN_IF_ERROR(TryToWrite(path, profile));
  }
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SqliteSubject>(std::move(saver));
}

// As CreateSchema does, without the last sync of EXTRA: that of the directory
// after the journal was deleted.
absl::Status CreateAtFull(saver::Database& database, int page_size) {
  for (const std::string& sql :
       {std::string("PRAGMA synchronous = FULL"),
        std::string("PRAGMA journal_mode = DELETE"),
        absl::StrCat("PRAGMA page_size = ", page_size)}) {
    RETURN_IF_ERROR(database.RunOnce(sql));
  }
  return database.InTransaction([&]() -> absl::Status {
    RETURN_IF_ERROR(
        database.RunOnce("CREATE TABLE meta (key TEXT PRIMARY KEY,"
                         " value INTEGER NOT NULL) STRICT, WITHOUT ROWID"));
    RETURN_IF_ERROR(saver::CreateTables(database));
    RETURN_IF_ERROR(database.RunOnce(
        "INSERT INTO meta (key, value) VALUES ('commit_counter', 0)"));
    return saver::WriteSchemaId(database);
  });
}

// Closes again: nobody else may be there where WAL is left.
absl::Status CreateIfEmpty(const std::string& path, int page_size) {
  ASSIGN_OR_RETURN(saver::Database database, saver::Database::Open(path, ""));
  ASSIGN_OR_RETURN(const saver::SchemaState state,
                   saver::InspectSchema(database));
  if (state != saver::SchemaState::kEmpty) return absl::OkStatus();
  return CreateAtFull(database, page_size);
}

absl::StatusOr<std::unique_ptr<Store>> OpenAndThenSet(const std::string& path,
                                                      const Profile& profile) {
  RETURN_IF_ERROR(CreateIfEmpty(path, profile.page_size));
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SqliteSubject>(std::move(saver));
}

}  // namespace

SaverEntry PlantedCreationBeforeSettings() {
  SaverEntry entry = {
      "planted-creation-before-settings",
      "creates its file at FULL, and then sets what was asked for",
      ViolationClass::kLostCommit, OpenAndThenSet, ReadStateBySql};
  entry.shown_by = ShownBy::kPowerLoss;
  return entry;
}

SaverEntry PlantedCreationInTwoTransactions() {
  return {"planted-creation-in-two-transactions",
          "creates its file in more than one transaction",
          ViolationClass::kDamaged,
          Open,
          ReadStateBySql,
          /*needs_crash=*/true,
          /*needs_real_files=*/true};
}

}  // namespace lastcommit
