#include "trial/round_runner.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "disk/shim_vfs.h"
#include "trial/driver.h"
#include "trial/kill_timer.h"

namespace lastcommit {
namespace {

// A kill can divide a write where the kernel looks for signals: between the
// pages it copies.
constexpr std::int64_t kBlock = 4096;

// zeroJournalHdr() in pager.c writes so many zeros, and no other write to a
// journal is as long.
constexpr std::int64_t kZeroedHeader = 28;

TransactionEnd EndBy(const IoCall& call) {
  if (call.role == FileRole::kWal && call.kind == IoKind::kWrite) {
    return TransactionEnd::kWalWritten;
  }
  if (call.role != FileRole::kJournal || call.offset != 0) {
    return TransactionEnd::kUnseen;
  }
  switch (call.kind) {
    case IoKind::kDelete:
      return TransactionEnd::kJournalDeleted;
    case IoKind::kTruncate:
      return TransactionEnd::kJournalTruncated;
    case IoKind::kWrite:
      return call.amount == kZeroedHeader ? TransactionEnd::kJournalZeroed
                                          : TransactionEnd::kUnseen;
    default:
      return TransactionEnd::kUnseen;
  }
}

// Clients that run freely come in any order.
void Raise(std::atomic<CallMark>& mark, CallMark to) {
  CallMark before = mark.load();
  while (before < to && !mark.compare_exchange_weak(before, to)) {
  }
}

// Notes what the calls of a client do to the files.
class CallNotes {
 public:
  explicit CallNotes(SharedPage& page) : page_(page) {}

  void EnterStep(StepRecord& record) {
    calls_ = &record.calls;
    calls_->wal_written = wal_written_;
    calls_->attached_wal_written = attached_wal_written_;
  }
  void LeaveStep() {
    calls_->database_written = page_.database_written;
    calls_->wal_emptied = page_.wal_emptied;
  }

  void Before(const IoCall& call) {
    const bool counts = call.kind == IoKind::kWrite ||
                        call.kind == IoKind::kTruncate ||
                        call.kind == IoKind::kDelete;
    if (!counts) return;
    number_ = ++page_.calls;
    if (call.role != FileRole::kWal || call.kind != IoKind::kWrite) return;
    if (call.database == 0) {
      calls_->wal_written = wal_written_ = number_;
    } else {
      Of(call.database, attached_wal_written_) = number_;
      calls_->attached_wal_written = attached_wal_written_;
    }
  }

  // What attached databases do beside the main one is no answer of it.
  void Succeeded(const IoCall& call) {
    if (call.database > 0) return;
    const bool is_write = call.kind == IoKind::kWrite;
    const bool is_of_database = call.role == FileRole::kDatabase;
    const bool is_of_wal = call.role == FileRole::kWal;
    if (is_write && (is_of_database || is_of_wal)) ++calls_->writes;
    if (is_write && is_of_database) Raise(page_.database_written, number_);
    if (is_of_wal && call.kind == IoKind::kTruncate && call.offset == 0) {
      Raise(page_.wal_emptied, number_);
    }
    if (is_of_wal && call.kind == IoKind::kDelete) {
      calls_->wal_deleted = true;
      Raise(page_.wal_emptied, number_);
    }
    const TransactionEnd end = EndBy(call);
    if (end != TransactionEnd::kUnseen) calls_->end = end;
  }

 private:
  SharedPage& page_;
  StepCalls* calls_ = nullptr;  // of the step that runs
  CallMark number_ = 0;         // of the call that runs
  CallMark wal_written_ = 0;    // the client's newest
  OfEachAttached attached_wal_written_ = {};
};

// What the store says of the step that runs.
void NoteStore(const Store& store, StepRecord& record) {
  record.attempted = store.AttemptedCommit();
  const std::span<const std::int64_t> seen = store.Seen();
  const auto rest = std::copy(seen.begin(), seen.end(), record.seen.begin());
  std::fill(rest, record.seen.end(), 0);
}

// Knows where the process is, counts I/O calls, and dies at the crash point.
class KillSwitch : public IoObserver {
 public:
  KillSwitch(const RoundTask& task, RoundEngine& engine, SharedPage& page)
      : round_(*task.round),
        engine_(engine),
        is_wal_(task.profile->journal_mode == saver::JournalMode::kWal),
        creates_(task.creates),
        page_(page),
        notes_(page),
        client_(task.client),
        position_(page.positions[client_]) {}

