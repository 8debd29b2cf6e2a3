// SqliteSaver: checkpoints with pending writes, append-only logs, tasks and
// binary blobs of threads of work, in one SQLite database, so that what was
// committed survives a crash. docs/saver.md is its guide.
//
// Every change happens inside BEGIN IMMEDIATE ... COMMIT. A call outside a
// Transaction is a transaction of its own: when it returns OK it is committed.
// What "committed" is worth after a crash is Options::durability; the default
// survives a power loss.
//
// Threads: a saver and its transactions belong to one thread at a time. Open
// one saver per thread or process on the same file. In the child of a fork()
// everything of a saver that was open refuses with FailedPrecondition, and so
// does opening its file; destroying it does nothing there.
//
// Errors: InvalidArgument (bad input), NotFound, AlreadyExists,
// FailedPrecondition (a call in the wrong state, a thread that was deleted, a
// task of another version; a file of the database that another program removed
// or replaced, and then every change until it is opened again), Unavailable
// (SQLITE_BUSY after the timeout), ResourceExhausted (disk or memory full),
// DataLoss (damaged database), PermissionDenied, Unknown (an I/O error),
// Cancelled (sqlite3_interrupt), Aborted (the transaction was rolled back and
// must be begun again). Nothing throws: std::bad_alloc is ResourceExhausted.
// What is refused for an argument, or for what is there under its name, says
// the name of the argument and what was in it, escaped and cut; only errors of
// the files below say what SQLite was doing. After any error the failed call
// has left nothing behind, except where IsInDoubt(status); its Transaction goes
// on unless the error is Aborted. After Aborted every call is refused with
// Aborted until the Transaction is rolled back or destroyed, so that nothing
// that was meant to be part of it is committed without the rest.

#ifndef LASTCOMMIT_SAVER_SQLITE_SAVER_H_
#define LASTCOMMIT_SAVER_SQLITE_SAVER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/blob_stream.h"
#include "saver/options.h"
#include "saver/records.h"
#include "saver/settings.h"
#include "saver/transaction.h"

struct sqlite3;

namespace lastcommit::saver {

// "LstC": PRAGMA application_id of a database of this library.
inline constexpr std::int32_t kApplicationId = 0x4c737443;
// PRAGMA user_version: the version of the schema. Older ones are migrated when
// they are opened, in one transaction.
inline constexpr std::int32_t kSchemaVersion = 3;

// What opening found and repaired.
struct RecoveryReport {
  bool created = false;         // there was no schema before
  int migrated_from = 0;        // the schema version before; 0 = not migrated
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

class SqliteSaver {
 public:
  // Opens or creates the database, recovers what a crash left, and checks that
  // it is ours. A missing file is created with mode 0600. `path` is a file
  // name: neither a URI nor ":memory:" (InvalidArgument). A file that is
  // refused is not modified, nor are its WAL and journal: FailedPrecondition
  // (a database of another program, or with a newer schema, or a directory),
  // DataLoss (no database, or cut short), PermissionDenied.
  static absl::StatusOr<std::unique_ptr<SqliteSaver>> Open(
      const std::string& path, const Options& options);
  // Closes without reporting errors; an open transaction is rolled back.
  // Transactions and blob streams of this saver must be destroyed before.
  ~SqliteSaver();
  SqliteSaver(const SqliteSaver&) = delete;
  SqliteSaver& operator=(const SqliteSaver&) = delete;

  const RecoveryReport& recovery_report() const;
  // What an acknowledged commit of this saver survives: at least what the
  // options asked for.
  Durability durability() const;

  // FailedPrecondition if a transaction is open.
  absl::StatusOr<Transaction> Begin();

  // ---- Checkpoints ----
  // Every change below is refused with FailedPrecondition if its thread was
  // deleted, and with InvalidArgument if the thread id is empty.

