#include "subject/plain_store.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "saver/in_doubt.h"
#include "saver/sqlite_status.h"
#include "sql/tables.h"
#include "status/status.h"
#include "store/attached.h"

namespace lastcommit {
namespace {

using Answered = absl::StatusOr<std::int64_t>;

int Size(std::string_view text) { return static_cast<int>(text.size()); }

// Of one database.
absl::Status SetPragma(sqlite3* connection, const std::string& database,
                       const std::string& pragma) {
  return Execute(connection, absl::StrCat("PRAGMA ", sql::QuotedName(database),
                                          ".", pragma));
}

absl::StatusOr<bool> HasSchema(sqlite3* connection,
                               const std::string& database = "main") {
  ASSIGN_OR_RETURN(const Statement select,
                   Prepare(connection, absl::StrCat("SELECT 1 FROM ",
                                                    sql::QuotedName(database),
                                                    ".sqlite_schema LIMIT 1")));
  const int result = sqlite3_step(select.get());
  if (result == SQLITE_ROW) return true;
  RETURN_IF_ERROR(
      saver::SqliteStatus(result, connection, "reading the schema"));
  return false;
}

// In one transaction with a rollback journal, whose first sync makes the name
// of the new file durable: without a journal nothing does. At EXTRA the journal
// does not come back either.
absl::Status CreateSchema(sqlite3* connection, const PlainSchema& schema) {
  RETURN_IF_ERROR(Execute(connection, "PRAGMA synchronous = EXTRA"));
  for (const PlainAttached& attached : schema.attached) {
    RETURN_IF_ERROR(
        SetPragma(connection, attached.name, "synchronous = EXTRA"));
  }
  RETURN_IF_ERROR(Execute(connection, "BEGIN IMMEDIATE"));
  const auto create = [&]() -> absl::Status {
    // Another client may have been faster.
    ASSIGN_OR_RETURN(const bool has_schema, HasSchema(connection));
    if (!has_schema) {
      RETURN_IF_ERROR(Execute(connection, schema.create));
    }
    return Execute(connection, "COMMIT");
  };
  absl::Status status = create();
  if (!status.ok() && sqlite3_get_autocommit(connection) == 0) {
    Execute(connection, "ROLLBACK").IgnoreError();
  }
  return status;
}

// What a PRAGMA without a name sets of the main one alone.
absl::Status SetUpAttached(sqlite3* connection, const Profile& profile,
                           const PlainAttached& attached) {
  RETURN_IF_ERROR(SetPragma(connection, attached.name,
                            absl::StrCat("page_size = ", profile.page_size)));
  if (profile.cache_size == 0) return absl::OkStatus();
  return SetPragma(connection, attached.name,
                   absl::StrCat("cache_size = ", profile.cache_size));
}

absl::Status SetUp(sqlite3* connection, const Profile& profile,
                   const PlainSchema& schema) {
  RETURN_IF_ERROR(
      Execute(connection, absl::StrCat("PRAGMA page_size = ", profile.page_size,
                                       "; PRAGMA wal_autocheckpoint = ",
                                       profile.wal_autocheckpoint)));
  if (profile.cache_size > 0) {
    RETURN_IF_ERROR(Execute(
        connection, absl::StrCat("PRAGMA cache_size = ", profile.cache_size)));
  }
  for (const PlainAttached& attached : schema.attached) {
    RETURN_IF_ERROR(SetUpAttached(connection, profile, attached));
  }
  RETURN_IF_ERROR(Execute(connection, schema.pragmas));
  ASSIGN_OR_RETURN(const bool has_schema, HasSchema(connection));
  if (!has_schema) RETURN_IF_ERROR(CreateSchema(connection, schema));
  // Another client may have made it since this one has read what is attached,
  // and SQLite may not notice (docs/findings.md, "A table that is said not to
  // be there"); a statement that is run does.
  for (const PlainAttached& attached : schema.attached) {
    RETURN_IF_ERROR(HasSchema(connection, attached.name).status());
  }
  // The change to WAL has a rollback journal too, so that the level comes last.
  const saver::Synchronous level =
      schema.synchronous.value_or(profile.synchronous);
  RETURN_IF_ERROR(Execute(
      connection,
      absl::StrCat(
          "PRAGMA journal_mode = ", std::string(Name(profile.journal_mode)),
          "; PRAGMA synchronous = ", std::string(Name(level)))));
  for (const PlainAttached& attached : schema.attached) {
    const std::string_view own = Name(attached.synchronous.value_or(level));
    RETURN_IF_ERROR(
        SetPragma(connection, attached.name,
                  absl::StrCat("synchronous = ", std::string(own))));
  }
  // Whoever wrote what is in the WAL may have died before its sync, and at
  // NORMAL no commit has one: a checkpoint syncs the WAL first.
  for (const PlainAttached& attached : schema.attached) {
    RETURN_IF_ERROR(SetPragma(connection, attached.name, "wal_checkpoint"));
  }
  // By name: of all at once the first one may be refused (docs/findings.md).
  return Execute(connection, "PRAGMA main.wal_checkpoint");
}

absl::StatusOr<PlainStore::Connection> OpenFile(const std::string& path,
                                                const PlainSchema& schema) {
  constexpr int kBusyMs = 5000;
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  PlainStore::Connection connection(raw);
  RETURN_IF_ERROR(saver::SqliteStatus(result, raw, "opening"));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMs);
  int number = 0;
  for (const PlainAttached& attached : schema.attached) {
    RETURN_IF_ERROR(AttachPlain(raw, path, ++number, attached.name));
  }
  return connection;
}

}  // namespace

