// Two bugs in what a store does when it opens after a crash. Both are quiet
// after a clean close, when there is no WAL left.

#include <sqlite3.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_sql.h"
#include "subject/sql_reader.h"
#include "subject/sqlite_subject.h"

namespace lastcommit {
namespace {

// A note in the log for people, and the state is no longer the one that was
// committed.
absl::StatusOr<std::unique_ptr<Store>> OpenAndNote(const std::string& path,
                                                   const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  if (saver->recovery_report().wal_frames > 0) {
    RETURN_IF_ERROR(
        saver->AppendLog("recovery", "\"recovered from a crash\"").status());
  }
  return std::make_unique<SqliteSubject>(std::move(saver));
}

// An opener of its own, before anybody has recovered. A failure is that of a
// database without tables yet.
void ClearLogNumbers(const std::string& path) {
  sqlite3* connection = nullptr;
  if (sqlite3_open(path.c_str(), &connection) == SQLITE_OK) {
    RunSql(connection, "UPDATE threads SET last_log = 0 WHERE is_deleted = 0")
        .IgnoreError();
  }
  sqlite3_close(connection);
}

// The numbers of the logs are counted anew, from 0, in two transactions: a kill
// between them leaves the 0.
absl::StatusOr<std::unique_ptr<Store>> OpenAndRebuild(const std::string& path,
                                                      const Profile& profile) {
  struct stat wal = {};
  const bool has_crashed =
      stat(absl::StrCat(path, "-wal").c_str(), &wal) == 0 && wal.st_size > 0;
  if (has_crashed) ClearLogNumbers(path);
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  if (has_crashed) {
    RETURN_IF_ERROR(
        RunSql(saver->connection(),
               "UPDATE threads SET last_log = (SELECT coalesce(max(number), 0) "
               "FROM logs WHERE logs.thread_id = threads.thread_id) "
               "WHERE is_deleted = 0")
            .status());
  }
  return std::make_unique<SqliteSubject>(std::move(saver));
}

}  // namespace

SaverEntry PlantedWriteInRecovery() {
  return {"planted-write-in-recovery",
          "appends a log entry of its own when it opens after a crash",
          ViolationClass::kUnstableRecovery, OpenAndNote, ReadStateBySql};
}

SaverEntry PlantedRecoveryInTwoTransactions() {
  return {"planted-recovery-in-two-transactions",
          "rebuilds log numbers after a crash in two transactions",
          ViolationClass::kNotACut,
          OpenAndRebuild,
          ReadStateBySql,
          /*needs_crash=*/true,
          /*needs_real_files=*/true};
}

}  // namespace lastcommit
