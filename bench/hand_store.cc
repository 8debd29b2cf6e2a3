#include "hand_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

namespace lastcommit {
namespace {

constexpr char kVfs[] = "unix";  // and not the tester's shim, the default one

void Must(bool ok, sqlite3* connection, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "hand loop: %s: %s\n", what, sqlite3_errmsg(connection));
  _exit(2);
}

sqlite3* Open(const std::string& path, int more_flags) {
  sqlite3* connection = nullptr;
  Must(sqlite3_open_v2(path.c_str(), &connection,
                       SQLITE_OPEN_READWRITE | more_flags, kVfs) == SQLITE_OK,
       connection, "open");
  return connection;
}

void Exec(sqlite3* connection, const std::string& sql) {
  Must(sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr) ==
           SQLITE_OK,
       connection, sql.c_str());
}

// Every column of every row is looked at, under the type it has.
std::int64_t SumOfRows(sqlite3* connection, sqlite3_stmt* statement) {
  std::int64_t sum = 0;
  int result = SQLITE_ROW;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement); ++i) {
      if (sqlite3_column_type(statement, i) == SQLITE_INTEGER) {
        sum += sqlite3_column_int64(statement, i);
      } else if (sqlite3_column_blob(statement, i) != nullptr) {
        sum += sqlite3_column_bytes(statement, i);
      }
    }
  }
  Must(result == SQLITE_DONE, connection, sqlite3_sql(statement));
  return sum;
}

sqlite3_stmt* Prepare(sqlite3* connection, const char* sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  Must(sqlite3_prepare_v3(connection, sql, -1, flags, &statement, nullptr) ==
           SQLITE_OK,
       connection, sql);
  return statement;
}

std::int64_t Query(sqlite3* connection, const std::string& sql) {
  sqlite3_stmt* statement = Prepare(connection, sql.c_str(), 0);
  const std::int64_t sum = SumOfRows(connection, statement);
  sqlite3_finalize(statement);
  return sum;
}

// Sets it and reads it back.
void Set(sqlite3* connection, const char* pragma, const std::string& value) {
  const std::string sql = std::string("PRAGMA ") + pragma;
  Query(connection, sql + " = " + value);
  Query(connection, sql);
}

constexpr const char* kSchema[] = {
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL)"
    " STRICT, WITHOUT ROWID",
    "CREATE TABLE threads (thread_id TEXT PRIMARY KEY,"
    " last_log INTEGER NOT NULL) STRICT",
    "CREATE TABLE checkpoints (thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, checkpoint_ns TEXT NOT NULL,"
    " checkpoint_id TEXT NOT NULL, parent_id TEXT, type TEXT NOT NULL,"
    " state BLOB NOT NULL, metadata TEXT NOT NULL CHECK (json_valid(metadata)),"
    " PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)) STRICT",
    "CREATE TABLE logs (thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, number INTEGER NOT NULL,"
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"
    " PRIMARY KEY (thread_id, number)) STRICT",
    "CREATE TABLE blobs (thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, name TEXT NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (thread_id, name)) STRICT",
    "INSERT INTO meta (key, value) VALUES ('commit_counter', 0)",
    "PRAGMA application_id = 1282634819",
    "PRAGMA user_version = 1",
};

}  // namespace

HandStore::HandStore(const std::string& path, const Profile& profile)
    : path_(path) {
  const int file =
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
  connection_ = Open(path, SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE);
  sqlite3_busy_timeout(connection_, 5000);
  if (!IsOurs()) CreateSchema(profile);
  int frames = 0;
  sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            &frames, nullptr);
  sqlite3_wal_checkpoint_v2(connection_, nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                            &frames, nullptr);
  Set(connection_, "foreign_keys", "1");
  Set(connection_, "synchronous",
      std::to_string(static_cast<int>(profile.synchronous)));
  if (profile.cache_size != 0) {
    Set(connection_, "cache_size", std::to_string(profile.cache_size));
  }
  Set(connection_, "wal_autocheckpoint",
      std::to_string(profile.wal_autocheckpoint));
  Set(connection_, "journal_mode", std::string(Name(profile.journal_mode)));
  const int version = sqlite3_libversion_number();
  avoid_bug_ = profile.journal_mode == JournalMode::kWal &&
               version >= 3011000 && version < 3050002;
  KeptInt("SELECT value FROM meta WHERE key = 'commit_counter'");
}