absl::Status AttachPlain(sqlite3* connection, const std::string& path,
                         int number, const std::string& name) {
  const std::string sql = absl::StrCat("ATTACH ?1 AS ", sql::QuotedName(name));
  ASSIGN_OR_RETURN(const Statement attach, Prepare(connection, sql));
  const std::string attached = AttachedPath(path, number);
  sqlite3_bind_text(attach.get(), 1, attached.data(), Size(attached),
                    SQLITE_STATIC);
  const int result = sqlite3_step(attach.get());
  return saver::SqliteStatus(result, connection, sql);
}

// Opens or creates the database with the settings of the profile. A creation
// that is rolled back leaves what its header said with the connection, and the
// next one would write it again (docs/findings.md).
absl::StatusOr<PlainStore::Connection> OpenPlain(const std::string& path,
                                                 const Profile& profile,
                                                 const PlainSchema& schema) {
  ASSIGN_OR_RETURN(PlainStore::Connection connection, OpenFile(path, schema));
  ASSIGN_OR_RETURN(const bool has_schema, HasSchema(connection.get()));
  if (!has_schema) {
    ASSIGN_OR_RETURN(connection, OpenFile(path, schema));
  }
  RETURN_IF_ERROR(SetUp(connection.get(), profile, schema));
  return connection;
}

void PlainStore::Close::operator()(sqlite3* connection) const {
  sqlite3_close(connection);
}

PlainStore::PlainStore(Connection connection, Statement rollback)
    : connection_(std::move(connection)), rollback_(std::move(rollback)) {}

bool PlainStore::IsAborted() {
  return in_transaction_ &&
         (has_failed_ || sqlite3_get_autocommit(connection()) != 0);
}

absl::Status PlainStore::CheckUsable() {
  if (IsAborted()) {
    return absl::AbortedError("SQLite has rolled the transaction back");
  }
  // Its ROLLBACK may have failed.
  if (in_transaction_ || sqlite3_get_autocommit(connection()) != 0) {
    return absl::OkStatus();
  }
  return RunRollback();
}

