#include "saver/wal_checkpointer.h"

#include <sqlite3.h>

#include <algorithm>
#include <string_view>

#include "saver/busy.h"
#include "saver/out_of_memory.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

bool IsWal(Database& database) {
  const auto mode = database.QueryText("PRAGMA journal_mode");
  return !mode.ok() || *mode == Name(JournalMode::kWal);
}

// A read transaction on a connection of its own. The connection is closed with
// it: one that stayed open would be in the way of whoever wants to change
// locking_mode or journal_mode.
absl::StatusOr<Database> BeginRead(Database& database, const std::string& vfs) {
  const std::string path = sqlite3_db_filename(database.connection(), "main");
  ASSIGN_OR_RETURN(Database reader,
                   Database::OpenWith(path, SQLITE_OPEN_READWRITE, vfs));
  sqlite3_db_config(reader.connection(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                    nullptr);
  RETURN_IF_ERROR(reader.RunOnce("BEGIN"));
  // The least that reads the database: it does not need the schema.
  RETURN_IF_ERROR(reader.QueryInt("PRAGMA user_version").status());
  return reader;
}

}  // namespace

bool HasWalResetBug(int version_number) {
  const bool has_backport =
      (version_number >= 3044006 && version_number < 3045000) ||
      (version_number >= 3050007 && version_number < 3051000);
  return version_number >= 3007000 && version_number < 3051003 && !has_backport;
}

bool GuardsCheckpoints(const Options& options) {
  return options.avoid_sqlite_bugs &&
         HasWalResetBug(sqlite3_libversion_number());
}

WalCheckpointer::WalCheckpointer(Database& database, const Options& options,
                                 NamedFiles* files)
    : database_(database),
      files_(files),
      vfs_(options.vfs),
      busy_timeout_(options.busy_timeout),
      is_guarded_(GuardsCheckpoints(options)) {}

WalCheckpointer::~WalCheckpointer() { RunAfterCommits(0); }

absl::StatusOr<WalCheckpointResult> WalCheckpointer::Run(CheckpointMode mode) {
  return is_guarded_ && IsWal(database_) ? RunGuarded(mode) : RunPlainly(mode);
}

// PASSIVE first, so that the reader of the second one finds a WAL that has been
// copied. It would otherwise itself be one for whose end RESTART and TRUNCATE
// wait.
absl::StatusOr<WalCheckpointResult> WalCheckpointer::RunPatiently(
    CheckpointMode mode) {
  if (!is_guarded_ || mode == CheckpointMode::kPassive) return Run(mode);
  absl::StatusOr<WalCheckpointResult> result = WalCheckpointResult();
  RetryWhileBusy(database_, busy_timeout_, [&] {
    result = Run(CheckpointMode::kPassive);
    if (result.ok()) result = Run(mode);
    const bool is_busy = result.ok() && result->busy;
    return is_busy ? absl::UnavailableError("busy") : absl::OkStatus();
  }).IgnoreError();  // it is in the result
  return result;
}

void WalCheckpointer::RunAfterCommits(int frames) {
  if (!is_guarded_) return;
  frames_ = frames;
  sqlite3_wal_hook(database_.connection(), frames > 0 ? AfterCommit : nullptr,
                   this);
}

// The commit is over and its locks are gone, so the connection may be used
// (https://sqlite.org/c3ref/wal_hook.html). An error that is returned from here
// would be that of the commit; a checkpoint that failed is made up for by the
// next one, as with SQLite's own hook (sqlite3WalDefaultHook in main.c).
int WalCheckpointer::AfterCommit(void* self, sqlite3* connection,
                                 const char* schema, int frames) {
  auto& checkpointer = *static_cast<WalCheckpointer*>(self);
  if (frames < checkpointer.frames_) return SQLITE_OK;
  if (checkpointer.files_ != nullptr && !checkpointer.files_->Check().ok()) {
    return SQLITE_OK;
  }
  if (std::string_view(schema) == "main") {
    CatchBadAlloc([&] {
      return checkpointer.RunGuarded(CheckpointMode::kPassive);
    }).IgnoreError();
  } else {  // attached by the caller
    sqlite3_wal_checkpoint_v2(connection, schema, SQLITE_CHECKPOINT_PASSIVE,
                              nullptr, nullptr);
  }
  return SQLITE_OK;
}

// The bug: a checkpoint copies the header of the wal-index and then looks how
// far the WAL has been copied. If all of it had been, a writer may start it
// anew between the two. The checkpoint then takes the new WAL, of which nothing
// has been copied, for the old one, and notes the old one's end as copied
// (walCheckpoint() in wal.c).
//
// While there is a reader, who began before the checkpoint did, one of two
// things cannot happen. If the reader uses the WAL, it has one of the locks
// WAL_READ_LOCK(1) and up, of which a writer needs all to start the WAL anew
// (walRestartLog()). If it does not, because all of the WAL has been copied, it
// has WAL_READ_LOCK(0), without which nothing is copied, nor noted as copied.
absl::StatusOr<WalCheckpointResult> WalCheckpointer::RunGuarded(
    CheckpointMode mode) {
  if (database_.IsAlone()) return RunPlainly(mode);
  const absl::StatusOr<Database> reader = BeginRead(database_, vfs_);
  if (absl::IsUnavailable(reader.status())) {
    WalCheckpointResult busy;
    busy.busy = true;
    return busy;
  }
  RETURN_IF_ERROR(reader.status());
  return RunPlainly(mode);
}

absl::StatusOr<WalCheckpointResult> WalCheckpointer::RunPlainly(
    CheckpointMode mode) {
  sqlite3* const connection = database_.connection();
  int log_frames = 0;
  int checkpointed_frames = 0;
  const int result =
      sqlite3_wal_checkpoint_v2(connection, nullptr, SqliteNumber(mode),
                                &log_frames, &checkpointed_frames);
  const bool is_busy = (result & 0xff) == SQLITE_BUSY;
  if (!is_busy) {
    RETURN_IF_ERROR(SqliteStatus(result, connection, "checkpoint"));
  }
  // Both are -1 if there is no WAL, or the checkpoint could not run at all.
  return WalCheckpointResult{std::max(log_frames, 0),
                             std::max(checkpointed_frames, 0), is_busy};
}

}  // namespace lastcommit::saver
