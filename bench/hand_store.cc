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
    " last_log INTEGER NOT NULL, last_checkpoint INTEGER NOT NULL,"
    " is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1))) STRICT",
    "CREATE TABLE checkpoints (thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, checkpoint_ns TEXT NOT NULL,"
    " checkpoint_id TEXT NOT NULL, parent_id TEXT, type TEXT NOT NULL,"
    " state BLOB NOT NULL, metadata TEXT NOT NULL CHECK (json_valid(metadata)),"
    " sequence INTEGER NOT NULL, digest BLOB NOT NULL,"
    " PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id),"
    " UNIQUE (thread_id, checkpoint_ns, sequence)) STRICT",
    "CREATE TABLE writes (thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL,"
    " checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL, idx INTEGER NOT NULL,"
    " channel TEXT NOT NULL, type TEXT NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx),"
    " FOREIGN KEY (thread_id, checkpoint_ns, checkpoint_id)"
    " REFERENCES checkpoints DEFERRABLE INITIALLY DEFERRED) STRICT",
    "CREATE TABLE logs (thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, number INTEGER NOT NULL,"
    " level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 3),"
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"
    " PRIMARY KEY (thread_id, number)) STRICT",
    "CREATE TABLE tasks (thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, task_id TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN"
    " ('pending', 'running', 'done', 'failed', 'cancelled')),"
    " attempts INTEGER NOT NULL, version INTEGER NOT NULL,"
    " payload TEXT NOT NULL CHECK (json_valid(payload)),"
    " PRIMARY KEY (thread_id, task_id)) STRICT",
    "CREATE TABLE blobs (content_id INTEGER PRIMARY KEY,"
    " thread_id TEXT NOT NULL REFERENCES threads"
    " DEFERRABLE INITIALLY DEFERRED, name TEXT NOT NULL, size INTEGER NOT NULL,"
    " digest BLOB NOT NULL, UNIQUE (thread_id, name)) STRICT",
    "CREATE TABLE contents (id INTEGER PRIMARY KEY REFERENCES blobs"
    " DEFERRABLE INITIALLY DEFERRED, bytes BLOB NOT NULL) STRICT",
    "INSERT INTO meta (key, value) VALUES ('commit_counter', 0)",
    "PRAGMA application_id = 1282634819",
    "PRAGMA user_version = 3",
};

// As SqliteSaver looks at a file before it may be changed.
void Peek(const std::string& path) {
  sqlite3* connection = nullptr;
  Must(sqlite3_open_v2(
           ((path.front() == '/' ? "file://" : "file:") + path + "?immutable=1")
               .c_str(),
           &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
           kVfs) == SQLITE_OK,
       connection, "peek");
  sqlite3_file* file = nullptr;
  sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
  sqlite3_int64 size = 0;
  file->pMethods->xFileSize(file, &size);
  if (size > 0) {
    for (const char* sql :
         {"BEGIN", "PRAGMA application_id", "PRAGMA user_version", "COMMIT",
          "PRAGMA page_count", "PRAGMA page_size"}) {
      Query(connection, sql);
    }
  }
  file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
  sqlite3_close(connection);
}

// As the saver does with what it finds.
void SyncJournal(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return;
  const int journal = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (journal < 0) return;
  fsync(journal);
  close(journal);
}

}  // namespace

HandStore::HandStore(const std::string& path, const Profile& profile)
    : path_(path), autocheckpoint_{profile.wal_autocheckpoint, kVfs} {
  const int file =
      open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) close(file);
  Peek(path);
  connection_ = Open(path, SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE);
  SyncJournal(path + "-journal");
  sqlite3_busy_timeout(connection_, 5000);
  if (!Inspect()) {
    CreateSchema(profile);
    Inspect();
  }
  for (const int mode :
       {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_TRUNCATE}) {
    Checkpoint(mode);
  }
  Set(connection_, "foreign_keys", "1");
  if (profile.cache_size != 0) {
    Set(connection_, "cache_size", std::to_string(profile.cache_size));
  }
  Set(connection_, "wal_autocheckpoint",
      std::to_string(GuardsByHand() ? 0 : autocheckpoint_.frames));
  KeptInt("PRAGMA user_version");
  Set(connection_, "journal_mode", std::string(Name(profile.journal_mode)));
  if (profile.journal_mode != saver::JournalMode::kWal) {
    sqlite3_db_release_memory(connection_);
  }
  Set(connection_, "synchronous",
      std::to_string(static_cast<int>(profile.synchronous)));
  const int version = sqlite3_libversion_number();
  avoid_bug_ = version >= 3011000 && version < 3050002;
  is_wal_ = profile.journal_mode == saver::JournalMode::kWal;
  KeptInt("SELECT value FROM meta WHERE key = 'commit_counter'");
  if (GuardsByHand()) {
    CheckpointAfterCommitsByHand(connection_, autocheckpoint_);
  }
}