  // Inserts the checkpoint or replaces the one with the same key, whose
  // pending writes and sequence stay. InvalidArgument: metadata is not JSON,
  // or the id is empty. Metadata that is not set is {}.
  absl::Status PutCheckpoint(const Checkpoint& checkpoint);
  // These four answer DataLoss for a checkpoint that is not that of its stored
  // digest.
  // NotFound if there is none.
  absl::StatusOr<Checkpoint> GetCheckpoint(const CheckpointKey& key);
  // The newest of the namespace. NotFound if there is none.
  absl::StatusOr<Checkpoint> GetLatestCheckpoint(
      const std::string& thread_id, const std::string& checkpoint_ns);
  // Newest first. InvalidArgument: a negative limit, a filter value that is no
  // JSON scalar, or more than kMaxFilters.
  static constexpr std::size_t kMaxFilters = 16;
  absl::StatusOr<std::vector<Checkpoint>> ListCheckpoints(
      const CheckpointQuery& query);
  // Every checkpoint of the thread, in the order of (checkpoint_ns,
  // checkpoint_id).
  absl::StatusOr<std::vector<Checkpoint>> ListCheckpoints(
      const std::string& thread_id);
  // Deletes all but the `keep` newest checkpoints of the namespace, with their
  // pending writes; returns how many. InvalidArgument: negative.
  absl::StatusOr<std::int64_t> Prune(const std::string& thread_id,
                                     const std::string& checkpoint_ns,
                                     std::int64_t keep);

  // ---- Pending writes ----

  // All or none. NotFound: no such checkpoint. InvalidArgument: an empty
  // task_id, or more than kMaxWrites.
  static constexpr std::size_t kMaxWrites = 1000;
  absl::Status PutWrites(const CheckpointKey& checkpoint,
                         const std::vector<PendingWrite>& writes);
  // In the order of (task_id, idx).
  absl::StatusOr<std::vector<PendingWrite>> ListWrites(
      const CheckpointKey& checkpoint);
  // PutCheckpoint and PutWrites to it, both or none.
  absl::Status CommitStep(const Checkpoint& checkpoint,
                          const std::vector<PendingWrite>& writes);

  // ---- Logs ----

  // Returns the number of the new entry. InvalidArgument: not JSON.
  absl::StatusOr<std::int64_t> AppendLog(const std::string& thread_id,
                                         const std::string& payload,
                                         LogLevel level = LogLevel::kInfo);
  // Appends all, with consecutive numbers, or none; returns the last number.
  // InvalidArgument if a payload is not JSON, or there are none or more than
  // kMaxLogBatch.
  static constexpr std::size_t kMaxLogBatch = 1000;
  absl::StatusOr<std::int64_t> AppendLogs(
      const std::string& thread_id, const std::vector<std::string>& payloads,
      LogLevel level = LogLevel::kInfo);
  absl::StatusOr<std::vector<LogEntry>> ReadLogs(const std::string& thread_id,
                                                 const LogRange& range = {});

  // ---- Tasks ----

  // A pending task with version 1. AlreadyExists; InvalidArgument: the payload
  // is not JSON, or the id is empty.
  absl::Status CreateTask(const TaskKey& key,
                          const std::string& payload = "{}");
  // Compare-and-set; returns the new version. NotFound; FailedPrecondition: the
  // task has another version, or its state does not go over into the new one;
  // InvalidArgument: the payload is not JSON.
  absl::StatusOr<std::int64_t> UpdateTask(const TaskKey& key,
                                          const TaskUpdate& update);
  absl::StatusOr<Task> GetTask(const TaskKey& key);
  // In byte order of the ids.
  absl::StatusOr<std::vector<Task>> ListTasks(const std::string& thread_id);

  // ---- Blobs ----

  // Inserts or replaces.
  absl::Status PutBlob(const std::string& thread_id, const std::string& name,
                       std::string_view bytes);
  // DataLoss: the bytes are not those of the stored digest.
  absl::StatusOr<std::string> GetBlob(const std::string& thread_id,
                                      const std::string& name);
  // Begins to insert or replace a blob of `size` bytes in pieces.
  // InvalidArgument: negative, or more than SQLite can hold in one value
  // (https://sqlite.org/limits.html).
  absl::StatusOr<BlobWriter> WriteBlob(const std::string& thread_id,
                                       const std::string& name,
                                       std::int64_t size);
  absl::StatusOr<BlobReader> ReadBlob(const std::string& thread_id,
                                      const std::string& name);
  // Names in byte order.
  absl::StatusOr<std::vector<std::string>> ListBlobs(
      const std::string& thread_id);

