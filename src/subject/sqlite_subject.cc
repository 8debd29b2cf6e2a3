#include "subject/sqlite_subject.h"

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "saver/digest.h"
#include "saver/sqlite_status.h"
#include "status/status.h"
#include "subject/asked.h"
#include "threads/content.h"
#include "threads/rules.h"
#include "threads/specs.h"

namespace lastcommit {
namespace {

absl::Status NoTransaction() {
  return absl::FailedPreconditionError("no transaction is open");
}
absl::Status NoSavepoint() {
  return absl::FailedPreconditionError("no savepoint is open");
}

using RowMap = std::map<RowKey, Fingerprint>;

absl::Status ReadWrites(saver::SqliteSaver& saver,
                        const saver::CheckpointKey& key, RowMap& rows) {
  ASSIGN_OR_RETURN(const auto writes, saver.ListWrites(key));
  for (const saver::PendingWrite& write : writes) {
    rows[{threads::kWrites,
          {key.thread_id, key.checkpoint_ns, key.checkpoint_id, write.task_id},
          write.idx}] = RowHasher()
                            .Text(write.channel)
                            .Text(write.type)
                            .Blob(write.bytes)
                            .Finish();
  }
  return absl::OkStatus();
}

// The saver has compared the digests with what they are of; they are taken from
// it again.
absl::Status ReadCheckpoints(saver::SqliteSaver& saver,
                             const std::string& thread, RowMap& rows) {
  ASSIGN_OR_RETURN(const auto checkpoints, saver.ListCheckpoints(thread));
  for (const saver::Checkpoint& checkpoint : checkpoints) {
    RowHasher row;
    if (checkpoint.parent_id.has_value()) {
      row.Text(*checkpoint.parent_id);
    } else {
      row.Null();
    }
    row.Text(checkpoint.type)
        .Blob(checkpoint.state)
        .Text(checkpoint.metadata)
        .Integer(checkpoint.sequence)
        .Blob(saver::DigestOf(
            saver::CheckpointParts{checkpoint.parent_id, checkpoint.type,
                                   checkpoint.state, checkpoint.metadata}));
    rows[{threads::kCheckpoints,
          {thread, checkpoint.key.checkpoint_ns, checkpoint.key.checkpoint_id},
          0}] = row.Finish();
    RETURN_IF_ERROR(ReadWrites(saver, checkpoint.key, rows));
  }
  return absl::OkStatus();
}

absl::Status ReadLogsAndTasks(saver::SqliteSaver& saver,
                              const std::string& thread, RowMap& rows) {
  ASSIGN_OR_RETURN(const auto logs, saver.ReadLogs(thread));
  for (const saver::LogEntry& entry : logs) {
    rows[{threads::kLogs, {thread}, entry.number}] =
        RowHasher()
            .Integer(static_cast<std::int64_t>(entry.level))
            .Text(entry.payload)
            .Finish();
  }
  ASSIGN_OR_RETURN(const auto tasks, saver.ListTasks(thread));
  for (const saver::Task& task : tasks) {
    rows[{threads::kTasks, {thread, task.key.task_id}, 0}] =
        RowHasher()
            .Text(Name(task.state))
            .Integer(task.attempts)
            .Integer(task.version)
            .Text(task.payload)
            .Finish();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadInPieces(saver::SqliteSaver& saver,
                                         const std::string& thread,
                                         const std::string& name) {
  constexpr std::size_t kPiece = 1000;
  ASSIGN_OR_RETURN(saver::BlobReader reader, saver.ReadBlob(thread, name));
  std::string bytes;
  std::array<char, kPiece> piece;
  while (true) {
    ASSIGN_OR_RETURN(const std::int64_t size, reader.Read(piece));
    if (size == 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(size));
  }
}

// By both ways in turn. The saver has compared the digest with the bytes; what
// it says of them is taken from the bytes again.
absl::Status ReadBlobs(saver::SqliteSaver& saver, const std::string& thread,
                       RowMap& rows) {
  ASSIGN_OR_RETURN(const auto names, saver.ListBlobs(thread));
  bool in_pieces = false;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const std::string bytes,
                     in_pieces ? ReadInPieces(saver, thread, name)
                               : saver.GetBlob(thread, name));
    in_pieces = !in_pieces;
    rows[{threads::kBlobs, {thread, name}, 0}] =
        RowHasher().Blob(bytes).Blob(saver::DigestOf(bytes)).Finish();
  }
  return absl::OkStatus();
}

// By small pages, so that each examination is one of them: a thread that a page
// leaves out is not in the state.
absl::StatusOr<std::vector<saver::ThreadInfo>> ReadThreads(
    saver::SqliteSaver& saver) {
  constexpr std::int64_t kLimit = 2;
  std::vector<saver::ThreadInfo> threads;
  saver::ThreadPage page{.limit = kLimit};
  while (true) {
    ASSIGN_OR_RETURN(auto next, saver.ListThreads(page));
    const auto size = static_cast<std::int64_t>(next.size());
    if (size > kLimit) return absl::InternalError("a page above its limit");
    for (saver::ThreadInfo& thread : next) {
      if (!threads.empty() && thread.thread_id <= threads.back().thread_id) {
        return absl::InternalError("threads are not in the order of their ids");
      }
      threads.push_back(std::move(thread));
    }
    if (size < kLimit) return threads;
    page.after = threads.back().thread_id;
  }
}

absl::Status ReadThread(saver::SqliteSaver& saver,
                        const saver::ThreadInfo& thread, RowMap& rows) {
  const std::string& id = thread.thread_id;
  rows[{threads::kThreads, {id}, 0}] = RowHasher()
                                           .Integer(thread.last_log)
                                           .Integer(thread.last_checkpoint)
                                           .Integer(thread.is_deleted ? 1 : 0)
                                           .Finish();
  RETURN_IF_ERROR(ReadCheckpoints(saver, id, rows));
  RETURN_IF_ERROR(ReadLogsAndTasks(saver, id, rows));
  return ReadBlobs(saver, id, rows);
}

// ---- operations ----

using threads::Arguments;
using Answered = absl::StatusOr<std::int64_t>;

Answered Nothing(const absl::Status& status) {
  if (!status.ok()) return status;
  return 0;
}

saver::TaskKey TaskKeyOf(const Arguments& arguments) {
  return {threads::ThreadName(arguments.thread),
          threads::TaskName(arguments.task)};
}

saver::CheckpointKey KeyOf(const Arguments& arguments) {
  return {threads::ThreadName(arguments.thread),
          threads::NamespaceName(arguments.ns),
          threads::CheckpointName(arguments.id)};
}

saver::Checkpoint CheckpointFrom(const Arguments& arguments) {
  threads::CheckpointContent content = threads::CheckpointOf(arguments);
  saver::Checkpoint checkpoint;
  checkpoint.key = KeyOf(arguments);
  if (arguments.parent >= 0) {
    checkpoint.parent_id = threads::CheckpointName(arguments.parent);
  }
  checkpoint.type = std::move(content.type);
  checkpoint.state = std::move(content.state);
  checkpoint.metadata = std::move(content.metadata);
  return checkpoint;
}

saver::CheckpointQuery QueryOf(const Arguments& arguments) {
  saver::CheckpointQuery query;
  query.thread_id = threads::ThreadName(arguments.thread);
  query.checkpoint_ns = threads::NamespaceName(arguments.ns);
  if (arguments.filter >= 0) {
    query.filter.push_back(
        {threads::kFilterKey, absl::StrCat(arguments.filter)});
  }
  if (arguments.before >= 0) {
    query.before = threads::CheckpointName(arguments.before);
  }
  query.limit = arguments.limit;
  return query;
}

// A program reads a task before it updates it.
Answered UpdateReadTask(SqliteSubject& saver, const Arguments& arguments) {
  const saver::TaskKey key = TaskKeyOf(arguments);
  ASSIGN_OR_RETURN(const saver::Task task,
                   Asked(saver, &SqliteSubject::GetTask, key));
  saver::TaskUpdate update;
  update.version = task.version - arguments.stale;
  update.state = arguments.state;
  if (arguments.replace != 0) {
    update.payload = threads::TaskPayloadOf(arguments);
  }
  return Asked(saver, &SqliteSubject::UpdateTask, key, update);
}

Answered DigestedList(SqliteSubject& saver, const Arguments& arguments) {
  ASSIGN_OR_RETURN(
      const auto checkpoints,
      Asked(saver, &SqliteSubject::ListCheckpoints, QueryOf(arguments)));
  std::vector<threads::ListedCheckpoint> list;
  list.reserve(checkpoints.size());
  for (const saver::Checkpoint& checkpoint : checkpoints) {
    list.push_back({checkpoint.key.checkpoint_id, checkpoint.sequence});
  }
  return threads::DigestOfList(list);
}

}  // namespace

saver::Options OptionsFor(const Profile& profile) {
  saver::Options options;
  options.journal_mode = profile.journal_mode;
  options.synchronous = profile.synchronous;
  // Whatever the two give: profiles are also there to test the weak ones.
  options.durability =
      saver::DurabilityOf(profile.journal_mode, profile.synchronous);
  options.page_size = profile.page_size;
  options.cache_size = profile.cache_size;
  options.wal_autocheckpoint = profile.wal_autocheckpoint;
  return options;
}

SqliteSubject::SqliteSubject(std::unique_ptr<saver::SqliteSaver> saver)
    : saver_(std::move(saver)) {}

SqliteSubject::~SqliteSubject() {
  // The saver's transactions end before it does, inner ones first.
  while (!levels_.empty()) levels_.pop_back();
}

absl::Status SqliteSubject::Begin() {
  ASSIGN_OR_RETURN(saver::Transaction transaction, saver_->Begin());
  levels_.push_back(std::move(transaction));
  return absl::OkStatus();
}

absl::StatusOr<std::int64_t> SqliteSubject::Commit(Acknowledge acknowledge) {
  if (levels_.empty()) return NoTransaction();
  absl::StatusOr<std::int64_t> cut = levels_.front().Commit();
  if (cut.ok()) acknowledge(*cut);
  DropEndedLevels();
  return cut;
}

absl::Status SqliteSubject::Rollback() {
  if (levels_.empty()) return NoTransaction();
  absl::Status status = levels_.front().Rollback();
  DropEndedLevels();
  return status;
}

absl::Status SqliteSubject::Savepoint() {
  if (levels_.empty()) return NoTransaction();
  ASSIGN_OR_RETURN(saver::Transaction savepoint, levels_.back().Savepoint());
  levels_.push_back(std::move(savepoint));
  return absl::OkStatus();
}

absl::Status SqliteSubject::Release() {
  if (levels_.size() < 2) return NoSavepoint();
  RETURN_IF_ERROR(levels_.back().Release());
  levels_.pop_back();
  return absl::OkStatus();
}

absl::Status SqliteSubject::RollbackTo(int up) {
  const auto inner = static_cast<std::size_t>(up);
  if (inner + 2 > levels_.size()) return NoSavepoint();
  RETURN_IF_ERROR(levels_[levels_.size() - 1 - inner].RollbackTo());
  for (std::size_t i = 0; i < inner; ++i) levels_.pop_back();
  return absl::OkStatus();
}

Answered SqliteSubject::Do(const Operation& operation) {
  using enum threads::Kind;
  const Arguments step = threads::ArgumentsOf(operation);
  const auto ask = [this](auto method, const auto&... arguments) {
    return Asked(*this, method, arguments...);
  };
  const auto thread = [&] { return threads::ThreadName(step.thread); };
  switch (threads::KindOf(operation)) {
    case kPutCheckpoint:
      return Nothing(ask(&SqliteSubject::PutCheckpoint, CheckpointFrom(step)));
    case kPutWrite:
    case kPutWrites:
      return Nothing(
          ask(&SqliteSubject::PutWrites, KeyOf(step), threads::WritesOf(step)));
    case kCommitStep:
      return Nothing(ask(&SqliteSubject::CommitStep, CheckpointFrom(step),
                         threads::WritesOf(step)));
    case kPrune:
      return ask(&SqliteSubject::Prune, thread(),
                 threads::NamespaceName(step.ns), step.keep);
    case kAppendLog:
      return ask(&SqliteSubject::AppendLog, thread(),
                 threads::LogPayloadsOf(step).front(), step.level);
    case kAppendLogs:
      return ask(&SqliteSubject::AppendLogs, thread(),
                 threads::LogPayloadsOf(step), step.level);
    case kCreateTask:
      return Nothing(ask(&SqliteSubject::CreateTask, TaskKeyOf(step),
                         threads::TaskPayloadOf(step)));
    case kUpdateTask:
      return UpdateReadTask(*this, step);
    case kPutBlob:
      return Nothing(ask(&SqliteSubject::PutBlob, thread(),
                         threads::BlobName(step.id),
                         ContentBytes(step.content)));
    case kStreamBlob:
      return Nothing(ask(&SqliteSubject::StreamBlob, thread(),
                         threads::BlobName(step.id), ContentBytes(step.content),
                         step.chunk));
    case kCopyThread:
      return Nothing(Asked(*saver_, &saver::SqliteSaver::CopyThread, thread(),
                           threads::ThreadName(step.into)));
    case kDeleteThread:
      return Nothing(ask(&SqliteSubject::DeleteThread, thread()));
    case kListCheckpoints:
      return DigestedList(*this, step);
  }
  return absl::InternalError("not an operation of this store");
}

absl::Status SqliteSubject::PutCheckpoint(const saver::Checkpoint& checkpoint) {
  return saver_->PutCheckpoint(checkpoint);
}

absl::StatusOr<std::vector<saver::Checkpoint>> SqliteSubject::ListCheckpoints(
    const saver::CheckpointQuery& query) {
  return saver_->ListCheckpoints(query);
}

absl::StatusOr<std::int64_t> SqliteSubject::Prune(
    const std::string& thread_id, const std::string& checkpoint_ns,
    std::int64_t keep) {
  return saver_->Prune(thread_id, checkpoint_ns, keep);
}

absl::Status SqliteSubject::PutWrites(
    const saver::CheckpointKey& checkpoint,
    const std::vector<saver::PendingWrite>& writes) {
  return saver_->PutWrites(checkpoint, writes);
}

absl::Status SqliteSubject::CommitStep(
    const saver::Checkpoint& checkpoint,
    const std::vector<saver::PendingWrite>& writes) {
  return saver_->CommitStep(checkpoint, writes);
}

absl::StatusOr<std::int64_t> SqliteSubject::AppendLog(
    const std::string& thread_id, const std::string& payload,
    saver::LogLevel level) {
  return saver_->AppendLog(thread_id, payload, level);
}

absl::StatusOr<std::int64_t> SqliteSubject::AppendLogs(
    const std::string& thread_id, const std::vector<std::string>& payloads,
    saver::LogLevel level) {
  return saver_->AppendLogs(thread_id, payloads, level);
}

absl::Status SqliteSubject::CreateTask(const saver::TaskKey& key,
                                       const std::string& payload) {
  return saver_->CreateTask(key, payload);
}

absl::StatusOr<std::int64_t> SqliteSubject::UpdateTask(
    const saver::TaskKey& key, const saver::TaskUpdate& update) {
  return saver_->UpdateTask(key, update);
}

absl::StatusOr<saver::Task> SqliteSubject::GetTask(const saver::TaskKey& key) {
  return saver_->GetTask(key);
}

absl::Status SqliteSubject::PutBlob(const std::string& thread_id,
                                    const std::string& name,
                                    std::string_view bytes) {
  return saver_->PutBlob(thread_id, name, bytes);
}

absl::Status SqliteSubject::StreamBlob(const std::string& thread_id,
                                       const std::string& name,
                                       std::string_view bytes,
                                       std::int64_t chunk) {
  if (chunk < 1) return absl::InvalidArgumentError("a chunk of no bytes");
  ASSIGN_OR_RETURN(saver::BlobWriter writer,
                   saver_->WriteBlob(thread_id, name,
                                     static_cast<std::int64_t>(bytes.size())));
  while (!bytes.empty()) {
    const std::string_view part =
        bytes.substr(0, static_cast<std::size_t>(chunk));
    RETURN_IF_ERROR(writer.Write(part));
    bytes.remove_prefix(part.size());
  }
  return writer.Finish();
}

absl::Status SqliteSubject::DeleteThread(const std::string& thread_id) {
  return saver_->DeleteThread(thread_id);
}

absl::StatusOr<std::int64_t> SqliteSubject::CommitCounter() {
  ASSIGN_OR_RETURN(const std::int64_t counter, saver_->CommitCounter());
  return in_transaction() ? counter - 1 : counter;
}

std::int64_t SqliteSubject::AttemptedCommit() const {
  return saver_->AttemptedCommit();
}

// At one moment: other clients may commit between two calls.
absl::StatusOr<State> SqliteSubject::ReadState() {
  sqlite3* const connection = saver_->connection();
  if (sqlite3_get_autocommit(connection) == 0) return ReadEverything();
  // Compiled before it is needed: without memory the snapshot would stay open.
  sqlite3_stmt* rollback = nullptr;
  RETURN_IF_ERROR(saver::SqliteStatus(
      sqlite3_prepare_v2(connection, "ROLLBACK", -1, &rollback, nullptr),
      connection, "ROLLBACK"));
  const absl::Status begun = saver::SqliteStatus(
      sqlite3_exec(connection, "BEGIN", nullptr, nullptr, nullptr), connection,
      "BEGIN");
  absl::StatusOr<State> state =
      begun.ok() ? ReadEverything() : absl::StatusOr<State>(begun);
  // An error may have ended it.
  if (sqlite3_get_autocommit(connection) == 0) sqlite3_step(rollback);
  sqlite3_finalize(rollback);
  return state;
}

absl::StatusOr<State> SqliteSubject::ReadEverything() {
  State state;
  ASSIGN_OR_RETURN(state.cut, CommitCounter());
  ASSIGN_OR_RETURN(const auto threads, ReadThreads(*saver_));
  for (const saver::ThreadInfo& thread : threads) {
    RETURN_IF_ERROR(ReadThread(*saver_, thread, state.rows));
  }
  return state;
}

std::int64_t SqliteSubject::CacheSpills() {
  int spills = 0;
  int unused = 0;
  sqlite3_db_status(saver_->connection(), SQLITE_DBSTATUS_CACHE_SPILL, &spills,
                    &unused, /*resetFlg=*/0);
  return spills;
}

absl::StatusOr<saver::WalCheckpointResult> SqliteSubject::WalCheckpoint(
    saver::CheckpointMode mode) {
  return saver_->WalCheckpoint(mode);
}

absl::Status SqliteSubject::Vacuum() { return saver_->Vacuum(); }

absl::Status SqliteSubject::SetJournalMode(saver::JournalMode mode) {
  return saver_->SetJournalMode(mode);
}

bool SqliteSubject::IsInTransaction() {
  return !levels_.empty() && levels_.front().is_open();
}

bool SqliteSubject::IsAborted() {
  return !levels_.empty() && levels_.front().is_aborted();
}

void SqliteSubject::Interrupt() { sqlite3_interrupt(saver_->connection()); }

// What ended by an error, or with what is around it.
void SqliteSubject::DropEndedLevels() {
  while (!levels_.empty() && !levels_.back().is_open() &&
         !levels_.back().is_aborted()) {
    levels_.pop_back();
  }
}

}  // namespace lastcommit
