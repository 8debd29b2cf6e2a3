#include "saver/sqlite_saver.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "saver/arguments.h"
#include "saver/backup.h"
#include "saver/journal_end.h"
#include "saver/journal_mode.h"
#include "saver/open.h"
#include "saver/partial_rollback.h"
#include "saver/saver_impl.h"
#include "saver/tables.h"
#include "saver/vacuum.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

TransactionDefences DefencesFor(const Options& options, JournalMode mode,
                                Synchronous synchronous) {
  if (!options.avoid_sqlite_bugs) return {};
  TransactionDefences defences;
  defences.against_partial_rollback =
      HasPartialRollbackBug(sqlite3_libversion_number());
  defences.against_lost_journal_end = WritesOverJournal(mode, synchronous);
  defences.against_half_statements = true;
  defences.against_unjournaled_pages =
      IsKeptOnDisk(mode) && synchronous != Synchronous::kOff;
  return defences;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteSaver>> SqliteSaver::Open(
    const std::string& path, const Options& options) {
  return CatchBadAlloc([&] { return Impl::Open(path, options); });
}

absl::StatusOr<std::unique_ptr<SqliteSaver>> SqliteSaver::Impl::Open(
    const std::string& path, const Options& options) {
  RETURN_IF_ERROR(CheckPath(path));
  RETURN_IF_ERROR(CheckOptions(options));
  ASSIGN_OR_RETURN(const Synchronous synchronous, SynchronousOf(options));
  RecoveryReport report;
  ASSIGN_OR_RETURN(Database database,
                   OpenDatabase(path, options, synchronous, report));
  auto impl = std::make_unique<Impl>(
      path, std::move(database), report, options, synchronous,
      DefencesFor(options, options.journal_mode, synchronous));
  RETURN_IF_ERROR(impl->files.Check());
  impl->checkpointer.RunAfterCommits(options.wal_autocheckpoint);
  return std::unique_ptr<SqliteSaver>(new SqliteSaver(std::move(impl)));
}

SqliteSaver::SqliteSaver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

// Even to close the connection in a child could delete the WAL of the parent.
SqliteSaver::~SqliteSaver() {
  if (!impl_->process.IsHere()) static_cast<void>(impl_.release());
}

const RecoveryReport& SqliteSaver::recovery_report() const {
  return impl_->report;
}

Durability SqliteSaver::durability() const {
  return DurabilityOf(impl_->journal_mode, impl_->synchronous);
}

absl::StatusOr<Transaction> SqliteSaver::Begin() {
  return impl_->Enter([&]() -> absl::StatusOr<Transaction> {
    RETURN_IF_ERROR(impl_->CheckNoStream());
    ASSIGN_OR_RETURN(const Level level, impl_->stack.Begin());
    return Transaction(this, level.depth, level.id);
  });
}

absl::Status SqliteSaver::PutCheckpoint(const Checkpoint& checkpoint) {
  return impl_->Change(
      [&] { return CheckCheckpoint(checkpoint, impl_->max_bytes()); },
      [&] { return PutCheckpointRow(impl_->database, checkpoint); });
}

absl::StatusOr<Checkpoint> SqliteSaver::GetCheckpoint(
    const CheckpointKey& key) {
  return impl_->Read([&] { return CheckNames(key, impl_->max_bytes()); },
                     [&] { return GetCheckpointRow(impl_->database, key); });
}

absl::StatusOr<Checkpoint> SqliteSaver::GetLatestCheckpoint(
    const std::string& thread_id, const std::string& checkpoint_ns) {
  return impl_->Read(
      [&] {
        return CheckNames(
            {{"thread_id", thread_id}, {"checkpoint_ns", checkpoint_ns}},
            impl_->max_bytes());
      },
      [&] {
        return GetLatestCheckpointRow(impl_->database, thread_id,
                                      checkpoint_ns);
      });
}

absl::StatusOr<std::vector<Checkpoint>> SqliteSaver::ListCheckpoints(
    const CheckpointQuery& query) {
  return impl_->Read(
      [&] { return CheckQuery(query, impl_->max_bytes()); },
      [&] { return QueryCheckpointRows(impl_->database, query); });
}

absl::StatusOr<std::vector<Checkpoint>> SqliteSaver::ListCheckpoints(
    const std::string& thread_id) {
  return impl_->Read(
      [&] { return impl_->CheckThread(thread_id); },
      [&] { return ListCheckpointRows(impl_->database, thread_id); });
}

absl::StatusOr<std::int64_t> SqliteSaver::Prune(
    const std::string& thread_id, const std::string& checkpoint_ns,
    std::int64_t keep) {
  return impl_->Change(
      [&] {
        return CheckPrune(thread_id, checkpoint_ns, keep, impl_->max_bytes());
      },
      [&] {
        return PruneRows(impl_->database, thread_id, checkpoint_ns, keep);
      });
}

absl::Status SqliteSaver::PutWrites(const CheckpointKey& checkpoint,
                                    const std::vector<PendingWrite>& writes) {
  return impl_->Change(
      [&] { return CheckWrites(checkpoint, writes, impl_->max_bytes()); },
      [&] { return PutWriteRows(impl_->database, checkpoint, writes); });
}

absl::StatusOr<std::vector<PendingWrite>> SqliteSaver::ListWrites(
    const CheckpointKey& checkpoint) {
  return impl_->Read(
      [&] { return CheckNames(checkpoint, impl_->max_bytes()); },
      [&] { return ListWriteRows(impl_->database, checkpoint); });
}

absl::Status SqliteSaver::CommitStep(const Checkpoint& checkpoint,
                                     const std::vector<PendingWrite>& writes) {
  return impl_->Change(
      [&] {
        RETURN_IF_ERROR(CheckCheckpoint(checkpoint, impl_->max_bytes()));
        return CheckWrites(checkpoint.key, writes, impl_->max_bytes());
      },
      [&] { return PutStepRows(impl_->database, checkpoint, writes); });
}

absl::StatusOr<std::int64_t> SqliteSaver::AppendLog(
    const std::string& thread_id, const std::string& payload, LogLevel level) {
  return CatchBadAlloc([&] {
    const std::vector<std::string> payloads = {payload};
    return impl_->AppendLogs({thread_id, payloads, level, /*is_one=*/true});
  });
}

absl::StatusOr<std::int64_t> SqliteSaver::AppendLogs(
    const std::string& thread_id, const std::vector<std::string>& payloads,
    LogLevel level) {
  return impl_->AppendLogs({thread_id, payloads, level});
}

absl::StatusOr<std::int64_t> SqliteSaver::Impl::AppendLogs(
    const LogBatch& batch) {
  return Change([&] { return CheckLogs(batch, max_bytes()); },
                [&] { return AppendLogRows(database, batch); });
}

absl::StatusOr<std::vector<LogEntry>> SqliteSaver::ReadLogs(
    const std::string& thread_id, const LogRange& range) {
  return impl_->Read(
      [&] { return CheckRange(thread_id, range, impl_->max_bytes()); },
      [&] { return ReadLogRows(impl_->database, thread_id, range); });
}

absl::Status SqliteSaver::CreateTask(const TaskKey& key,
                                     const std::string& payload) {
  return impl_->Change(
      [&] { return CheckNewTask(key, payload, impl_->max_bytes()); },
      [&] { return CreateTaskRow(impl_->database, key, payload); });
}

absl::StatusOr<std::int64_t> SqliteSaver::UpdateTask(const TaskKey& key,
                                                     const TaskUpdate& update) {
  return impl_->Change(
      [&] { return CheckUpdate(key, update, impl_->max_bytes()); },
      [&] { return UpdateTaskRow(impl_->database, key, update); });
}

absl::StatusOr<Task> SqliteSaver::GetTask(const TaskKey& key) {
  return impl_->Read([&] { return CheckNames(key, impl_->max_bytes()); },
                     [&] { return GetTaskRow(impl_->database, key); });
}

absl::StatusOr<std::vector<Task>> SqliteSaver::ListTasks(
    const std::string& thread_id) {
  return impl_->Read([&] { return impl_->CheckThread(thread_id); },
                     [&] { return ListTaskRows(impl_->database, thread_id); });
}

absl::Status SqliteSaver::PutBlob(const std::string& thread_id,
                                  const std::string& name,
                                  std::string_view bytes) {
  return impl_->Change(
      [&] {
        return CheckBlob(thread_id, name, "bytes",
                         static_cast<std::int64_t>(bytes.size()),
                         impl_->max_bytes());
      },
      [&] {
        return PutBlobRow(impl_->database, {thread_id, name}, bytes);
      });
}

absl::StatusOr<std::string> SqliteSaver::GetBlob(const std::string& thread_id,
                                                 const std::string& name) {
  return impl_->Read(
      [&] {
        return CheckNames({{"thread_id", thread_id}, {"name", name}},
                          impl_->max_bytes());
      },
      [&] {
        return GetBlobRow(impl_->database, {thread_id, name});
      });
}

absl::StatusOr<std::vector<std::string>> SqliteSaver::ListBlobs(
    const std::string& thread_id) {
  return impl_->Read([&] { return impl_->CheckThread(thread_id); },
                     [&] { return ListBlobNames(impl_->database, thread_id); });
}

absl::Status SqliteSaver::DeleteThread(const std::string& thread_id) {
  return impl_->Change(
      [&] { return CheckThreadId(thread_id, impl_->max_bytes()); },
      [&] { return DeleteThreadRows(impl_->database, thread_id); });
}

absl::Status SqliteSaver::CopyThread(const std::string& from,
                                     const std::string& to) {
  return impl_->Change(
      [&] {
        RETURN_IF_ERROR(CheckThreadId(from, impl_->max_bytes(), "from"));
        return CheckThreadId(to, impl_->max_bytes(), "to");
      },
      [&] { return CopyThreadRows(impl_->database, from, to); });
}

absl::StatusOr<std::vector<ThreadInfo>> SqliteSaver::ListThreads() {
  return ListThreads({.limit = std::numeric_limits<std::int64_t>::max()});
}

absl::StatusOr<std::vector<ThreadInfo>> SqliteSaver::ListThreads(
    const ThreadPage& page) {
  return impl_->Read([&] { return CheckPage(page, impl_->max_bytes()); },
                     [&] { return ListThreadRows(impl_->database, page); });
}

absl::StatusOr<std::int64_t> SqliteSaver::CommitCounter() {
  return impl_->Read([&] { return ReadCounter(impl_->database); });
}

std::int64_t SqliteSaver::AttemptedCommit() const {
  return impl_->stack.counter();
}

absl::StatusOr<WalCheckpointResult> SqliteSaver::WalCheckpoint(
    CheckpointMode mode) {
  return impl_->Enter([&]() -> absl::StatusOr<WalCheckpointResult> {
    RETURN_IF_ERROR(CheckMode(mode));
    RETURN_IF_ERROR(impl_->CheckNoTransaction());
    RETURN_IF_ERROR(impl_->files.Check());
    return impl_->checkpointer.RunPatiently(mode);
  });
}

absl::Status SqliteSaver::Vacuum() {
  return impl_->Enter([&]() -> absl::Status {
    RETURN_IF_ERROR(impl_->CheckNoTransaction());
    RETURN_IF_ERROR(impl_->files.Check());
    RETURN_IF_ERROR(impl_->stack.MakeJournalDurable());
    // What was compiled for the former schema SQLite would compile again inside
    // the next transaction, which may end it (docs/findings.md).
    const absl::Cleanup forget = [&] { impl_->database.ForgetStatements(); };
    RETURN_IF_ERROR(saver::Vacuum(impl_->database, impl_->journal_mode));
    return impl_->files.Check();
  });
}

absl::Status SqliteSaver::Backup(const std::string& path) {
  return impl_->Enter([&]() -> absl::Status {
    RETURN_IF_ERROR(CheckPath(path));
    RETURN_IF_ERROR(impl_->CheckNoTransaction());
    RETURN_IF_ERROR(impl_->files.Check());
    return saver::Backup(impl_->database, path, impl_->options.busy_timeout);
  });
}

absl::Status SqliteSaver::SetJournalMode(JournalMode mode) {
  return impl_->Enter([&] { return impl_->SetJournalMode(mode); });
}

absl::Status SqliteSaver::Impl::SetJournalMode(JournalMode mode) {
  RETURN_IF_ERROR(CheckMode(mode));
  if (!IsKeptOnDisk(mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("journal_mode ", std::string(Name(mode)),
                     " keeps no journal on the disk"));
  }
  RETURN_IF_ERROR(CheckNoTransaction());
  RETURN_IF_ERROR(files.Check());
  Options wanted = options;
  wanted.journal_mode = mode;
  // What was asked for instead of the least level that will do may not do now.
  if (wanted.synchronous.has_value() &&
      DurabilityOf(mode, *wanted.synchronous) < wanted.durability) {
    wanted.synchronous.reset();
  }
  ASSIGN_OR_RETURN(const Synchronous level, SynchronousOf(wanted));
  RETURN_IF_ERROR(stack.MakeJournalDurable());
  absl::Status changed = CatchBadAlloc([&] {
    return ChangeJournalMode(database, locks, mode, level,
                             options.busy_timeout);
  });
  // Also where another connection was in the way: SQLite closes the WAL before
  // it writes the version of the file, and that may be busy then
  // (OP_JournalMode in vdbe.c); the WAL that comes next is another one.
  if (mode != JournalMode::kWal) files.ForgetWal();
  if (changed.ok()) {
    journal_mode = mode;
    synchronous = level;
    stack.set_defences(DefencesFor(wanted, mode, level));
  } else if (!absl::IsUnavailable(changed) &&
             !absl::IsFailedPrecondition(changed)) {
    // It may have changed all the same: what is known is the least of the two.
    if (DurabilityOf(mode, level) < DurabilityOf(journal_mode, synchronous)) {
      journal_mode = mode;
      synchronous = level;
    }
    stack.set_defences(
        DefencesFor(options, JournalMode::kTruncate, Synchronous::kExtra));
  }
  return changed;
}

sqlite3* SqliteSaver::connection() { return impl_->database.connection(); }

}  // namespace lastcommit::saver
