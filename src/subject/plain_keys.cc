#include "subject/plain_keys.h"

#include <sqlite3.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/in_doubt.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/asked.h"
#include "subject/sql_reader.h"
#include "subject/statement.h"

namespace lastcommit {
namespace {

using Answered = absl::StatusOr<std::int64_t>;

constexpr TableQuery kTables[] = {
    {&keys::kKeys, "SELECT name, version, value FROM keys"}};

absl::StatusOr<State> ReadKeys(sqlite3* connection,
                               const std::string& /*path*/) {
  return ReadTables(connection, kTables);
}

int Size(std::string_view text) { return static_cast<int>(text.size()); }

absl::Status Execute(sqlite3* connection, const std::string& sql) {
  return saver::SqliteStatus(
      sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr),
      connection, sql);
}

absl::StatusOr<bool> HasSchema(sqlite3* connection) {
  ASSIGN_OR_RETURN(
      const Statement select,
      Prepare(connection, "SELECT 1 FROM sqlite_schema WHERE name = 'meta'"));
  const int result = sqlite3_step(select.get());
  if (result == SQLITE_ROW) return true;
  RETURN_IF_ERROR(
      saver::SqliteStatus(result, connection, "reading the schema"));
  return false;
}

// In one transaction with a rollback journal, whose first sync makes the name
// of the new file durable: without a journal nothing does. At EXTRA the journal
// does not come back either.
absl::Status CreateSchema(sqlite3* connection) {
  RETURN_IF_ERROR(Execute(connection, "PRAGMA synchronous = EXTRA"));
  RETURN_IF_ERROR(Execute(connection, "BEGIN IMMEDIATE"));
  const auto create = [&]() -> absl::Status {
    // Another client may have been faster.
    ASSIGN_OR_RETURN(const bool has_schema, HasSchema(connection));
    if (!has_schema) {
      RETURN_IF_ERROR(Execute(
          connection,
          "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER) STRICT;"
          "CREATE TABLE keys (name TEXT PRIMARY KEY, version INTEGER,"
          " value BLOB) STRICT;"
          "INSERT INTO meta VALUES ('commit_counter', 0)"));
    }
    return Execute(connection, "COMMIT");
  };
  absl::Status status = create();
  if (!status.ok() && sqlite3_get_autocommit(connection) == 0) {
    Execute(connection, "ROLLBACK").IgnoreError();
  }
  return status;
}

absl::Status SetUp(sqlite3* connection, const Profile& profile) {
  RETURN_IF_ERROR(
      Execute(connection, absl::StrCat("PRAGMA page_size = ", profile.page_size,
                                       "; PRAGMA wal_autocheckpoint = ",
                                       profile.wal_autocheckpoint)));
  if (profile.cache_size > 0) {
    RETURN_IF_ERROR(Execute(
        connection, absl::StrCat("PRAGMA cache_size = ", profile.cache_size)));
  }
  ASSIGN_OR_RETURN(const bool has_schema, HasSchema(connection));
  if (!has_schema) RETURN_IF_ERROR(CreateSchema(connection));
  // The change to WAL has a rollback journal too, so that the level comes last.
  RETURN_IF_ERROR(Execute(
      connection,
      absl::StrCat(
          "PRAGMA journal_mode = ", std::string(Name(profile.journal_mode)),
          "; PRAGMA synchronous = ", std::string(Name(profile.synchronous)))));
  // Whoever wrote what is in the WAL may have died before its sync, and at
  // NORMAL no commit has one: a checkpoint syncs the WAL first.
  return Execute(connection, "PRAGMA wal_checkpoint");
}

absl::StatusOr<PlainKeys::Connection> OpenFile(const std::string& path) {
  constexpr int kBusyMs = 5000;
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  PlainKeys::Connection connection(raw);
  RETURN_IF_ERROR(saver::SqliteStatus(result, raw, "opening"));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyMs);
  return connection;
}

// Opens or creates the database with the settings of the profile. A creation
// that is rolled back leaves what its header said with the connection, and the
// next one would write it again (docs/findings.md).
absl::StatusOr<PlainKeys::Connection> OpenKeys(const std::string& path,
                                               const Profile& profile) {
  ASSIGN_OR_RETURN(PlainKeys::Connection connection, OpenFile(path));
  ASSIGN_OR_RETURN(const bool has_schema, HasSchema(connection.get()));
  if (!has_schema) {
    ASSIGN_OR_RETURN(connection, OpenFile(path));
  }
  RETURN_IF_ERROR(SetUp(connection.get(), profile));
  return connection;
}