Answered PlainStore::Run(std::string_view sql, std::string_view text,
                         std::string_view blob, std::int64_t number) {
  ASSIGN_OR_RETURN(const Statement statement, Prepare(connection(), sql));
  sqlite3_bind_text(statement.get(), 1, text.data(), Size(text), SQLITE_STATIC);
  sqlite3_bind_blob(statement.get(), 2,
                    blob.data() == nullptr ? "" : blob.data(), Size(blob),
                    SQLITE_STATIC);
  sqlite3_bind_int64(statement.get(), 3, number);
  int result = sqlite3_step(statement.get());
  std::int64_t first = 0;
  if (result == SQLITE_ROW) {
    first = sqlite3_column_int64(statement.get(), 0);
    while (result == SQLITE_ROW) result = sqlite3_step(statement.get());
  }
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection(), sql));
  return first;
}

absl::Status PlainStore::BeginCounted() {
  RETURN_IF_ERROR(Run("BEGIN IMMEDIATE").status());
  const auto counted = CountCommit();
  if (counted.ok()) {
    attempted_ = *counted;
    return absl::OkStatus();
  }
  Abandon();
  return counted.status();
}

absl::Status PlainStore::RunRollback() {
  sqlite3_step(rollback_.get());
  return saver::SqliteStatus(sqlite3_reset(rollback_.get()), connection(),
                             "ROLLBACK");
}

// Whatever is open.
void PlainStore::Abandon() {
  if (sqlite3_get_autocommit(connection()) == 0) RunRollback().IgnoreError();
}

// What a change has done by half, or not undone, must not be committed; SQLite
// does not undo it after all errors (docs/findings.md).
void PlainStore::Fail() {
  has_failed_ = true;
  Abandon();
}

absl::Status PlainStore::Begin() {
  RETURN_IF_ERROR(CheckUsable());
  if (in_transaction_) {
    return absl::FailedPreconditionError("a transaction is open already");
  }
  RETURN_IF_ERROR(BeginCounted());
  in_transaction_ = true;
  has_failed_ = false;
  savepoints_ = 0;
  return absl::OkStatus();
}

// One that SQLite refuses leaves the transaction open; one that fails in its
// middle ends it, and what of it reached the disk nobody can say. But one that
// gives up on a lock of the wal-index (SQLITE_PROTOCOL) has written nothing.
absl::Status PlainStore::CommitSql() {
  const saver::DoubtMarker doubt;
  absl::Status status = Run("COMMIT").status();
  if (status.ok() || absl::IsUnavailable(status) ||
      sqlite3_get_autocommit(connection()) == 0) {
    return status;
  }
  return doubt.MarkInDoubt(std::move(status));
}

Answered PlainStore::Commit(Acknowledge acknowledge) {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_) {
    return absl::FailedPreconditionError("no transaction is open");
  }
  const absl::Status status = CommitSql();
  if (absl::IsUnavailable(status)) return status;  // open, or aborted
  in_transaction_ = false;
  if (!status.ok()) {
    Abandon();
    return status;
  }
  acknowledge(attempted_);
  return attempted_;
}

absl::Status PlainStore::Rollback() {
  if (!in_transaction_) {
    return absl::FailedPreconditionError("no transaction is open");
  }
  if (IsAborted()) {
    Abandon();
  } else {
    absl::Status status = RunRollback();
    if (!status.ok() && sqlite3_get_autocommit(connection()) == 0) {
      return status;
    }
  }
  in_transaction_ = false;
  return absl::OkStatus();
}

absl::Status PlainStore::Savepoint() {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_) {
    return absl::FailedPreconditionError("no transaction is open");
  }
  RETURN_IF_ERROR(Run(absl::StrCat("SAVEPOINT s", savepoints_)).status());
  ++savepoints_;
  return absl::OkStatus();
}

absl::Status PlainStore::Release() {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_ || savepoints_ == 0) {
    return absl::FailedPreconditionError("no savepoint is open");
  }
  RETURN_IF_ERROR(Run(absl::StrCat("RELEASE s", savepoints_ - 1)).status());
  --savepoints_;
  return absl::OkStatus();
}

