// SqliteSaver: checkpoints, append-only logs and binary blobs of threads of
// work, in one SQLite database, so that what was committed survives a crash.
//
// Every change happens inside BEGIN IMMEDIATE ... COMMIT. A call outside a
// Transaction is a transaction of its own: when it returns OK it is committed.
// What "committed" is worth after a crash depends on journal_mode and
// synchronous (https://sqlite.org/pragma.html#pragma_synchronous): a killed
// process loses no acknowledged commit in the journal modes DELETE, TRUNCATE,
// PERSIST and WAL; a power loss takes none with the default, WAL and FULL.
//
// Threads: a saver and its transactions belong to one thread at a time. Open
// one saver per thread or process on the same file. A saver must not be used
// on both sides of a fork().
//
// Errors: InvalidArgument (bad input), NotFound, FailedPrecondition (a call in
// the wrong state), Unavailable (SQLITE_BUSY after the timeout),
// ResourceExhausted (disk or memory full), DataLoss (damaged database),
// PermissionDenied, Unknown (an I/O error: what reached the disk shows when the
// database is opened again), Aborted (the transaction was rolled back and must
// be begun again). After any error the failed call has left nothing behind; its
// Transaction goes on unless the error is Aborted. After Aborted every call is
// refused with Aborted until the Transaction is rolled back or destroyed, so
// that nothing that was meant to be part of it is committed without the rest.

#ifndef LASTCOMMIT_SAVER_SQLITE_SAVER_H_
#define LASTCOMMIT_SAVER_SQLITE_SAVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "saver/settings.h"

struct sqlite3;

namespace lastcommit {

// "LstC": PRAGMA application_id of a database of this library.
inline constexpr std::int32_t kApplicationId = 0x4c737443;
// PRAGMA user_version: the version of the schema.
inline constexpr std::int32_t kSchemaVersion = 1;

struct Options {
  // Set when the database is opened and read back; a refusal is an error.
  JournalMode journal_mode = JournalMode::kWal;
  Synchronous synchronous = Synchronous::kFull;
  // Bytes; takes effect when the database is created.
  int page_size = 4096;
  // PRAGMA cache_size: pages, or KiB if negative; 0 keeps SQLite's default.
  int cache_size = 0;
  // Frames after which a commit checkpoints the WAL; 0 turns that off.
  int wal_autocheckpoint = 1000;
  absl::Duration busy_timeout = absl::Seconds(5);
  // The sqlite3_vfs to use; empty is SQLite's default one. Everything but the
  // making of an empty new file goes through it.
  std::string vfs;
  // Avoid the bug of SQLite 3.11.0 to 3.50.1 that loses commits after a
  // partial rollback in WAL mode (docs/findings.md). Costs nothing on other
  // versions. Only a test of the bug itself turns this off.
  bool avoid_partial_rollback_bug = true;
};

struct CheckpointKey {
  std::string thread_id;
  std::string checkpoint_ns;
  std::string checkpoint_id;
};

struct Checkpoint {
  CheckpointKey key;
  std::optional<std::string> parent_id;
  std::string type;      // how `state` is encoded, for the caller
  std::string state;     // any bytes
  std::string metadata;  // valid JSON
};

struct LogEntry {
  std::int64_t number = 0;  // 1, 2, 3, ... in each thread, without gaps
  std::string payload;      // valid JSON
};

// What opening found and repaired.
struct RecoveryReport {
  bool created = false;         // there was no schema before
  std::int64_t wal_frames = 0;  // frames that the WAL still held
  // The checkpoint on open could not finish because another connection was
  // using the database; nothing is lost by that.
  bool checkpoint_busy = false;
};

struct WalCheckpointResult {
  std::int64_t log_frames = 0;
  std::int64_t checkpointed_frames = 0;
  bool busy = false;
};

class SqliteSaver;

// A transaction, or a savepoint inside one. Destroyed without Commit() or
// Release() it is rolled back. Nested ones end before the outer one; ending an
// outer one ends those inside it.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  // Commits the whole transaction and returns the value of the commit counter.
  // Outermost only (FailedPrecondition otherwise). After Unavailable the
  // transaction is still open with all its changes; after any other error it
  // is rolled back or in doubt until the database is opened again.
  absl::StatusOr<std::int64_t> Commit();
  // Undoes everything and ends it. A savepoint is undone and released.
  absl::Status Rollback();

