#include "hand_saver.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/time/time.h"
#include "hand_checkpoint.h"

namespace lastcommit {

const char* HandSaver::Text(Sql sql) {
  static constexpr std::array<const char*, kStatements> kTexts = {
      "BEGIN IMMEDIATE",
      "COMMIT",
      "SAVEPOINT s1",
      "RELEASE s1",
      "SELECT value FROM meta WHERE key = 'commit_counter'",
      "PRAGMA journal_mode",
      "UPDATE meta SET value = ?1 WHERE key = 'commit_counter'",
      "SELECT last_log, last_checkpoint, is_deleted FROM threads"
      " WHERE thread_id = ?1",
      "INSERT INTO threads (thread_id, last_log, last_checkpoint, is_deleted)"
      " VALUES (?1, ?2, ?3, 0) ON CONFLICT (thread_id) DO UPDATE"
      " SET last_log = excluded.last_log,"
      " last_checkpoint = excluded.last_checkpoint",
      "INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id,"
      " parent_id, type, state, metadata, sequence, digest)"
      " VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, ?8)"
      " ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE"
      " SET parent_id = excluded.parent_id, type = excluded.type,"
      " state = excluded.state, metadata = excluded.metadata,"
      " digest = excluded.digest"
      " RETURNING sequence",
      "INSERT INTO writes (thread_id, checkpoint_ns, checkpoint_id,"
      " task_id, idx, channel, type, bytes)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
      "INSERT INTO logs (thread_id, number, level, payload)"
      " VALUES (?1, ?2, 1, ?3)",
      "INSERT INTO blobs (thread_id, name, size, digest)"
      " VALUES (?1, ?2, ?3, x'') ON CONFLICT (thread_id, name) DO UPDATE"
      " SET size = excluded.size, digest = excluded.digest"
      " RETURNING content_id",
      "INSERT OR REPLACE INTO contents (id, bytes) VALUES (?1, ?2)",
      "UPDATE blobs SET digest = ?2 WHERE content_id = ?1"};
  return kTexts[sql];
}

HandSaver::HandSaver(const std::string& path, const saver::Options& options,
                     std::string digest)
    : digest_(std::move(digest)),
      autocheckpoint_{options.wal_autocheckpoint, nullptr} {
  Must(sqlite3_open_v2(path.c_str(), &connection_,
                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE, nullptr),
       SQLITE_OK);
  sqlite3_busy_timeout(
      connection_,
      static_cast<int>(absl::ToInt64Milliseconds(options.busy_timeout)));
  const saver::Synchronous synchronous = options.synchronous.value_or(
      saver::SynchronousFor(options.journal_mode, options.durability).value());
  Exec("PRAGMA foreign_keys = 1");
  Exec("PRAGMA wal_autocheckpoint = " +
       std::to_string(GuardsByHand() ? 0 : autocheckpoint_.frames));
  if (GuardsByHand()) {
    CheckpointAfterCommitsByHand(connection_, autocheckpoint_);
  }
  Exec("PRAGMA journal_mode = " + std::string(Name(options.journal_mode)));
  Exec("PRAGMA synchronous = " + std::string(Name(synchronous)));
  const int version = sqlite3_libversion_number();
  avoid_bug_ = version >= 3011000 && version < 3050002;
  is_wal_ = options.journal_mode == saver::JournalMode::kWal;
  for (int i = 0; i < kStatements; ++i) {
    Must(sqlite3_prepare_v3(connection_, Text(static_cast<Sql>(i)), -1,
                            SQLITE_PREPARE_PERSISTENT,
                            &statements_[static_cast<std::size_t>(i)], nullptr),
         SQLITE_OK);
  }
}

HandSaver::~HandSaver() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(connection_);
}

void HandSaver::Begin() {
  BeginImmediate(/*may_roll_back_partly=*/true);
  is_inside_ = true;
}

void HandSaver::Commit() {
  Run(kCommit);
  is_inside_ = false;
}

