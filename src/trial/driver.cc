#include "trial/driver.h"

#include <sqlite3.h>

#include <utility>

#include "absl/strings/match.h"
#include "disk/memory_faults.h"
#include "saver/sqlite_status.h"
#include "saver/transaction.h"
#include "sql/tables.h"
#include "subject/asked.h"

namespace lastcommit {
namespace {

Answer From(const absl::Status& status) {
  return {{status.code(), 0},
          std::string(status.message()),
          saver::IsInDoubt(status),
          {}};
}

Answer From(const absl::StatusOr<std::int64_t>& value) {
  if (!value.ok()) return From(value.status());
  return {{absl::StatusCode::kOk, *value}, "", false, {}};
}

// Without what an invariant says, which the model knows nothing of.
Answer From(const absl::StatusOr<State>& state) {
  if (!state.ok()) return From(state.status());
  Answer answer;
  std::uint64_t digest = 0;
  if (const RowKey* const broken = sql::BrokenIn(*state)) {
    answer.message = Describe(*broken);
    answer.breaks_invariant = true;
    digest = Digest(sql::WithoutBroken(*state));
  } else {
    digest = Digest(*state);
  }
  answer.outcome = {absl::StatusCode::kOk, static_cast<std::int64_t>(digest)};
  return answer;
}

Answer From(const absl::StatusOr<saver::WalCheckpointResult>& result) {
  Answer answer = From(result.status());
  if (result.ok()) answer.checkpoint = *result;
  return answer;
}

// A few pages at a time: others may go on in between, and if they commit it
// begins anew (https://sqlite.org/backup.html).
int CopyInto(sqlite3* to, sqlite3* from) {
  constexpr int kPages = 5;
  sqlite3_backup* const backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) return sqlite3_errcode(to);
  int result = SQLITE_OK;
  while (result == SQLITE_OK) result = sqlite3_backup_step(backup, kPages);
  const int finished = sqlite3_backup_finish(backup);
  return result == SQLITE_DONE ? finished : result;
}

}  // namespace

bool IsOutOfResources(const Answer& answer) {
  const absl::StatusCode code = answer.outcome.code;
  return code == absl::StatusCode::kResourceExhausted ||
         (code == absl::StatusCode::kAborted &&
          absl::StrContains(
              answer.message,
              absl::StatusCodeToString(absl::StatusCode::kResourceExhausted)));
}

Driver::Driver(const SaverEntry& entry, std::string path,
               const Profile& profile, int client)
    : entry_(entry),
      path_(std::move(path)),
      profile_(profile),
      open_(entry.OpenFor(client)) {}

void Driver::OnClosedForReopen(std::function<void()> hook) {
  closed_for_reopen_ = std::move(hook);
}

void Driver::OnUnlink(std::function<Unlinked(DatabaseFile file)> hook) {
  unlink_ = std::move(hook);
}

Answer Driver::Run(const Step& step, Acknowledge acknowledge) {
  switch (step.kind) {
    case StepKind::kOpen:
      return Open();
    case StepKind::kClose:
      Close();
      return {};
    case StepKind::kReopen:
      Close();
      if (closed_for_reopen_) closed_for_reopen_();
      return Open();
    default:
      if (saver_ == nullptr) {
        return From(absl::FailedPreconditionError("the saver is not open"));
      }
      break;
  }
  Answer answer = RunOnSaver(step, acknowledge);
  // As the destructor of a Transaction does for its owner.
  if (step.kind == StepKind::kCommit && saver_->IsAborted()) {
    if (!Asked(*saver_, &Store::Rollback).ok()) {
      answer.message += "; so did ROLLBACK";
    }
  }
  return answer;
}

Answer Driver::Open() {
  absl::StatusOr<std::unique_ptr<Store>> saver =
      Asked([&] { return open_(path_, profile_); });
  if (!saver.ok()) return From(saver.status());
  saver_ = *std::move(saver);
  return From(Asked(*saver_, &Store::CommitCounter));
}

void Driver::Close() {
  const NewMayFail may_fail;
  saver_.reset();
}

Answer Driver::RunOnSaver(const Step& step, Acknowledge acknowledge) {
  const auto ask = [this](auto method, const auto&... arguments) {
    return From(Asked(*saver_, method, arguments...));
  };
  switch (step.kind) {
    case StepKind::kBegin:
      return ask(&Store::Begin);
    case StepKind::kCommit:
      return ask(&Store::Commit, [&](std::int64_t cut) {
        const NewMustNotFail must_not_fail;
        acknowledge(cut);
      });
    case StepKind::kRollback:
      return ask(&Store::Rollback);
    case StepKind::kSavepoint:
      return ask(&Store::Savepoint);
    case StepKind::kRelease:
      return ask(&Store::Release);
    case StepKind::kRollbackTo:
      return ask(&Store::RollbackTo, step.up);
    case StepKind::kChange:
    case StepKind::kQuery:
      // The tester makes the arguments of an operation.
      return From(saver_->Do(step.operation));
    case StepKind::kRead:
      // The tester itself asks for everything, one after the other.
      return From(saver_->ReadState());
    case StepKind::kLiveRead:
      return LiveRead();
    case StepKind::kBackup:
      return Backup();
    case StepKind::kWalCheckpoint:
      return ask(&Store::WalCheckpoint, step.mode);
    case StepKind::kVacuum:
      return ask(&Store::Vacuum);
    case StepKind::kJournalMode:
      return ask(&Store::SetJournalMode, step.journal_mode);
    case StepKind::kUnlink:
      return Unlink(step);
    case StepKind::kOpen:
    case StepKind::kClose:
    case StepKind::kReopen:
      break;
  }
  return From(absl::InternalError("not a step of an open saver"));
}

Answer Driver::LiveRead() {
  sqlite3* connection = nullptr;
  const int result = sqlite3_open_v2(path_.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE, nullptr);
  absl::Status opened = saver::SqliteStatus(result, connection, "live read");
  if (opened.ok() && entry_.attach != nullptr) {
    opened = entry_.attach(connection, path_);
  }
  Answer answer =
      opened.ok() ? From(entry_.read(connection, path_)) : From(opened);
  sqlite3_close(connection);
  return answer;
}

// The answer is the tester's own.
Answer Driver::Unlink(const Step& step) {
  const Unlinked what = unlink_ ? unlink_(step.file) : Unlinked::kNothing;
  return {
      {absl::StatusCode::kOk, static_cast<std::int64_t>(what)}, "", false, {}};
}

Answer Driver::Backup() {
  sqlite3* connection = nullptr;
  sqlite3* copy = nullptr;
  int result = sqlite3_open_v2(path_.c_str(), &connection,
                               SQLITE_OPEN_READWRITE, nullptr);
  if (result == SQLITE_OK) result = sqlite3_open(":memory:", &copy);
  if (result == SQLITE_OK) result = CopyInto(copy, connection);
  Answer answer = result == SQLITE_OK
                      ? From(entry_.read(copy, path_))
                      : From(saver::SqliteStatus(result, nullptr, "backup"));
  sqlite3_close(copy);
  sqlite3_close(connection);
  return answer;
}

}  // namespace lastcommit
