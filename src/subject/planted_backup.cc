// Two bugs in how a database is backed up, as many a script does it. The
// database file is copied, and the WAL beside it is not
// (https://sqlite.org/howtocorrupt.html#_backup_or_restore_while_a_transaction_is_active):
// what was committed since the last checkpoint is missing. Or the tables are
// exported one after the other, each in a transaction of its own: another
// program commits in between, and the copy is one of no moment.
//
// A backup is read from a connection in memory; here what the copy would hold
// is read instead.

#include <sqlite3.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

bool IsBackup(sqlite3* connection) {
  const char* const name = sqlite3_db_filename(connection, "main");
  return name == nullptr || *name == '\0';
}

struct CloseConnection {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};
using Connection = std::unique_ptr<sqlite3, CloseConnection>;

absl::StatusOr<Connection> OpenByUri(const std::string& path,
                                     const char* parameters) {
  sqlite3* raw = nullptr;
  const std::string uri = absl::StrCat("file:", path, "?", parameters);
  const int result = sqlite3_open_v2(
      uri.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, nullptr);
  Connection connection(raw);
  RETURN_IF_ERROR(
      saver::SqliteStatus(result, raw, "opening what is to be copied"));
  return connection;
}

// `immutable`: SQLite reads the file as it is, as `cp` does.
absl::StatusOr<State> ReadWithoutWal(sqlite3* connection,
                                     const std::string& path) {
  if (!IsBackup(connection)) return ReadStateBySql(connection, path);
  ASSIGN_OR_RETURN(const Connection file, OpenByUri(path, "immutable=1"));
  return ReadStateBySql(file.get(), path);
}

absl::StatusOr<State> ReadInTwoTransactions(sqlite3* connection,
                                            const std::string& path) {
  if (!IsBackup(connection)) return ReadStateBySql(connection, path);
  ASSIGN_OR_RETURN(const Connection file, OpenByUri(path, "mode=rw"));
  ASSIGN_OR_RETURN(const State logs, ReadStateBySql(file.get(), path));
  ASSIGN_OR_RETURN(State state, ReadStateBySql(file.get(), path));
  std::erase_if(state.rows, [](const auto& row) {
    return row.first.table == threads::kLogs;
  });
  for (const auto& [key, row] : logs.rows) {
    if (key.table == threads::kLogs) state.rows[key] = row;
  }
  return state;
}

}  // namespace

SaverEntry PlantedBackupWithoutWal() {
  return {"planted-backup-without-wal",
          "backs up the database file without its WAL",
          ViolationClass::kWrongRead,
          OpenPlanted<SqliteSubject>,
          ReadWithoutWal,
          /*needs_crash=*/false};
}

SaverEntry PlantedBackupInTwoReads() {
  SaverEntry entry = {"planted-backup-in-two-reads",
                      "backs up the logs in one transaction and the rest in "
                      "the next",
                      ViolationClass::kWrongRead, OpenPlanted<SqliteSubject>,
                      ReadInTwoTransactions};
  entry.needs_clients = 2;
  return entry;
}

}  // namespace lastcommit
