// The bug: creation in more than one transaction, here a table that is made
// and dropped to see whether the file can be written. A kill between the two
// leaves a file that is neither empty nor a store.

#include <sqlite3.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
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
  RETURN_IF_ERROR(SqliteStatus(result, connection, "opening"));
  const std::string page_size =
      absl::StrCat("PRAGMA page_size = ", profile.page_size);
  RETURN_IF_ERROR(RunSql(connection, page_size).status());
  RETURN_IF_ERROR(RunSql(connection, "CREATE TABLE probe(x)").status());
  return RunSql(connection, "DROP TABLE probe").status();
}

absl::StatusOr<std::unique_ptr<Saver>> Open(const std::string& path,
                                            const Profile& profile) {
  if (access(path.c_str(), F_OK) != 0) {
    RETURN_IF_ERROR(TryToWrite(path, profile));
  }
  ASSIGN_OR_RETURN(auto saver, SqliteSaver::Open(path, OptionsFor(profile)));
  return std::make_unique<SqliteSubject>(std::move(saver));
}

}  // namespace

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
