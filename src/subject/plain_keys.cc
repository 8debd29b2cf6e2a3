#include "subject/plain_keys.h"

#include <sqlite3.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/asked.h"
#include "subject/own_tables.h"
#include "subject/sql_reader.h"
#include "subject/statement.h"

namespace lastcommit {
namespace {

using Answered = absl::StatusOr<std::int64_t>;

// NOLINTNEXTLINE(readability-identifier-naming): a constant.
const PlainSchema kSchema = {
    .create =
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER) STRICT;"
        "CREATE TABLE keys (name TEXT PRIMARY KEY, version INTEGER,"
        " value BLOB) STRICT;"
        "INSERT INTO meta VALUES ('commit_counter', 0)"};

constexpr TableQuery kTables[] = {
    {&keys::kKeys, "SELECT name, version, value FROM keys"}};

int Size(std::string_view text) { return static_cast<int>(text.size()); }

absl::StatusOr<State> ReadKeys(sqlite3* connection,
                               const std::string& /*path*/) {
  return ReadTables(connection, kTables);
}

template <typename Keys>
absl::StatusOr<std::unique_ptr<Store>> OpenAs(const std::string& path,
                                              const Profile& profile) {
  ASSIGN_OR_RETURN(PlainStore::Connection connection,
                   OpenPlain(path, profile, kSchema));
  ASSIGN_OR_RETURN(Statement rollback, Prepare(connection.get(), "ROLLBACK"));
  return std::make_unique<Keys>(std::move(connection), std::move(rollback));
}

}  // namespace

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

absl::Status PlainKeys::AddRowsTo(State& state) {
  return AddRows(connection(), kTables, state);
}

absl::StatusOr<State> PlainKeys::ReadAlone() {
  return ReadTables(connection(), kTables);
}

Answered PlainKeys::CountCommit() {
  return Run(
      "UPDATE meta SET value = value + 1 WHERE key = 'commit_counter'"
      " RETURNING value");
}

Answered PlainKeys::ReadCounter() {
  return Run("SELECT value FROM meta WHERE key = 'commit_counter'");
}

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