  // A savepoint inside this one and all that are open inside it.
  absl::StatusOr<Transaction> Savepoint();
  // Savepoints only: keeps the changes and ends the savepoint.
  absl::Status Release();
  // Savepoints only: undoes the changes since it was made and keeps it open.
  absl::Status RollbackTo();

  // False after it ended, by itself or with an outer one.
  bool is_open() const;

 private:
  friend class SqliteSaver;
  Transaction(SqliteSaver* saver, int depth, std::uint64_t id);

  SqliteSaver* saver_;
  int depth_;         // 0 = the transaction itself, 1.. = savepoints
  std::uint64_t id_;  // which of the saver's levels this object is
};

class SqliteSaver {
 public:
  // Opens or creates the database, recovers what a crash left, and checks that
  // it is ours. A missing file is created with mode 0600. A database of another
  // program, or with a newer schema, is refused with FailedPrecondition, a file
  // that is no database with DataLoss. `path` is a file name: neither a URI nor
  // ":memory:" (InvalidArgument).
  static absl::StatusOr<std::unique_ptr<SqliteSaver>> Open(
      const std::string& path, const Options& options);
  // Closes without reporting errors; an open transaction is rolled back.
  // Transactions of this saver must be destroyed before.
  ~SqliteSaver();
  SqliteSaver(const SqliteSaver&) = delete;
  SqliteSaver& operator=(const SqliteSaver&) = delete;

  const RecoveryReport& recovery_report() const;

  // FailedPrecondition if a transaction is open.
  absl::StatusOr<Transaction> Begin();

  // Inserts the checkpoint or replaces the one with the same key.
  // InvalidArgument: metadata is not JSON, or thread or id is empty.
  absl::Status PutCheckpoint(const Checkpoint& checkpoint);
  // NotFound if there is none.
  absl::StatusOr<Checkpoint> GetCheckpoint(const CheckpointKey& key);
  // In the order of (checkpoint_ns, checkpoint_id).
  absl::StatusOr<std::vector<Checkpoint>> ListCheckpoints(
      const std::string& thread_id);

  // Returns the number of the new entry. InvalidArgument: not JSON, or the
  // thread is empty.
  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload);
  // Appends all, with consecutive numbers, or none; returns the last number.
  // InvalidArgument if a payload is not JSON, or there are none or more than
  // kMaxLogBatch.
  static constexpr std::size_t kMaxLogBatch = 1000;
  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads);
  absl::StatusOr<std::vector<LogEntry>> ReadLogs(const std::string& thread_id);

  // Inserts or replaces. InvalidArgument: the thread is empty.
  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes);
  absl::StatusOr<std::string> GetBlob(const std::string& thread_id,
                                      const std::string& name);
  // Names in byte order.
  absl::StatusOr<std::vector<std::string>> ListBlobs(
      const std::string& thread_id);

  // Removes everything of the thread; OK if there is nothing.
  absl::Status DeleteThread(const std::string& thread_id);
  // Ids in byte order: every thread with something in it or a log number used.
  absl::StatusOr<std::vector<std::string>> ListThreads();

  // How many transactions were committed since the database was created, the
  // open one included.
  absl::StatusOr<std::int64_t> CommitCounter();

  // FailedPrecondition inside a transaction. Without a WAL it does nothing.
  absl::StatusOr<WalCheckpointResult> WalCheckpoint(CheckpointMode mode);
  absl::Status Vacuum();

  // The connection, for statements of the caller's own in the same database.
  // Owned by the saver. Do not end the saver's transactions through it.
  // Transactions begun through it lack avoid_partial_rollback_bug.
  sqlite3* connection();

 private:
  friend class Transaction;
  class Impl;
  explicit SqliteSaver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_SAVER_SQLITE_SAVER_H_