  // ---- Threads ----

  // Removes everything of the thread and leaves a tombstone, so that nothing
  // can be written to it any more. OK if there is nothing, or it was deleted.
  absl::Status DeleteThread(const std::string& thread_id);
  // Makes a thread `to` with everything in it that is in `from`: checkpoints
  // with their pending writes, log entries, tasks and blobs, all as they are,
  // and the numbers go on in both. What is done to one later is not done to the
  // other. Digests are copied and not compared: what is damaged is DataLoss in
  // both for whoever reads it. FailedPrecondition: one of the two was deleted.
  // NotFound: there is no `from`. AlreadyExists: there is a `to`, be it `from`.
  absl::Status CopyThread(const std::string& from, const std::string& to);
  // In byte order of the ids; the deleted ones too.
  absl::StatusOr<std::vector<ThreadInfo>> ListThreads();
  // The same, a page at a time; each is of one version of the database.
  // InvalidArgument: a limit below 1.
  absl::StatusOr<std::vector<ThreadInfo>> ListThreads(const ThreadPage& page);

  // ---- The database ----

  // How many transactions were committed since the database was created, the
  // open one included.
  absl::StatusOr<std::int64_t> CommitCounter();

  // Which value the counter has, or would have had, in the newest transaction
  // of this saver that took the write lock; 0 if there was none. It makes no
  // call to SQLite, so it may be asked for while another call is at work in the
  // same thread.
  std::int64_t AttemptedCommit() const;

  // FailedPrecondition inside a transaction. Without a WAL it does nothing.
  absl::StatusOr<WalCheckpointResult> WalCheckpoint(CheckpointMode mode);
  absl::Status Vacuum();

  // Copies what is committed to a new file at `path`, a database that Open()
  // opens, by SQLite's backup API (https://sqlite.org/backup.html). OK: it is
  // there as a whole, and survives a loss of power. Otherwise, and after a
  // crash, there is nothing under that name (or, if only the last sync of its
  // directory failed, the whole copy); a crash may leave a file beside it whose
  // name is `path`, "-partial-" and six letters. InvalidArgument: a path that
  // Open() would not take. AlreadyExists: something has that name, and stays as
  // it is. FailedPrecondition inside a transaction. Unavailable: others wrote
  // until the busy timeout had passed. NotFound, PermissionDenied,
  // ResourceExhausted: of the directory. Unimplemented, PermissionDenied: its
  // file system can neither rename without replacing nor link. With a VFS that
  // is no file system the file is one of the default VFS all the same.
  absl::Status Backup(const std::string& path);

  // Changes Options::journal_mode of the open database, and `synchronous` with
  // it so that durability() is no less than the options asked for.
  // InvalidArgument: a mode without a journal on the disk. FailedPrecondition
  // inside a transaction. Unavailable: another connection was in the way until
  // the busy timeout had passed; one is as long as it has the database open if
  // WAL is to be left (sqlite3PagerCloseWal() in SQLite's pager.c), so that
  // nobody who has it open loses what a commit is worth. Savers that have it
  // open go on in the new mode by themselves. DataLoss from now on if the WAL
  // could not be deleted; what is in it is there when the database is opened
  // again. Without memory of SQLite's it may keep others out until the next
  // call of this saver.
  absl::Status SetJournalMode(JournalMode mode);

  // The connection, for statements of the caller's own in the same database.
  // Owned by the saver. Do not end the saver's transactions through it.
  // Transactions begun through it lack what Options::avoid_sqlite_bugs does,
  // and so do PRAGMA wal_checkpoint and wal_autocheckpoint.
  sqlite3* connection();

 private:
  friend class Transaction;
  friend class BlobWriter;
  friend class BlobReader;
  class Impl;
  explicit SqliteSaver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_SQLITE_SAVER_H_