HandStore::~HandStore() {
  for (const auto& [sql, statement] : kept_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

bool HandStore::IsOurs() {
  const std::int64_t id = Query(connection_, "PRAGMA application_id");
  const std::int64_t version = Query(connection_, "PRAGMA user_version");
  if (id != 0 && version == 1) return true;
  KeptInt("SELECT count(*) FROM sqlite_schema");
  return false;
}

void HandStore::CreateSchema(const Profile& profile) {
  Query(connection_, "PRAGMA synchronous = EXTRA");
  Query(connection_, "PRAGMA journal_mode = DELETE");
  Query(connection_, "PRAGMA page_size = " + std::to_string(profile.page_size));
  Query(connection_, "PRAGMA page_count");
  Query(connection_, "BEGIN IMMEDIATE");
  if (!IsOurs()) {
    for (const char* sql : kSchema) Query(connection_, sql);
  }
  Query(connection_, "COMMIT");
  Query(connection_, "PRAGMA page_size");
}

sqlite3_stmt* HandStore::Kept(const char* sql) {
  for (const auto& [text, statement] : kept_) {
    if (text == sql) return statement;
  }
  return kept_
      .emplace_back(sql, Prepare(connection_, sql, SQLITE_PREPARE_PERSISTENT))
      .second;
}

int HandStore::RunKept(const char* sql,
                       std::initializer_list<std::string_view> texts) {
  sqlite3_stmt* statement = Kept(sql);
  int parameter = 0;
  for (const std::string_view text : texts) {
    sqlite3_bind_text64(statement, ++parameter, text.data(), text.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  }
  while (sqlite3_step(statement) == SQLITE_ROW) {
  }
  const int result = sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return result;
}

std::int64_t HandStore::KeptInt(const char* sql) {
  sqlite3_stmt* statement = Kept(sql);
  Must(sqlite3_step(statement) == SQLITE_ROW, connection_, sql);
  const std::int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_reset(statement);
  return value;
}

// With the saver's defence against the partial-rollback bug: the page of the
// counter goes into the WAL twice.
void HandStore::Begin(bool is_transaction) {
  Must(RunKept("BEGIN IMMEDIATE", {}) == SQLITE_OK, connection_, "BEGIN");
  const std::int64_t counter =
      1 + KeptInt("SELECT value FROM meta WHERE key = 'commit_counter'");
  sqlite3_stmt* update =
      Kept("UPDATE meta SET value = ?1 WHERE key = 'commit_counter'");
  const auto write = [&](std::int64_t value) {
    sqlite3_bind_int64(update, 1, value);
    sqlite3_step(update);
    Must(sqlite3_reset(update) == SQLITE_OK, connection_, "counter");
  };
  if (avoid_bug_ && is_transaction) {
    write(-counter);
    sqlite3_db_cacheflush(connection_);
    write(counter);
    sqlite3_db_cacheflush(connection_);
  } else {
    write(counter);
  }
  if (is_transaction) depth_ = 1;
}

void HandStore::Run(const HandCall& call) {
  const auto savepoint = [&](const char* verb, int depth) {
    Query(connection_, verb + std::to_string(depth));
  };
  switch (call.kind) {
    case StepKind::kBegin:
      Begin(/*is_transaction=*/true);
      break;
    case StepKind::kCommit:
      Must(RunKept("COMMIT", {}) == SQLITE_OK, connection_, "COMMIT");
      depth_ = 0;
      break;
    case StepKind::kRollback:
      Must(RunKept("ROLLBACK", {}) == SQLITE_OK, connection_, "ROLLBACK");
      depth_ = 0;
      break;
    case StepKind::kSavepoint:
      savepoint("SAVEPOINT s", depth_++);
      break;
    case StepKind::kRelease:
      savepoint("RELEASE s", --depth_);
      break;
    case StepKind::kRollbackTo:
      depth_ -= call.up;
      savepoint("ROLLBACK TO s", depth_ - 1);
      break;
    case StepKind::kRead:
      ReadThreads();
      break;
    case StepKind::kLiveRead:
      CheckByPlainSql(path_);
      break;
    case StepKind::kWalCheckpoint:
      sqlite3_wal_checkpoint_v2(connection_, nullptr,
                                static_cast<int>(call.mode), nullptr, nullptr);
      break;
    case StepKind::kVacuum:
      RunKept("VACUUM", {});
      break;
    default:
      if (depth_ > 0) {
        Change(call);
        break;
      }
      Begin(/*is_transaction=*/false);
      RunKept(Change(call) ? "COMMIT" : "ROLLBACK", {});
  }
}

bool HandStore::Change(const HandCall& call) {
  switch (call.kind) {
    case StepKind::kPutCheckpoint:
      return PutCheckpoint(call);
    case StepKind::kPutBlob:
      return PutBlob(call);
    case StepKind::kDeleteThread:
      return DeleteThread(call);
    default:
      return AppendLogs(call);
  }
}

bool HandStore::PutCheckpoint(const HandCall& call) {
  const char* sql =
      "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
      " parent_id, type, state, metadata) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
      " ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE"
      " SET parent_id = excluded.parent_id, type = excluded.type,"
      " state = excluded.state, metadata = excluded.metadata";
  sqlite3_stmt* insert = Kept(sql);
  sqlite3_bind_blob64(insert, 6, call.bytes.data(), call.bytes.size(),
                      SQLITE_STATIC);
  sqlite3_bind_text64(insert, 7, call.metadata.data(), call.metadata.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  std::string_view parent;  // without data() it binds NULL
  if (!call.parent.empty()) parent = call.parent;
  if (RunKept(sql, {call.thread, call.ns, call.id, parent, call.type}) !=
      SQLITE_OK) {
    return false;
  }
  TouchThread(call.thread);
  return true;
}

void HandStore::TouchThread(const std::string& thread) {
  RunKept(
      "INSERT INTO threads (thread_id, last_log) VALUES (?1, 0)"
      " ON CONFLICT (thread_id) DO NOTHING",
      {thread});
}

bool HandStore::AppendLogs(const HandCall& call) {
  const auto bind_thread = [&](sqlite3_stmt* statement) {
    sqlite3_bind_text64(statement, 1, call.thread.data(), call.thread.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  };
  sqlite3_stmt* select =
      Kept("SELECT last_log FROM threads WHERE thread_id = ?1");
  bind_thread(select);
  const bool has_row = sqlite3_step(select) == SQLITE_ROW;
  const std::int64_t last = has_row ? sqlite3_column_int64(select, 0) : 0;
  sqlite3_reset(select);

  std::string sql = "INSERT INTO logs (thread_id, number, payload) VALUES ";
  for (std::size_t row = 1; row <= call.payloads.size(); ++row) {
    sql += (row > 1 ? ", (?1, ?2 + " : "(?1, ?2 + ") + std::to_string(row) +
           ", ?" + std::to_string(row + 2) + ")";
  }
  const bool is_one = call.payloads.size() == 1;
  sqlite3_stmt* insert =
      is_one ? Kept(
                   "INSERT INTO logs (thread_id, number, payload)"
                   " VALUES (?1, ?2 + 1, ?3)")
             : Prepare(connection_, sql.c_str(), 0);
  bind_thread(insert);
  sqlite3_bind_int64(insert, 2, last);
  int parameter = 2;
  for (const std::string& payload : call.payloads) {
    sqlite3_bind_text64(insert, ++parameter, payload.data(), payload.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  }
  sqlite3_step(insert);
  const int result = is_one ? sqlite3_reset(insert) : sqlite3_finalize(insert);
  if (result != SQLITE_OK) return false;

  sqlite3_stmt* upsert = Kept(
      "INSERT INTO threads (thread_id, last_log) VALUES (?1, ?2)"
      " ON CONFLICT (thread_id) DO UPDATE"
      " SET last_log = excluded.last_log");
  bind_thread(upsert);
  sqlite3_bind_int64(upsert, 2,
                     last + static_cast<std::int64_t>(call.payloads.size()));
  sqlite3_step(upsert);
  return sqlite3_reset(upsert) == SQLITE_OK;
}

bool HandStore::PutBlob(const HandCall& call) {
  const char* sql =
      "INSERT INTO blobs (thread_id, name, bytes) VALUES (?1, ?2, ?3)"
      " ON CONFLICT (thread_id, name) DO UPDATE SET bytes = excluded.bytes";
  sqlite3_bind_blob64(Kept(sql), 3, call.bytes.data(), call.bytes.size(),
                      SQLITE_STATIC);
  if (RunKept(sql, {call.thread, call.id}) != SQLITE_OK) return false;
  TouchThread(call.thread);
  return true;
}

bool HandStore::DeleteThread(const HandCall& call) {
  for (const char* sql : {"DELETE FROM checkpoints WHERE thread_id = ?1",
                          "DELETE FROM logs WHERE thread_id = ?1",
                          "DELETE FROM blobs WHERE thread_id = ?1",
                          "DELETE FROM threads WHERE thread_id = ?1"}) {
    if (RunKept(sql, {call.thread}) != SQLITE_OK) return false;
  }
  return true;
}

std::int64_t HandStore::ReadThreads() {
  std::int64_t sum =
      KeptInt("SELECT value FROM meta WHERE key = 'commit_counter'");
  const auto text = [](sqlite3_stmt* row) {
    const void* bytes = sqlite3_column_blob(row, 0);
    return std::string(static_cast<const char*>(bytes),
                       static_cast<std::size_t>(sqlite3_column_bytes(row, 0)));
  };
  const auto texts = [&](sqlite3_stmt* statement) {
    std::vector<std::string> all;
    while (sqlite3_step(statement) == SQLITE_ROW)
      all.push_back(text(statement));
    sqlite3_reset(statement);
    return all;
  };
  const auto bind = [](sqlite3_stmt* statement, int parameter,
                       const std::string& value) {
    sqlite3_bind_text64(statement, parameter, value.data(), value.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  };
  sqlite3_stmt* names =
      Kept("SELECT name FROM blobs WHERE thread_id = ?1 ORDER BY name");
  sqlite3_stmt* blob =
      Kept("SELECT bytes FROM blobs WHERE thread_id = ?1 AND name = ?2");
  for (const std::string& thread :
       texts(Kept("SELECT thread_id FROM threads ORDER BY thread_id"))) {
    for (const char* sql :
         {"SELECT checkpoint_ns, checkpoint_id, parent_id, type, state,"
          " metadata FROM checkpoints WHERE thread_id = ?1"
          " ORDER BY checkpoint_ns, checkpoint_id",
          "SELECT number, payload FROM logs WHERE thread_id = ?1"
          " ORDER BY number"}) {
      sqlite3_stmt* select = Kept(sql);
      bind(select, 1, thread);
      sum += SumOfRows(connection_, select);
      sqlite3_reset(select);
    }
    bind(names, 1, thread);
    for (const std::string& name : texts(names)) {
      bind(blob, 1, thread);
      bind(blob, 2, name);
      sum += SumOfRows(connection_, blob);
      sqlite3_reset(blob);
    }
  }
  return sum;
}

std::int64_t CheckByPlainSql(const std::string& path) {
  sqlite3* connection = Open(path, 0);
  Exec(connection, "PRAGMA integrity_check(10)");
  Exec(connection, "PRAGMA foreign_key_check");
  Exec(connection, "BEGIN");
  std::int64_t sum = 0;
  for (const char* sql :
       {"SELECT 1 FROM sqlite_schema LIMIT 1",
        "SELECT value FROM meta WHERE key = 'commit_counter'",
        "SELECT thread_id, last_log FROM threads",
        "SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type,"
        " state, metadata FROM checkpoints",
        "SELECT thread_id, number, payload FROM logs",
        "SELECT thread_id, name, bytes FROM blobs"}) {
    sum += Query(connection, sql);
  }
  Exec(connection, "ROLLBACK");
  sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
  sqlite3_close(connection);
  return sum;
}

}  // namespace lastcommit