HandStore::~HandStore() {
  for (const auto& [sql, statement] : kept_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

void HandStore::Checkpoint(int mode) {
  sqlite3_stmt* query =
      GuardsByHand() ? Prepare(connection_, "PRAGMA journal_mode", 0) : nullptr;
  const bool is_wal = query != nullptr && sqlite3_step(query) == SQLITE_ROW &&
                      std::string_view(reinterpret_cast<const char*>(
                          sqlite3_column_text(query, 0))) == "wal";
  sqlite3_finalize(query);
  if (is_wal) {
    CheckpointByHand(connection_, kVfs, mode);
  } else {
    sqlite3_wal_checkpoint_v2(connection_, nullptr, mode, nullptr, nullptr);
  }
}

bool HandStore::Inspect() {
  Query(connection_, "BEGIN");
  const bool is_ours = IsOurs();
  Query(connection_, "COMMIT");
  return is_ours;
}

bool HandStore::IsOurs() {
  const std::int64_t id = Query(connection_, "PRAGMA application_id");
  const std::int64_t version = Query(connection_, "PRAGMA user_version");
  if (id != 0 && version == 3) return true;
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

// With the saver's defence against the partial-rollback bug: in WAL mode, which
// is asked for as the saver does, the page of the counter goes into the WAL
// twice.
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
  if (avoid_bug_ && is_transaction) KeptInt("PRAGMA journal_mode");
  if (avoid_bug_ && is_transaction && is_wal_) {
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
    case StepKind::kBackup:
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

std::int64_t HandStore::ReadThreads() {
  Query(connection_, "BEGIN");
  std::int64_t sum =
      KeptInt("SELECT value FROM meta WHERE key = 'commit_counter'");
  const auto text = [](sqlite3_stmt* row, int column) {
    const void* bytes = sqlite3_column_blob(row, column);
    const int size = sqlite3_column_bytes(row, column);
    return size == 0 ? std::string()
                     : std::string(static_cast<const char*>(bytes),
                                   static_cast<std::size_t>(size));
  };
  const auto texts = [&](sqlite3_stmt* statement) {
    std::vector<std::string> all;
    while (sqlite3_step(statement) == SQLITE_ROW)
      all.push_back(text(statement, 0));
    sqlite3_reset(statement);
    return all;
  };
  const auto bind = [](sqlite3_stmt* statement, int parameter,
                       const std::string& value) {
    sqlite3_bind_text64(statement, parameter, value.data(), value.size(),
                        SQLITE_STATIC, SQLITE_UTF8);
  };
  const auto sum_of = [&](const char* sql,
                          std::initializer_list<std::string> values) {
    sqlite3_stmt* select = Kept(sql);
    int parameter = 0;
    for (const std::string& value : values) bind(select, ++parameter, value);
    sum += SumOfRows(connection_, select);
    sqlite3_reset(select);
  };
  sqlite3_stmt* checkpoints = Kept(
      "SELECT checkpoint_ns, checkpoint_id, parent_id, type, state, metadata,"
      " sequence, digest FROM checkpoints WHERE thread_id = ?1"
      " ORDER BY checkpoint_ns, checkpoint_id");
  sqlite3_stmt* names =
      Kept("SELECT name FROM blobs WHERE thread_id = ?1 ORDER BY name");
  for (const std::string& thread :
       texts(Kept("SELECT thread_id FROM threads ORDER BY thread_id"))) {
    bind(checkpoints, 1, thread);
    std::vector<std::pair<std::string, std::string>> keys;
    while (sqlite3_step(checkpoints) == SQLITE_ROW) {
      keys.emplace_back(text(checkpoints, 0), text(checkpoints, 1));
      sum += sqlite3_column_bytes(checkpoints, 4);
    }
    sqlite3_reset(checkpoints);
    for (const auto& [ns, id] : keys) {
      sum_of(
          "SELECT task_id, idx, channel, type, bytes FROM writes"
          " WHERE thread_id = ?1 AND checkpoint_ns = ?2"
          " AND checkpoint_id = ?3 ORDER BY task_id, idx",
          {thread, ns, id});
    }
    sum_of(
        "SELECT number, payload, level FROM logs WHERE thread_id = ?1"
        " AND number >= 1 ORDER BY number",
        {thread});
    sum_of(
        "SELECT task_id, state, attempts, version, payload FROM tasks"
        " WHERE thread_id = ?1 ORDER BY task_id",
        {thread});
    bind(names, 1, thread);
    for (const std::string& name : texts(names)) {
      sum_of(
          "SELECT digest, bytes FROM blobs LEFT JOIN contents"
          " ON id = content_id WHERE thread_id = ?1 AND name = ?2",
          {thread, name});
    }
  }
  Query(connection_, "ROLLBACK");
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
        "SELECT thread_id, last_log, last_checkpoint, is_deleted FROM threads",
        "SELECT thread_id, checkpoint_ns, checkpoint_id, parent_id, type,"
        " state, metadata, sequence, digest FROM checkpoints",
        "SELECT thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel,"
        " type, bytes FROM writes",
        "SELECT thread_id, number, level, payload FROM logs",
        "SELECT thread_id, task_id, state, attempts, version, payload"
        " FROM tasks",
        "SELECT thread_id, name, bytes, digest FROM blobs"
        " LEFT JOIN contents ON id = content_id"}) {
    sum += Query(connection, sql);
  }
  Exec(connection, "ROLLBACK");
  sqlite3_wal_checkpoint_v2(connection, nullptr, SQLITE_CHECKPOINT_PASSIVE,
                            nullptr, nullptr);
  sqlite3_close(connection);
  return sum;
}

}  // namespace lastcommit
