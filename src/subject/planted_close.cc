// Bugs of the ends of a connection's life. A close that leaves the WAL to the
// next one, because a checkpoint takes long; that commits what its caller has
// left open, as some drivers do; that does not close at all after an error,
// because a statement was never finalized (https://sqlite.org/c3ref/close.html:
// sqlite3_close_v2() leaves a "zombie"). And two that deal with a crash by
// asking a person to: the next open is refused, or it may only read.

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "status/status.h"
#include "subject/planted.h"
#include "subject/planted_call.h"
#include "subject/planted_sql.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

class SaverThatLeavesItsWal : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  ~SaverThatLeavesItsWal() override {
    sqlite3_db_config(saver().connection(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                      nullptr);
  }
};

class SaverThatCommitsWhenItCloses : public PlantedSubject {
 public:
  using PlantedSubject::PlantedSubject;

  ~SaverThatCommitsWhenItCloses() override {
    if (!SqliteSubject::IsInTransaction()) return;
    SqliteSubject::Commit([](std::int64_t) {}).status().IgnoreError();
  }
};

class SaverThatStaysOpenAfterAnError : public PlantedCall {
 public:
  using PlantedCall::PlantedCall;

 protected:
  absl::Status After(absl::Status error) override {
    const bool is_of_the_disk =
        absl::IsUnknown(error) || absl::IsResourceExhausted(error) ||
        absl::IsPermissionDenied(error) || absl::IsCancelled(error);
    sqlite3_stmt* never_finalized = nullptr;
    if (is_of_the_disk) {
      sqlite3_prepare_v2(saver().connection(), "SELECT 1", -1, &never_finalized,
                         nullptr);
    }
    return error;
  }
};

bool HasRecovered(const saver::SqliteSaver& saver) {
  return saver.recovery_report().wal_frames > 0;
}

absl::StatusOr<std::unique_ptr<Store>> OpenWhatWasClosed(
    const std::string& path, const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  if (HasRecovered(*saver)) {
    return absl::FailedPreconditionError("not closed cleanly: repair it");
  }
  return std::make_unique<SqliteSubject>(std::move(saver));
}

absl::StatusOr<std::unique_ptr<Store>> OpenToBeLookedAt(
    const std::string& path, const Profile& profile) {
  ASSIGN_OR_RETURN(auto saver,
                   saver::SqliteSaver::Open(path, OptionsFor(profile)));
  if (HasRecovered(*saver)) {
    RETURN_IF_ERROR(
        RunSql(saver->connection(), "PRAGMA query_only = ON").status());
  }
  return std::make_unique<SqliteSubject>(std::move(saver));
}

}  // namespace

SaverEntry PlantedWalLeftByClose() {
  return {"planted-wal-left-by-close",
          "does not empty the WAL when it closes",
          ViolationClass::kUncleanClose,
          OpenPlanted<SaverThatLeavesItsWal>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

SaverEntry PlantedCommitAtClose() {
  return {"planted-commit-at-close",
          "commits the open transaction when it closes",
          ViolationClass::kPhantomCommit,
          OpenPlanted<SaverThatCommitsWhenItCloses>,
          ReadStateBySql,
          /*needs_crash=*/false};
}

SaverEntry PlantedOpenAfterError() {
  SaverEntry entry = {"planted-open-after-error",
                      "does not close its connection after an error",
                      ViolationClass::kUncleanClose,
                      OpenPlanted<SaverThatStaysOpenAfterAnError>,
                      ReadStateBySql};
  entry.shown_by = ShownBy::kIoError;
  return entry;
}

SaverEntry PlantedRecoveryRefused() {
  return {"planted-recovery-refused",
          "refuses once to open what a crash has left",
          ViolationClass::kOpenFailed, OpenWhatWasClosed, ReadStateBySql};
}

SaverEntry PlantedReadOnlyAfterCrash() {
  return {"planted-read-only-after-crash",
          "only reads what a crash has left, until it is opened again",
          ViolationClass::kNotWritable, OpenToBeLookedAt, ReadStateBySql};
}

}  // namespace lastcommit