  // The saver whose I/O calls these are; nullptr while none is open.
  void set_saver(Store* saver) { saver_ = saver; }

  // What is written about a step comes before the record that it was intended.
  void EnterStep(std::size_t step, bool in_transaction, bool has_spilled) {
    step_ = step;
    notes_.EnterStep(page_.records[step]);
    io_in_step_ = 0;
    call_ = {};
    const StepKind kind = round_.steps[step].kind;
    phase_ = creates_ && kind == StepKind::kOpen
                 ? Phase::kCreate
                 : PhaseOf(kind, in_transaction);
    if (!in_transaction) transaction_wrote_database_ = false;
    page_.records[step].transaction_spilled =
        in_transaction && (transaction_wrote_database_ || has_spilled);
    if (!armed_.has_value() && round_.steps[step].crash.has_value()) {
      armed_ = round_.steps[step].crash;
      if (armed_->io == 0) {
        phase_ = Phase::kBetween;
        Die(Moment::kBefore);
      }
    }
    SetPosition(Moment::kBefore);
    if (round_.steps[step].kill_after_us.has_value()) {
      page_.kill_due =
          MonotonicNanoseconds() + *round_.steps[step].kill_after_us * 1000;
      KillAt(page_.kill_due);
    }
  }
  void EnterPhase(Phase phase) { phase_ = phase; }
  // Before the record that it has returned.
  void NoteCalls() { notes_.LeaveStep(); }
  // `next` is the client's next step, if there is one.
  void LeaveStep(std::optional<std::size_t> next) {
    if (next.has_value()) {
      position_.Set({*next, {}, Phase::kBetween, {}});
    }
  }

  std::optional<std::int64_t> BeforeCall(const IoCall& call) override {
    ++io_in_step_;
    call_ = call;
    notes_.Before(call);
    if (saver_ != nullptr) {
      NoteStore(*saver_, page_.records[step_]);
    }
    if (call.role == FileRole::kDatabase && call.kind == IoKind::kWrite) {
      page_.database_written_since_commit = true;
      transaction_wrote_database_ = true;
    }
    SetPosition(Moment::kDuring);
    if (!armed_.has_value() || ++io_armed_ != armed_->io) return std::nullopt;
    if (armed_->moment == Moment::kAfter) return std::nullopt;
    if (armed_->moment == Moment::kDuring) {
      const std::optional<std::int64_t> boundary = KillBoundary(call);
      if (boundary.has_value()) return boundary;
    }
    // The process dies between the sync of the file and that of its directory.
    if (armed_->moment == Moment::kDuring && call.has_two_parts) return 0;
    Die(Moment::kBefore);
  }
  void DuringCall(const IoCall& /*call*/) override { Die(Moment::kDuring); }
  void OnResult(const IoCall& call, int result) override {
    if (result == SQLITE_OK) notes_.Succeeded(call);
  }
  void AfterCall(const IoCall& /*call*/) override {
    SetPosition(Moment::kAfter);
    if (armed_.has_value() && io_armed_ == armed_->io) Die(Moment::kAfter);
  }

 private:
  void SetPosition(Moment moment) {
    const bool in_checkpoint =
        is_wal_ && io_in_step_ > 0 && call_.role == FileRole::kDatabase &&
        call_.kind != IoKind::kOpen &&
        (phase_ == Phase::kCommit || phase_ == Phase::kStatement);
    position_.Set({step_,
                   {io_in_step_, moment},
                   in_checkpoint ? Phase::kCheckpoint : phase_,
                   call_});
  }

  [[noreturn]] void Die(Moment moment) {
    SetPosition(moment);
    page_.crashed_client = client_;
    page_.crash_reached = true;
    engine_.Die(armed_->is_of_one);
    std::abort();  // GCC does not believe it
  }

  const Round& round_;
  RoundEngine& engine_;
  const bool is_wal_;
  const bool creates_;
  SharedPage& page_;
  CallNotes notes_;
  const int client_;
  Position& position_;
  Store* saver_ = nullptr;
  std::size_t step_ = 0;
  Phase phase_ = Phase::kOpen;
  std::int64_t io_in_step_ = 0;
  IoCall call_;  // the newest one; meaningless while io_in_step_ is 0
  bool transaction_wrote_database_ = false;
  std::int64_t io_armed_ = 0;  // since the step that carries the crash
  std::optional<CrashPoint> armed_;
};

// Follows the transaction from outside, for the phases and the ledger.
class TransactionWatch {
 public:
  explicit TransactionWatch(SharedPage& page) : page_(page) {}