template <typename Keys>
absl::StatusOr<std::unique_ptr<Store>> OpenAs(const std::string& path,
                                              const Profile& profile) {
  ASSIGN_OR_RETURN(PlainKeys::Connection connection, OpenKeys(path, profile));
  ASSIGN_OR_RETURN(Statement rollback, Prepare(connection.get(), "ROLLBACK"));
  return std::make_unique<Keys>(std::move(connection), std::move(rollback));
}

}  // namespace

void PlainKeys::Close::operator()(sqlite3* connection) const {
  sqlite3_close(connection);
}

PlainKeys::PlainKeys(Connection connection, Statement rollback)
    : connection_(std::move(connection)), rollback_(std::move(rollback)) {}

bool PlainKeys::IsAborted() {
  return in_transaction_ &&
         (has_failed_ || sqlite3_get_autocommit(connection()) != 0);
}

absl::Status PlainKeys::CheckUsable() {
  if (IsAborted()) {
    return absl::AbortedError("SQLite has rolled the transaction back");
  }
  // Its ROLLBACK may have failed.
  if (in_transaction_ || sqlite3_get_autocommit(connection()) != 0) {
    return absl::OkStatus();
  }
  return RunRollback();
}

Answered PlainKeys::Run(std::string_view sql, std::string_view text,
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

absl::Status PlainKeys::BeginCounted() {
  RETURN_IF_ERROR(Run("BEGIN IMMEDIATE").status());
  const auto counted =
      Run("UPDATE meta SET value = value + 1 WHERE key = 'commit_counter'"
          " RETURNING value");
  if (counted.ok()) {
    attempted_ = *counted;
    return absl::OkStatus();
  }
  Abandon();
  return counted.status();
}

absl::Status PlainKeys::RunRollback() {
  sqlite3_step(rollback_.get());
  return saver::SqliteStatus(sqlite3_reset(rollback_.get()), connection(),
                             "ROLLBACK");
}

// Whatever is open.
void PlainKeys::Abandon() {
  if (sqlite3_get_autocommit(connection()) == 0) RunRollback().IgnoreError();
}

// What a change has done by half, or not undone, must not be committed; SQLite
// does not undo it after all errors (docs/findings.md).
void PlainKeys::Fail() {
  has_failed_ = true;
  Abandon();
}

absl::Status PlainKeys::Begin() {
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
absl::Status PlainKeys::CommitSql() {
  const saver::DoubtMarker doubt;
  absl::Status status = Run("COMMIT").status();
  if (status.ok() || absl::IsUnavailable(status) ||
      sqlite3_get_autocommit(connection()) == 0) {
    return status;
  }
  return doubt.MarkInDoubt(std::move(status));
}

Answered PlainKeys::Commit(Acknowledge acknowledge) {
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

absl::Status PlainKeys::Rollback() {
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

absl::Status PlainKeys::Savepoint() {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_) {
    return absl::FailedPreconditionError("no transaction is open");
  }
  RETURN_IF_ERROR(Run(absl::StrCat("SAVEPOINT s", savepoints_)).status());
  ++savepoints_;
  return absl::OkStatus();
}

absl::Status PlainKeys::Release() {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_ || savepoints_ == 0) {
    return absl::FailedPreconditionError("no savepoint is open");
  }
  RETURN_IF_ERROR(Run(absl::StrCat("RELEASE s", savepoints_ - 1)).status());
  --savepoints_;
  return absl::OkStatus();
}

absl::Status PlainKeys::RollbackTo(int up) {
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

Answered PlainKeys::Do(const Operation& operation) {
  RETURN_IF_ERROR(CheckUsable());
  return operation.is_change() ? Change(operation) : Query(operation);
}

Answered PlainKeys::Change(const Operation& operation) {
  if (in_transaction_) {
    Answered answer = ChangeRows(operation);
    if (!answer.ok()) Fail();
    return answer;
  }
  RETURN_IF_ERROR(BeginCounted());
  Answered answer = ChangeRows(operation);
  if (answer.ok()) {
    const absl::Status status = CommitSql();
    if (!status.ok()) answer = status;
  }
  Abandon();
  return answer;
}

Answered PlainKeys::ChangeRows(const Operation& operation) {
  const keys::Arguments arguments = keys::ArgumentsOf(operation);
  const std::string key = keys::KeyName(arguments.key);
  if (keys::KindOf(operation) == keys::Kind::kDelete) {
    return Asked([&] { return Delete(key); });
  }
  const std::string value = ContentBytes(arguments.value);
  return Asked([&] { return Put(key, value); });
}

Answered PlainKeys::Put(const std::string& key, std::string_view value) {
  return Run(
      "INSERT INTO keys (name, version, value) VALUES (?1, 1, ?2)"
      " ON CONFLICT (name) DO UPDATE SET version = version + 1,"
      " value = excluded.value RETURNING version",
      key, value);
}

Answered PlainKeys::Delete(const std::string& key) {
  return Run("DELETE FROM keys WHERE name = ?1 RETURNING 1", key);
}

Answered PlainKeys::Query(const Operation& operation) {
  const keys::Arguments arguments = keys::ArgumentsOf(operation);
  const std::string key = keys::KeyName(arguments.key);
  const bool is_get = keys::KindOf(operation) == keys::Kind::kGet;
  ASSIGN_OR_RETURN(
      const Statement select,
      Prepare(connection(),
              is_get ? "SELECT name, version FROM keys WHERE name = ?1"
                     : "SELECT name, version FROM keys WHERE name >= ?1"
                       " ORDER BY name LIMIT ?2"));
  sqlite3_bind_text(select.get(), 1, key.data(), Size(key), SQLITE_STATIC);
  if (!is_get) {
    constexpr int kNoLimit = -1;
    sqlite3_bind_int(select.get(), 2,
                     arguments.limit == 0 ? kNoLimit : arguments.limit);
  }
  std::vector<keys::Found> list;
  int result = sqlite3_step(select.get());
  for (; result == SQLITE_ROW; result = sqlite3_step(select.get())) {
    const auto* const name =
        reinterpret_cast<const char*>(sqlite3_column_text(select.get(), 0));
    const int size = sqlite3_column_bytes(select.get(), 0);
    list.push_back({std::string(name, static_cast<std::size_t>(size)),
                    sqlite3_column_int64(select.get(), 1)});
  }
  RETURN_IF_ERROR(saver::SqliteStatus(result, connection(), "reading keys"));
  if (is_get && list.empty()) return absl::NotFoundError("no such key");
  return keys::DigestOf(list);
}

Answered PlainKeys::CommitCounter() {
  ASSIGN_OR_RETURN(const std::int64_t counter,
                   Run("SELECT value FROM meta WHERE key = 'commit_counter'"));
  return IsInTransaction() ? counter - 1 : counter;
}

absl::StatusOr<State> PlainKeys::ReadState() {
  RETURN_IF_ERROR(CheckUsable());
  if (!in_transaction_) return ReadTables(connection(), kTables);
  // ReadTables() has a transaction of its own.
  State state;
  ASSIGN_OR_RETURN(state.cut, CommitCounter());
  RETURN_IF_ERROR(AddRows(connection(), kTables, state));
  return state;
}

std::int64_t PlainKeys::CacheSpills() {
  int spills = 0;
  int unused = 0;
  sqlite3_db_status(connection(), SQLITE_DBSTATUS_CACHE_SPILL, &spills, &unused,
                    /*resetFlg=*/0);
  return spills;
}

absl::StatusOr<saver::WalCheckpointResult> PlainKeys::WalCheckpoint(
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

absl::Status PlainKeys::Vacuum() {
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

absl::Status PlainKeys::SetJournalMode(saver::JournalMode /*mode*/) {
  return absl::UnimplementedError("the journal mode stays as it is");
}

bool PlainKeys::IsInTransaction() { return in_transaction_ && !IsAborted(); }

void PlainKeys::Interrupt() { sqlite3_interrupt(connection()); }

// ---- planted ----

namespace {

class LostUpdate final : public PlainKeys {
 public:
  using PlainKeys::PlainKeys;
  Answered Do(const Operation& operation) override {
    if (!in_transaction() && keys::KindOf(operation) == keys::Kind::kPut) {
      const std::string key = keys::KeyName(keys::ArgumentsOf(operation).key);
      ASSIGN_OR_RETURN(before_,
                       Run("SELECT version FROM keys WHERE name = ?1", key));
      has_read_ = true;
    }
    Answered answer = PlainKeys::Do(operation);
    has_read_ = false;
    return answer;
  }

 protected:
  Answered Put(const std::string& key, std::string_view value) override {
    if (!has_read_) return PlainKeys::Put(key, value);
    return Run(
        "INSERT OR REPLACE INTO keys (name, version, value)"
        " VALUES (?1, ?3 + 1, ?2) RETURNING version",
        key, value, before_);
  }

 private:
  std::int64_t before_ = 0;
  bool has_read_ = false;
};

class TornTransaction final : public PlainKeys {
 public:
  using PlainKeys::PlainKeys;
  Answered Commit(Acknowledge acknowledge) override {
    if (in_transaction()) {
      RETURN_IF_ERROR(Run("UPDATE meta SET value = value - 1"
                          " WHERE key = 'commit_counter'")
                          .status());
      RETURN_IF_ERROR(CommitSql());
      RETURN_IF_ERROR(BeginCounted());
    }
    return PlainKeys::Commit(acknowledge);
  }
};

class AckBeforeCommit final : public PlainKeys {
 public:
  using PlainKeys::PlainKeys;
  Answered Commit(Acknowledge acknowledge) override {
    if (in_transaction()) acknowledge(AttemptedCommit());
    return PlainKeys::Commit([](std::int64_t) {});
  }
};

class DeletedComesBack final : public PlainKeys {
 public:
  using PlainKeys::PlainKeys;

 protected:
  Answered Put(const std::string& key, std::string_view value) override {
    RETURN_IF_ERROR(DeleteLate());
    return PlainKeys::Put(key, value);
  }
  Answered Delete(const std::string& key) override {
    RETURN_IF_ERROR(DeleteLate());
    if (in_transaction()) return PlainKeys::Delete(key);
    late_ = key;
    return Run("SELECT count(*) FROM keys WHERE name = ?1", key);
  }

 private:
  absl::Status DeleteLate() {
    if (late_.empty()) return absl::OkStatus();
    return PlainKeys::Delete(std::exchange(late_, "")).status();
  }

  std::string late_;
};

template <typename Keys>
SaverEntry Entry(std::string_view name, std::string_view description) {
  SaverEntry entry = {name, description, std::nullopt, OpenAs<Keys>, ReadKeys};
  entry.dialect = &keys::kVocabulary;
  entry.defences = Defences::kNone;
  entry.lacks = {StepKind::kJournalMode, StepKind::kUnlink};
  return entry;
}

template <typename Keys>
SaverEntry Planted(std::string_view name, std::string_view description,
                   ViolationClass planted) {
  SaverEntry entry = Entry<Keys>(name, description);
  entry.planted = planted;
  return entry;
}

}  // namespace

SaverEntry Keys() {
  return Entry<PlainKeys>(
      "keys",
      "a table of keys and values in plain SQLite, with few "
      "defences against its bugs (docs/findings.md)");
}

SaverEntry PlantedKeysLostUpdate() {
  SaverEntry entry =
      Planted<LostUpdate>("planted-keys-lost-update",
                          "reads a key's version before it has the write lock",
                          ViolationClass::kWrongAnswer);
  entry.needs_clients = 2;
  entry.also_planted = {ViolationClass::kWrongRead, ViolationClass::kNotACut};
  return entry;
}

SaverEntry PlantedKeysTornTransaction() {
  return Planted<TornTransaction>(
      "planted-keys-torn-transaction",
      "commits rows and commit counter in two transactions",
      ViolationClass::kNotACut);
}

SaverEntry PlantedKeysAckBeforeCommit() {
  return Planted<AckBeforeCommit>(
      "planted-keys-ack-before-commit",
      "acknowledges a transaction and then commits it",
      ViolationClass::kLostCommit);
}

SaverEntry PlantedKeysDeletedComesBack() {
  SaverEntry entry = Planted<DeletedComesBack>(
      "planted-keys-deleted-comes-back",
      "deletes a key with the commit after the one that it says",
      ViolationClass::kWrongRead);
  entry.needs_crash = false;
  entry.also_planted = {ViolationClass::kNotACut, ViolationClass::kWrongAnswer};
  return entry;
}

}  // namespace lastcommit
