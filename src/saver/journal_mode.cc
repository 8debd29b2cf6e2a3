#include "saver/journal_mode.h"

#include <sqlite3.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "saver/busy.h"
#include "saver/out_of_memory.h"
#include "status/status.h"

namespace lastcommit::saver {

absl::Status SetPragma(Database& database, const char* name,
                       const std::string& value, const std::string& expected) {
  {
    ASSIGN_OR_RETURN(Statement set, database.PrepareOnce(absl::StrCat(
                                        "PRAGMA ", name, " = ", value)));
    RETURN_IF_ERROR(set.Run());
  }
  ASSIGN_OR_RETURN(const std::string actual,
                   database.QueryText(absl::StrCat("PRAGMA ", name)));
  if (actual == expected) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("PRAGMA ", name, " = ", value, " had no effect: ", actual));
}

absl::Status SetPragma(Database& database, const char* name, int value) {
  const std::string text = std::to_string(value);
  return SetPragma(database, name, text, text);
}

absl::StatusOr<bool> IsInWalMode(Database& database) {
  ASSIGN_OR_RETURN(Statement query, database.Prepare("PRAGMA journal_mode"));
  ASSIGN_OR_RETURN(const bool has_row, query.Step());
  return has_row && query.Bytes(0) == Name(JournalMode::kWal);
}

namespace {

// The connection learns of a change of the mode by others when it reads, and
// only so does it open a WAL with its index.
absl::Status LearnMode(Database& database) {
  return database.QueryInt("PRAGMA user_version").status();
}

// The mode that it answers. The header of the file is committed behind that
// row, where the statement ends. Between the deletion of the WAL and the first
// step of that commit SQLite would give its lock back for a moment.
absl::StatusOr<std::string> RunSetMode(Database& database, KeptLocks& locks,
                                       const std::string& name) {
  ASSIGN_OR_RETURN(Statement set, database.PrepareOnce(absl::StrCat(
                                      "PRAGMA journal_mode = ", name)));
  const bool leaves_wal = name != Name(JournalMode::kWal) && database.UsesWal();
  if (leaves_wal) RETURN_IF_ERROR(locks.Keep());
  ASSIGN_OR_RETURN(const bool has_row, set.Step());
  std::string mode = has_row ? set.Bytes(0) : "";
  locks.KeepNoMore().IgnoreError();
  RETURN_IF_ERROR(set.Run());
  return mode;
}

}  // namespace

// Only the header of the wal-index tells a connection that its cache is old,
// and who leaves WAL does not look at it again. What is cached then is compared
// with the change counter of the file, which commits to a WAL leave as it is
// unless they change page 1. And who cannot leave a WAL that it had not known
// of has opened it without its index: a checkpoint then fails.
absl::Status SetJournalMode(Database& database, KeptLocks& locks,
                            JournalMode mode) {
  RETURN_IF_ERROR(locks.Release());  // of a try before this one
  RETURN_IF_ERROR(LearnMode(database));
  const std::string name(Name(mode));
  const absl::StatusOr<std::string> set =
      CatchBadAlloc([&] { return RunSetMode(database, locks, name); });
  const absl::Status released = CatchBadAlloc([&] { return locks.Release(); });
  if (!set.ok()) {
    if (released.ok()) LearnMode(database).IgnoreError();
    return set.status();
  }
  RETURN_IF_ERROR(released);
  if (*set != name) {
    return absl::FailedPreconditionError(
        absl::StrCat("PRAGMA journal_mode = ", name, " had no effect: ", *set));
  }
  if (mode != JournalMode::kWal) {
    sqlite3_db_release_memory(database.connection());
  }
  ASSIGN_OR_RETURN(const std::string now,
                   database.QueryText("PRAGMA journal_mode"));
  if (now == name) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "the journal mode is ", now, " again: another connection has set it"));
}

// The change from and to WAL is a transaction with a rollback journal, which at
// less than EXTRA a loss of power may take back when there is a WAL already.
absl::Status ChangeJournalMode(Database& database, KeptLocks& locks,
                               JournalMode mode, Synchronous synchronous,
                               absl::Duration busy_timeout) {
  ASSIGN_OR_RETURN(const std::int64_t before,
                   database.QueryInt("PRAGMA synchronous"));
  RETURN_IF_ERROR(SetPragma(database, "synchronous",
                            static_cast<int>(Synchronous::kExtra)));
  absl::Status changed = RetryWhileBusy(database, busy_timeout, [&] {
    return SetJournalMode(database, locks, mode);
  });
  const bool has_not_changed =
      absl::IsUnavailable(changed) || absl::IsFailedPrecondition(changed);
  if (!changed.ok() && !has_not_changed) return changed;
  const int level =
      changed.ok() ? static_cast<int>(synchronous) : static_cast<int>(before);
  const absl::Status set = SetPragma(database, "synchronous", level);
  return changed.ok() ? set : changed;
}

}  // namespace lastcommit::saver