  bool is_open() const { return is_open_; }
  bool has_spilled() const { return has_spilled_; }

  void After(const Step& step, const Answer& answer, Store* saver) {
    const bool ok = answer.outcome.code == absl::StatusCode::kOk;
    // An error may have ended the transaction.
    if (!ok && is_open_ && (saver == nullptr || !saver->IsInTransaction())) {
      is_open_ = false;
      return;
    }
    const std::int64_t spills = saver == nullptr ? 0 : saver->CacheSpills();
    const bool has_spilled_now = spills > std::exchange(spills_, spills);
    page_.savepoint_rolled_back_after_spill |=
        ok && has_spilled_now && UndoesAPart(step);
    if (is_open_ && saver != nullptr) {
      has_spilled_ = has_spilled_ || spills > spills_at_begin_;
      page_.spilled |= has_spilled_;
    }
    switch (step.kind) {
      case StepKind::kBegin:
        if (!ok) break;
        is_open_ = true;
        has_spilled_ = false;
        spills_at_begin_ = spills;
        break;
      case StepKind::kCommit:
      case StepKind::kRollback:
        if (ok) is_open_ = false;
        break;
      case StepKind::kOpen:
      case StepKind::kReopen:
      case StepKind::kClose:
        is_open_ = false;
        break;
      case StepKind::kRollbackTo:
        page_.savepoint_rolled_back_after_spill |= ok && has_spilled_;
        break;
      default:
        page_.statement_failed_after_spill |= IsChange(step.kind) &&
                                              step.operation.invalid_at() > 0 &&
                                              !ok && is_open_ && has_spilled_;
    }
  }

 private:
  static bool UndoesAPart(const Step& step) {
    return step.operation.spec != nullptr && step.operation.spec->undoes_a_part;
  }

