// Two bugs in a migration, the work that a new version of a program does on the
// database of the former one before it opens it. Here the table of the logs is
// built anew (https://sqlite.org/lang_altertable.html#otheralter), each time,
// as every start might be that of a new version. The first: in two
// transactions; a kill between them leaves the table empty, until the next
// start finds what was set aside. The second: the copy leaves out what the new
// version has no use for.

#include <sqlite3.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

absl::Status RunAll(sqlite3* connection,
                    std::initializer_list<std::string_view> statements) {
  for (const std::string_view sql : statements) {
    RETURN_IF_ERROR(RunSql(connection, sql).status());
  }
  return absl::OkStatus();
}

absl::Status MigrateInTwoTransactions(sqlite3* connection) {
  // Of a database without tables it fails, and nothing is open then.
  const absl::Status set_aside =
      RunAll(connection, {"BEGIN IMMEDIATE",
                          "CREATE TABLE former_logs AS SELECT * FROM logs",
                          "DELETE FROM logs", "COMMIT"});
  if (!set_aside.ok()) RunSql(connection, "ROLLBACK").IgnoreError();
  return RunAll(connection, {"BEGIN IMMEDIATE",
                             "INSERT INTO logs SELECT * FROM former_logs",
                             "DROP TABLE former_logs", "COMMIT"});
}

absl::Status MigrateWithoutDebugLogs(sqlite3* connection) {
  return RunAll(connection, {"BEGIN IMMEDIATE",
                             "CREATE TABLE former_logs AS SELECT * FROM logs",
                             "DELETE FROM logs",
                             "INSERT INTO logs SELECT * FROM former_logs"
                             " WHERE level > 0",
                             "DROP TABLE former_logs", "COMMIT"});
}

template <absl::Status (*kMigrate)(sqlite3*)>
absl::StatusOr<std::unique_ptr<Store>> MigrateAndOpen(const std::string& path,
                                                      const Profile& profile) {
  sqlite3* connection = nullptr;
  // A failure is that of a database without tables yet.
  if (sqlite3_open(path.c_str(), &connection) == SQLITE_OK) {
    kMigrate(connection).IgnoreError();
  }
  sqlite3_close(connection);
  return OpenPlanted<SqliteSubject>(path, profile);
}

}  // namespace

SaverEntry PlantedMigrationInTwoCommits() {
  return {"planted-migration-in-two-commits",
          "sets the logs aside in one transaction and copies them back in the "
          "next",
          ViolationClass::kNotACut, MigrateAndOpen<MigrateInTwoTransactions>,
          ReadStateBySql};
}

SaverEntry PlantedMigrationLosesRows() {
  return {"planted-migration-loses-rows",
          "leaves out debug logs when it copies a table",
          ViolationClass::kNotACut,
          MigrateAndOpen<MigrateWithoutDebugLogs>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

}  // namespace lastcommit