void HandSaver::PutCheckpoint(const saver::Checkpoint& checkpoint) {
  CommitStep(checkpoint, {});
}

void HandSaver::CommitStep(const saver::Checkpoint& checkpoint,
                           const std::vector<saver::PendingWrite>& writes) {
  const saver::CheckpointKey& key = checkpoint.key;
  if (!is_inside_) BeginImmediate(/*may_roll_back_partly=*/false);
  Thread thread = ReadThread(key.thread_id);
  Bind(kUpsertCheckpoint, 1, key.thread_id);
  Bind(kUpsertCheckpoint, 2, key.checkpoint_ns);
  Bind(kUpsertCheckpoint, 3, key.checkpoint_id);
  Bind(kUpsertCheckpoint, 4, checkpoint.type);
  BindBytes(kUpsertCheckpoint, 5, checkpoint.state);
  Bind(kUpsertCheckpoint, 6, checkpoint.metadata);
  Bind(kUpsertCheckpoint, 7, ++thread.last_checkpoint);
  BindBytes(kUpsertCheckpoint, 8, digest_);
  RunForInt(kUpsertCheckpoint);
  for (const saver::PendingWrite& write : writes) {
    Bind(kInsertWrite, 1, key.thread_id);
    Bind(kInsertWrite, 2, key.checkpoint_ns);
    Bind(kInsertWrite, 3, key.checkpoint_id);
    Bind(kInsertWrite, 4, write.task_id);
    Bind(kInsertWrite, 5, write.idx);
    Bind(kInsertWrite, 6, write.channel);
    Bind(kInsertWrite, 7, write.type);
    BindBytes(kInsertWrite, 8, write.bytes);
    Run(kInsertWrite);
  }
  WriteThread(key.thread_id, thread);
  if (!is_inside_) Run(kCommit);
}

void HandSaver::AppendLog(const std::string& thread_id,
                          const std::string& payload) {
  if (!is_inside_) BeginImmediate(/*may_roll_back_partly=*/false);
  Thread thread = ReadThread(thread_id);
  Bind(kInsertLog, 1, thread_id);
  Bind(kInsertLog, 2, ++thread.last_log);
  Bind(kInsertLog, 3, payload);
  Run(kInsertLog);
  WriteThread(thread_id, thread);
  if (!is_inside_) Run(kCommit);
}

// In a transaction it is a savepoint, so that a writer that is given up takes
// nothing else with it.
void HandSaver::StreamBlob(const std::string& thread_id,
                           const std::string& name, std::string_view bytes,
                           std::size_t piece) {
  if (is_inside_) {
    Run(kSavepoint);
  } else {
    BeginImmediate(/*may_roll_back_partly=*/false);
  }
  const Thread thread = ReadThread(thread_id);
  Bind(kUpsertBlob, 1, thread_id);
  Bind(kUpsertBlob, 2, name);
  Bind(kUpsertBlob, 3, static_cast<std::int64_t>(bytes.size()));
  const std::int64_t id = RunForInt(kUpsertBlob);
  Bind(kInsertZeros, 1, id);
  Must(sqlite3_bind_zeroblob64(statements_[kInsertZeros], 2, bytes.size()),
       SQLITE_OK);
  Run(kInsertZeros);
  if (!thread.is_there) WriteThread(thread_id, thread);
  sqlite3_blob* blob = nullptr;
  Must(sqlite3_blob_open(connection_, "main", "contents", "bytes", id,
                         /*flags=*/1, &blob),
       SQLITE_OK);
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const std::string_view part = bytes.substr(at, piece);
    Must(sqlite3_blob_write(blob, part.data(), static_cast<int>(part.size()),
                            static_cast<int>(at)),
         SQLITE_OK);
  }
  Must(sqlite3_blob_close(blob), SQLITE_OK);
  Bind(kUpdateDigest, 1, id);
  BindBytes(kUpdateDigest, 2, digest_);
  Run(kUpdateDigest);
  Run(is_inside_ ? kRelease : kCommit);
}