absl::Status PlainStore::RollbackTo(int up) {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_ || up >= savepoints_) {
    return absl::FailedPreconditionError("no savepoint is open");
  }
  const int left = savepoints_ - up;
  absl::Status status = Run(absl::StrCat("ROLLBACK TO s", left - 1)).status();
  if (!status.ok()) Fail();
  savepoints_ = left;
  return status;
}

Answered PlainStore::Do(const Operation& operation) {
  RETURN_IF_ERROR(CheckUsable());
  return operation.is_change() ? Change(operation) : Query(operation);
}

Answered PlainStore::Change(const Operation& operation) {
  if (!in_transaction_) return ChangeAlone(operation);
  Answered answer = ChangeRows(operation);
  if (!answer.ok()) Fail();
  return answer;
}

Answered PlainStore::ChangeAlone(const Operation& operation) {
  RETURN_IF_ERROR(BeginCounted());
  Answered answer = ChangeRows(operation);
  if (answer.ok()) {
    const absl::Status status = CommitSql();
    if (!status.ok()) answer = status;
  }
  Abandon();
  return answer;
}

Answered PlainStore::CommitCounter() {
  ASSIGN_OR_RETURN(const std::int64_t counter, ReadCounter());
  return IsInTransaction() ? counter - 1 : counter;
}

std::int64_t PlainStore::CacheSpills() {
  int spills = 0;
  int unused = 0;
  sqlite3_db_status(connection(), SQLITE_DBSTATUS_CACHE_SPILL, &spills, &unused,
                    /*resetFlg=*/0);
  return spills;
}

absl::StatusOr<saver::WalCheckpointResult> PlainStore::WalCheckpoint(
    saver::CheckpointMode mode) {
  RETURN_IF_ERROR(CheckUsable());
  if (in_transaction_) {
    return absl::FailedPreconditionError("a transaction is open");
  }
  int log_frames = 0;
  int checkpointed_frames = 0;
  const int result = sqlite3_wal_checkpoint_v2(
      connection(), nullptr, saver::SqliteNumber(mode), &log_frames,
      &checkpointed_frames);
  saver::WalCheckpointResult answer;
  answer.busy = (result & 0xff) == SQLITE_BUSY;
  if (!answer.busy) {
    RETURN_IF_ERROR(saver::SqliteStatus(result, connection(), "checkpoint"));
  }
  answer.log_frames = log_frames;
  answer.checkpointed_frames = checkpointed_frames;
  return answer;
}

absl::StatusOr<State> PlainStore::ReadState() {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_) return ReadAlone();
  State state;
  ASSIGN_OR_RETURN(state.cut, CommitCounter());
  RETURN_IF_ERROR(AddRowsTo(state));
  return state;
}

absl::Status PlainStore::Vacuum() {
  RETURN_IF_ERROR(CheckUsable());
  if (in_transaction_) {
    return absl::FailedPreconditionError("a transaction is open");
  }
  ASSIGN_OR_RETURN(const std::int64_t level, Run("PRAGMA synchronous"));
  // Its journal must not come back once the file is cut (docs/findings.md).
  RETURN_IF_ERROR(Run("PRAGMA synchronous = EXTRA").status());
  absl::Status vacuumed = Run("VACUUM").status();
  RETURN_IF_ERROR(Run(absl::StrCat("PRAGMA synchronous = ", level)).status());
  return vacuumed;
}

absl::Status PlainStore::SetJournalMode(saver::JournalMode /*mode*/) {
  return absl::UnimplementedError("the journal mode stays as it is");
}

bool PlainStore::IsInTransaction() { return in_transaction_ && !IsAborted(); }

void PlainStore::Interrupt() { sqlite3_interrupt(connection()); }

}  // namespace lastcommit
