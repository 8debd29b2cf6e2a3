#include "saver/open.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "saver/arguments.h"
#include "saver/busy.h"
#include "saver/journal_end.h"
#include "saver/journal_mode.h"
#include "saver/kept_locks.h"
#include "saver/migration.h"
#include "saver/new_file.h"
#include "saver/peek.h"
#include "saver/process.h"
#include "saver/schema.h"
#include "saver/wal_checkpointer.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// `synchronous` comes last: the change to WAL is a transaction with a rollback
// journal, which at NORMAL may damage the database on a power loss.
absl::Status ApplySettings(Database& database, const Options& options,
                           Synchronous synchronous) {
  RETURN_IF_ERROR(SetPragma(database, "foreign_keys", 1));
  if (options.cache_size != 0) {
    RETURN_IF_ERROR(SetPragma(database, "cache_size", options.cache_size));
  }
  // With the defence WalCheckpointer::RunAfterCommits() takes its place.
  RETURN_IF_ERROR(
      SetPragma(database, "wal_autocheckpoint",
                GuardsCheckpoints(options) ? 0 : options.wal_autocheckpoint));
  // What it does not give back goes with the connection.
  KeptLocks locks(database, options.avoid_sqlite_bugs);
  RETURN_IF_ERROR(SetJournalMode(database, locks, options.journal_mode));
  return SetPragma(database, "synchronous", static_cast<int>(synchronous));
}

// SQLite opens for reading what it may not write.
absl::Status CheckIsWritable(Database& database, const std::string& path) {
  if (sqlite3_db_readonly(database.connection(), "main") == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(path + ": may only be read");
}

absl::Status Create(Database& database, const Options& options,
                    RecoveryReport& report) {
  ASSIGN_OR_RETURN(report.created, CreateSchema(database, options.page_size));
  if (!report.created) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string actual,
                   database.QueryText("PRAGMA page_size"));
  if (actual == std::to_string(options.page_size)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "page_size is ", options.page_size, ", that of the file ", actual));
}

absl::Status MakeSchema(Database& database, const Options& options,
                        RecoveryReport& report) {
  ASSIGN_OR_RETURN(SchemaState state, InspectSchema(database));
  if (state == SchemaState::kEmpty) {
    RETURN_IF_ERROR(Create(database, options, report));
    // Somebody else may have been faster, with an older program.
    ASSIGN_OR_RETURN(state, InspectSchema(database));
  }
  if (state == SchemaState::kOld) {
    ASSIGN_OR_RETURN(report.migrated_from, Migrate(database));
  }
  return absl::OkStatus();
}

// A header that a rollback takes back was read when the file was opened, and
// SQLite makes a new database with what it said of auto_vacuum
// (docs/findings.md): after such a rollback the file is opened again.
absl::StatusOr<Database> OpenFile(const std::string& path,
                                  const Options& options, Peeked peeked) {
  ASSIGN_OR_RETURN(Database database, Database::Open(path, options.vfs));
  // A file that is refused is left as it was.
  database.SetCheckpointOnClose(false);
  // A migration may commit to a WAL; the checkpoint on open comes after it.
  if (GuardsCheckpoints(options)) {
    sqlite3_wal_autocheckpoint(database.connection(), 0);
  }
  RETURN_IF_ERROR(CheckIsWritable(database, path));
  if (options.avoid_sqlite_bugs) {
    RETURN_IF_ERROR(SyncEmptyDatabase(database));
    RETURN_IF_ERROR(SyncJournal(database));
  }
  if (peeked == Peeked::kFine) return database;
  std::int64_t pages = 0;
  RETURN_IF_ERROR(
      RetryWhileBusy(database, options.busy_timeout, [&]() -> absl::Status {
        ASSIGN_OR_RETURN(pages, database.QueryInt("PRAGMA page_count"));
        return absl::OkStatus();
      }));
  if (pages > 0) return database;
  return OpenFile(path, options, Peeked::kFine);
}

absl::Status CheckpointWal(WalCheckpointer& checkpointer, CheckpointMode mode,
                           RecoveryReport& report) {
  const auto result = checkpointer.Run(mode);
  if (absl::IsUnavailable(result.status()) || (result.ok() && result->busy)) {
    report.checkpoint_busy = true;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(result.status());
  report.wal_frames = std::max(report.wal_frames, result->log_frames);
  return absl::OkStatus();
}

// SQLite recovers when it first reads the database. What is left to do is to
// move the WAL into the database and to empty it. TRUNCATE reports an empty
// WAL, hence PASSIVE first, which tells how much there was.
absl::Status Recover(Database& database, const Options& options,
                     RecoveryReport& report) {
  WalCheckpointer checkpointer(database, options);
  RETURN_IF_ERROR(
      CheckpointWal(checkpointer, CheckpointMode::kPassive, report));
  return CheckpointWal(checkpointer, CheckpointMode::kTruncate, report);
}

}  // namespace

absl::StatusOr<Synchronous> SynchronousOf(const Options& options) {
  ASSIGN_OR_RETURN(const Synchronous least,
                   SynchronousFor(options.journal_mode, options.durability));
  if (!options.synchronous.has_value()) return least;
  const Synchronous asked = *options.synchronous;
  if (DurabilityOf(options.journal_mode, asked) >= options.durability) {
    return asked;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "journal_mode ", std::string(Name(options.journal_mode)),
      " with synchronous ", std::string(Name(asked)),
      " does not give durability ", std::string(Name(options.durability))));
}

absl::StatusOr<Database> OpenDatabase(const std::string& path,
                                      const Options& options,
                                      Synchronous synchronous,
                                      RecoveryReport& report) {
  RETURN_IF_ERROR(CheckIsNoOtherThanAFile(path));
  CreateIfMissing(path);
  RETURN_IF_ERROR(CheckIsNotInherited(path));
  ASSIGN_OR_RETURN(const Peeked peeked, PeekAtFile(path, options.vfs));
  ASSIGN_OR_RETURN(Database database, OpenFile(path, options, peeked));
  // Where two that open one database would wait for each other, as in a change
  // of the journal mode, SQLite does not wait at all
  // (https://sqlite.org/c3ref/busy_handler.html).
  RETURN_IF_ERROR(RetryWhileBusy(database, options.busy_timeout, [&] {
    return MakeSchema(database, options, report);
  }));
  database.SetCheckpointOnClose(true);
  // Another connection may be at work for long; the checkpoint can wait for
  // the next open or autocheckpoint, opening should not.
  SetBusyTimeout(database, absl::ZeroDuration());
  RETURN_IF_ERROR(Recover(database, options, report));
  RETURN_IF_ERROR(RetryWhileBusy(database, options.busy_timeout, [&] {
    return ApplySettings(database, options, synchronous);
  }));
  return database;
}

}  // namespace lastcommit::saver