  SharedPage& page_;
  bool is_open_ = false;
  bool has_spilled_ = false;
  std::int64_t spills_at_begin_ = 0;
  std::int64_t spills_ = 0;  // of the connection, until now
};

// The client writes down the moment before the store that says how far it came.
void Record(SharedPage& page, StepRecord& record, Progress progress) {
  const Mark now = ++page.now;
  (progress == Progress::kIntended       ? record.intended_at
   : progress == Progress::kAcknowledged ? record.acknowledged_at
                                         : record.returned_at) = now;
  if (progress == Progress::kIntended) record.acknowledged_at = kNever;
  record.progress.store(progress, std::memory_order_release);
}

bool KeepsSaver(StepKind kind) {
  return kind != StepKind::kOpen && kind != StepKind::kReopen &&
         kind != StepKind::kClose;
}

void NoteClaims(Store* saver, const Answer& answer, StepRecord& record) {
  record.has_saver = saver != nullptr;
  record.is_in_transaction = saver != nullptr && saver->IsInTransaction();
  record.is_aborted = saver != nullptr && saver->IsAborted();
  record.is_in_doubt = answer.is_in_doubt;
  if (!answer.checkpoint.has_value()) return;
  record.checkpoint = {true, answer.checkpoint->busy,
                       answer.checkpoint->log_frames,
                       answer.checkpoint->checkpointed_frames};
}

// Refusals are part of plans; the first other error is the one to explain, and
// a lack of resources explains what follows.
void NoteMessage(SharedPage& page, std::size_t step, const Answer& answer) {
  const auto is_refusal = [](std::int32_t code) {
    switch (static_cast<absl::StatusCode>(code)) {
      case absl::StatusCode::kOk:  // a broken invariant
      case absl::StatusCode::kInvalidArgument:
      case absl::StatusCode::kFailedPrecondition:
      case absl::StatusCode::kNotFound:
      case absl::StatusCode::kAlreadyExists:
        return true;
      default:
        return false;
    }
  };
  const bool is_first_starved =
      page.starved_step == 0 && IsOutOfResources(answer);
  if (!is_first_starved && page.message_step > 0 &&
      !is_refusal(page.records[page.message_step - 1].code)) {
    return;
  }
  page.message_step = static_cast<std::uint32_t>(step + 1);
  std::snprintf(page.message, sizeof(page.message), "%s",
                answer.message.c_str());
  if (is_first_starved) page.starved_step = page.message_step;
}

Unlinked Unlink(DatabaseFile file, const std::string& database,
                RoundEngine& engine) {
  constexpr const char* kEndings[kDatabaseFiles] = {"", "-wal", "-shm"};
  const bool has_journal = engine.HasBytes(database + "-journal");
  if (!engine.Unlink(database + kEndings[static_cast<std::size_t>(file)])) {
    return Unlinked::kNothing;
  }
  return has_journal ? Unlinked::kFileBesideAJournal : Unlinked::kFile;
}

}  // namespace

std::optional<std::int64_t> KillBoundary(const IoCall& call) {
  if (call.kind != IoKind::kWrite) return std::nullopt;
  // The block boundary nearest to the middle of the write.
  const std::int64_t middle = call.offset + call.amount / 2;
  const std::int64_t cut =
      std::max(middle / kBlock * kBlock, (call.offset / kBlock + 1) * kBlock);
  if (cut >= call.offset + call.amount) return std::nullopt;
  return cut - call.offset;
}

void RunProgram(const RoundTask& task, RoundEngine& engine, SharedPage& page) {
  KillSwitch kill_switch(task, engine, page);
  TransactionWatch transaction(page);
  Driver driver(*task.entry, task.database, *task.profile, task.client);
  driver.OnClosedForReopen([&] { kill_switch.EnterPhase(Phase::kOpen); });
  driver.OnUnlink(
      [&](DatabaseFile file) { return Unlink(file, task.database, engine); });
  engine.Observe(&kill_switch);
  const std::vector<Step>& steps = task.round->steps;
  const std::vector<std::size_t> program =
      Programs(*task.round)[static_cast<std::size_t>(task.client)];
  for (std::size_t n = 0; n < program.size(); ++n) {
    const std::size_t i = program[n];
    StepRecord& record = page.records[i];
    engine.BeforeStep(i, driver.saver());
    // An open or a close leaves another saver, or none.
    kill_switch.set_saver(KeepsSaver(steps[i].kind) ? driver.saver() : nullptr);
    kill_switch.EnterStep(i, transaction.is_open(), transaction.has_spilled());
    Record(page, record, Progress::kIntended);
    const Answer answer = driver.Run(steps[i], [&](std::int64_t cut) {
      record.acknowledged = cut;
      Record(page, record, Progress::kAcknowledged);
    });
    if (driver.saver() != nullptr) {
      NoteStore(*driver.saver(), record);
    }
    if (!answer.message.empty() || IsOutOfResources(answer)) {
      NoteMessage(page, i, answer);
    }
    record.code = static_cast<std::int32_t>(answer.outcome.code);
    record.value = answer.outcome.value;
    record.breaks_invariant = answer.breaks_invariant;
    NoteClaims(driver.saver(), answer, record);
    kill_switch.NoteCalls();
    record.errors = engine.errors();
    Record(page, record, Progress::kReturned);
    // The client takes the claim back only when the step has returned: a kill
    // in between would leave a commit in doubt together with the claim that the
    // file was not written since.
    const bool commits = steps[i].kind == StepKind::kCommit ||
                         (IsChange(steps[i].kind) && !transaction.is_open());
    if (commits && answer.outcome.code == absl::StatusCode::kOk) {
      page.database_written_since_commit = false;
    }
    kill_switch.LeaveStep(n + 1 < program.size() ? std::optional(program[n + 1])
                                                 : std::nullopt);
    transaction.After(steps[i], answer, driver.saver());
  }
  engine.Observe(nullptr);
  page.finished = true;
}

void ForkEngine::Observe(IoObserver* observer) { SetIoObserver(observer); }

// The engine unlinks by the call that SQLite itself would use: a disk whose
// system calls are recorded must know of it.
bool ForkEngine::Unlink(const std::string& path) {
  sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  const auto unlink_file = reinterpret_cast<int (*)(const char*)>(
      vfs->xGetSystemCall(vfs, "unlink"));
  return unlink_file(path.c_str()) == 0;
}

bool ForkEngine::HasBytes(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && info.st_size > 0;
}

void ForkEngine::Die(bool /*alone*/) {
  kill(getpid(), SIGKILL);
  while (true) pause();
}

}  // namespace lastcommit
