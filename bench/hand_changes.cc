// The changes of HandStore, in the order of SqliteSaver's statements.

#include "hand_store.h"

namespace lastcommit {
namespace {

void BindText(sqlite3_stmt* statement, int parameter, std::string_view text) {
  sqlite3_bind_text64(statement, parameter, text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
}

void BindBlob(sqlite3_stmt* statement, int parameter, std::string_view bytes) {
  if (bytes.empty()) {
    sqlite3_bind_zeroblob(statement, parameter, 0);
  } else {
    sqlite3_bind_blob64(statement, parameter, bytes.data(), bytes.size(),
                        SQLITE_STATIC);
  }
}

bool RunOnce(sqlite3_stmt* statement) {
  while (sqlite3_step(statement) == SQLITE_ROW) {
  }
  return sqlite3_reset(statement) == SQLITE_OK;
}

// The one value that it returns; -1 if it failed.
std::int64_t RunForInt(sqlite3_stmt* statement) {
  const std::int64_t value = sqlite3_step(statement) == SQLITE_ROW
                                 ? sqlite3_column_int64(statement, 0)
                                 : -1;
  sqlite3_step(statement);
  return sqlite3_reset(statement) == SQLITE_OK ? value : -1;
}

constexpr std::string_view kDigest = "0123456789abcdef";

}  // namespace

bool HandStore::Change(const HandCall& call) {
  switch (call.operation) {
    case threads::Kind::kPutCheckpoint:
      return PutCheckpoint(call);
    case threads::Kind::kPutWrite:
      return PutWrite(call);
    case threads::Kind::kCreateTask:
      return CreateTask(call);
    case threads::Kind::kPutBlob:
      return PutBlob(call);
    case threads::Kind::kStreamBlob:
      return StreamBlob(call);
    default:
      return AppendLogs(call);
  }
}

HandStore::ThreadRow HandStore::ReadThread(const std::string& thread) {
  sqlite3_stmt* select = Kept(
      "SELECT last_log, last_checkpoint, is_deleted"
      " FROM threads WHERE thread_id = ?1");
  BindText(select, 1, thread);
  ThreadRow row;
  if (sqlite3_step(select) == SQLITE_ROW) {
    row = {true, sqlite3_column_int64(select, 0),
           sqlite3_column_int64(select, 1)};
  }
  sqlite3_reset(select);
  return row;
}

bool HandStore::PutThread(const std::string& thread, const ThreadRow& row) {
  sqlite3_stmt* upsert = Kept(
      "INSERT INTO threads"
      " (thread_id, last_log, last_checkpoint, is_deleted)"
      " VALUES (?1, ?2, ?3, 0) ON CONFLICT (thread_id) DO UPDATE"
      " SET last_log = excluded.last_log,"
      " last_checkpoint = excluded.last_checkpoint");
  BindText(upsert, 1, thread);
  sqlite3_bind_int64(upsert, 2, row.last_log);
  sqlite3_bind_int64(upsert, 3, row.last_checkpoint);
  return RunOnce(upsert);
}

bool HandStore::PutCheckpoint(const HandCall& call) {
  ThreadRow thread = ReadThread(call.thread);
  sqlite3_stmt* insert = Kept(
      "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
      " parent_id, type, state, metadata, sequence, digest)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
      " ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE"
      " SET parent_id = excluded.parent_id, type = excluded.type,"
      " state = excluded.state, metadata = excluded.metadata,"
      " digest = excluded.digest"
      " RETURNING sequence");
  BindText(insert, 1, call.thread);
  BindText(insert, 2, call.ns);
  BindText(insert, 3, call.id);
  if (call.parent.empty()) {
    sqlite3_bind_null(insert, 4);
  } else {
    BindText(insert, 4, call.parent);
  }
  BindText(insert, 5, call.type);
  BindBlob(insert, 6, call.bytes);
  BindText(insert, 7, call.metadata);
  sqlite3_bind_int64(insert, 8, thread.last_checkpoint + 1);
  BindBlob(insert, 9, kDigest);
  const std::int64_t sequence = RunForInt(insert);
  if (sequence != thread.last_checkpoint + 1) return sequence >= 0;
  ++thread.last_checkpoint;
  return PutThread(call.thread, thread);
}

bool HandStore::PutWrite(const HandCall& call) {
  sqlite3_stmt* select = Kept(
      "SELECT is_deleted, EXISTS (SELECT 1 FROM checkpoints"
      " WHERE thread_id = ?1 AND checkpoint_ns = ?2"
      " AND checkpoint_id = ?3) FROM threads WHERE thread_id = ?1");
  sqlite3_stmt* insert = Kept(
      "INSERT INTO writes (thread_id, checkpoint_ns, checkpoint_id,"
      " task_id, idx, channel, type, bytes)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
      " ON CONFLICT DO NOTHING");
  for (sqlite3_stmt* statement : {select, insert}) {
    BindText(statement, 1, call.thread);
    BindText(statement, 2, call.ns);
    BindText(statement, 3, call.id);
  }
  if (RunForInt(select) < 0) return false;
  BindText(insert, 4, call.task);
  sqlite3_bind_int64(insert, 5, 0);
  BindText(insert, 6, call.metadata);
  BindText(insert, 7, call.type);
  BindBlob(insert, 8, call.bytes);
  return RunOnce(insert);
}

bool HandStore::AppendLogs(const HandCall& call) {
  ThreadRow thread = ReadThread(call.thread);
  std::string sql = "INSERT INTO logs (thread_id, number, level, payload)";
  for (std::size_t row = 1; row <= call.payloads.size(); ++row) {
    sql += (row > 1 ? ", (?1, ?2 + " : " VALUES (?1, ?2 + ") +
           std::to_string(row) + ", ?3, ?" + std::to_string(row + 3) + ")";
  }
  const bool is_one = call.payloads.size() == 1;
  sqlite3_stmt* insert = nullptr;
  if (is_one) {
    insert = Kept(
        "INSERT INTO logs (thread_id, number, level, payload)"
        " VALUES (?1, ?2 + 1, ?3, ?4)");
  } else {
    sqlite3_prepare_v2(connection_, sql.c_str(), -1, &insert, nullptr);
  }
  BindText(insert, 1, call.thread);
  sqlite3_bind_int64(insert, 2, thread.last_log);
  sqlite3_bind_int64(insert, 3, 1);
  int parameter = 3;
  for (const std::string& payload : call.payloads) {
    BindText(insert, ++parameter, payload);
  }
  const bool ok = RunOnce(insert);
  if (!is_one) sqlite3_finalize(insert);
  if (!ok) return false;
  thread.last_log += static_cast<std::int64_t>(call.payloads.size());
  return PutThread(call.thread, thread);
}

bool HandStore::CreateTask(const HandCall& call) {
  sqlite3_stmt* select = Kept(
      "SELECT is_deleted, state, attempts, version, ''"
      " FROM threads LEFT JOIN tasks"
      " ON tasks.thread_id = ?1 AND task_id = ?2"
      " WHERE threads.thread_id = ?1");
  sqlite3_stmt* insert = Kept(
      "INSERT INTO tasks (thread_id, task_id, state, attempts, version,"
      " payload) VALUES (?1, ?2, 'pending', 0, 1, ?3)");
  for (sqlite3_stmt* statement : {select, insert}) {
    BindText(statement, 1, call.thread);
    BindText(statement, 2, call.task);
  }
  RunForInt(select);
  BindText(insert, 3, call.payloads.front());
  if (!RunOnce(insert)) return false;
  sqlite3_stmt* touch = Kept(
      "INSERT INTO threads"
      " (thread_id, last_log, last_checkpoint, is_deleted)"
      " VALUES (?1, 0, 0, 0) ON CONFLICT (thread_id) DO NOTHING");
  BindText(touch, 1, call.thread);
  return RunOnce(touch);
}

std::int64_t HandStore::PutBlobHead(const HandCall& call,
                                    std::string_view digest) {
  sqlite3_stmt* upsert = Kept(
      "INSERT INTO blobs (thread_id, name, size, digest)"
      " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (thread_id, name) DO UPDATE"
      " SET size = excluded.size, digest = excluded.digest"
      " RETURNING content_id");
  BindText(upsert, 1, call.thread);
  BindText(upsert, 2, call.id);
  sqlite3_bind_int64(upsert, 3, static_cast<std::int64_t>(call.bytes.size()));
  BindBlob(upsert, 4, digest);
  return RunForInt(upsert);
}

bool HandStore::PutBlob(const HandCall& call) {
  const ThreadRow thread = ReadThread(call.thread);
  const std::int64_t content = PutBlobHead(call, kDigest);
  if (content < 0) return false;
  sqlite3_stmt* upsert = Kept(
      "INSERT INTO contents (id, bytes) VALUES (?1, ?2)"
      " ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes");
  sqlite3_bind_int64(upsert, 1, content);
  BindBlob(upsert, 2, call.bytes);
  if (!RunOnce(upsert)) return false;
  return thread.is_there || PutThread(call.thread, thread);
}

// In one piece. Inside a transaction SqliteSaver makes a savepoint for it.
bool HandStore::StreamBlob(const HandCall& call) {
  if (depth_ > 0) RunKept("SAVEPOINT stream", {});
  const ThreadRow thread = ReadThread(call.thread);
  const std::int64_t content = PutBlobHead(call, "");
  if (content < 0) return false;
  sqlite3_stmt* replace =
      Kept("INSERT OR REPLACE INTO contents (id, bytes) VALUES (?1, ?2)");
  sqlite3_bind_int64(replace, 1, content);
  sqlite3_bind_zeroblob64(replace, 2, call.bytes.size());
  if (!RunOnce(replace)) return false;
  if (!thread.is_there && !PutThread(call.thread, thread)) return false;
  sqlite3_blob* blob = nullptr;
  const bool is_written =
      sqlite3_blob_open(connection_, "main", "contents", "bytes", content, 1,
                        &blob) == SQLITE_OK &&
      sqlite3_blob_write(blob, call.bytes.data(),
                         static_cast<int>(call.bytes.size()), 0) == SQLITE_OK;
  sqlite3_blob_close(blob);
  if (!is_written) return false;
  sqlite3_stmt* seal =
      Kept("UPDATE blobs SET digest = ?2 WHERE content_id = ?1");
  sqlite3_bind_int64(seal, 1, content);
  BindBlob(seal, 2, kDigest);
  if (!RunOnce(seal)) return false;
  return depth_ == 0 || RunKept("RELEASE stream", {}) == SQLITE_OK;
}

}  // namespace lastcommit