void HandSaver::Must(int result, int expected) const {
  if (result == expected) return;
  std::fprintf(stderr, "hand saver: %s\n", sqlite3_errmsg(connection_));
  std::_Exit(3);
}

void HandSaver::Exec(const std::string& sql) {
  Must(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr),
       SQLITE_OK);
}

void HandSaver::Bind(Sql sql, int parameter, std::string_view text) {
  Must(sqlite3_bind_text64(statements_[sql], parameter, text.data(),
                           text.size(), SQLITE_STATIC, SQLITE_UTF8),
       SQLITE_OK);
}

void HandSaver::BindBytes(Sql sql, int parameter, std::string_view bytes) {
  Must(sqlite3_bind_blob64(statements_[sql], parameter, bytes.data(),
                           bytes.size(), SQLITE_STATIC),
       SQLITE_OK);
}

void HandSaver::Bind(Sql sql, int parameter, std::int64_t value) {
  Must(sqlite3_bind_int64(statements_[sql], parameter, value), SQLITE_OK);
}

void HandSaver::Run(Sql sql) {
  Must(sqlite3_step(statements_[sql]), SQLITE_DONE);
  sqlite3_reset(statements_[sql]);
}

std::int64_t HandSaver::RunForInt(Sql sql) {
  Must(sqlite3_step(statements_[sql]), SQLITE_ROW);
  const std::int64_t value = sqlite3_column_int64(statements_[sql], 0);
  Must(sqlite3_step(statements_[sql]), SQLITE_DONE);
  sqlite3_reset(statements_[sql]);
  return value;
}

// With the saver's defence against the partial-rollback bug: in a transaction
// that may roll back partly, the page of the counter goes into the WAL twice.
void HandSaver::BeginImmediate(bool may_roll_back_partly) {
  Run(kBegin);
  Must(sqlite3_step(statements_[kReadCounter]), SQLITE_ROW);
  const std::int64_t counter =
      1 + sqlite3_column_int64(statements_[kReadCounter], 0);
  sqlite3_reset(statements_[kReadCounter]);
  if (avoid_bug_ && may_roll_back_partly) {
    Must(sqlite3_step(statements_[kReadMode]), SQLITE_ROW);
    sqlite3_reset(statements_[kReadMode]);
  }
  if (avoid_bug_ && may_roll_back_partly && is_wal_) {
    WriteCounter(-counter);
    Must(sqlite3_db_cacheflush(connection_), SQLITE_OK);
    WriteCounter(counter);
    Must(sqlite3_db_cacheflush(connection_), SQLITE_OK);
  } else {
    WriteCounter(counter);
  }
}

void HandSaver::WriteCounter(std::int64_t counter) {
  Bind(kWriteCounter, 1, counter);
  Run(kWriteCounter);
}

HandSaver::Thread HandSaver::ReadThread(const std::string& thread_id) {
  Thread thread;
  Bind(kReadThread, 1, thread_id);
  sqlite3_stmt* row = statements_[kReadThread];
  thread.is_there = sqlite3_step(row) == SQLITE_ROW;
  if (thread.is_there) {
    thread.last_log = sqlite3_column_int64(row, 0);
    thread.last_checkpoint = sqlite3_column_int64(row, 1);
    if (sqlite3_column_int64(row, 2) != 0) Must(SQLITE_CONSTRAINT, SQLITE_OK);
  }
  sqlite3_reset(row);
  return thread;
}

void HandSaver::WriteThread(const std::string& thread_id,
                            const Thread& thread) {
  Bind(kWriteThread, 1, thread_id);
  Bind(kWriteThread, 2, thread.last_log);
  Bind(kWriteThread, 3, thread.last_checkpoint);
  Run(kWriteThread);
}

}  // namespace lastcommit
