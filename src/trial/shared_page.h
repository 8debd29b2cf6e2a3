// The memory that outlives a killed child: anonymous, MAP_SHARED, written by
// the child, or by those of several clients, and read by the parent after they
// are gone. Plain data only. A kill may come between any two instructions of a
// child: what the parent relies on is written before the store that says it is
// there. Clients that run at the same time write to the same marks, and
// otherwise each to what is its own.

#ifndef LASTCOMMIT_TRIAL_SHARED_PAGE_H_
#define LASTCOMMIT_TRIAL_SHARED_PAGE_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "plan/plan.h"
#include "trial/lock_refusal.h"
#include "trial/trial.h"

namespace lastcommit {

// How far a step came. Written in this order.
enum class Progress : std::uint8_t {
  kNone,
  kIntended,      // the saver's method is about to be called
  kAcknowledged,  // a commit was acknowledged, the method has not returned
  kReturned,
};

// A moment of a round: how many intents, acknowledgements and returns there
// had been, of all clients. 0 is the beginning of the round.
using Mark = std::int64_t;
inline constexpr Mark kNever = std::numeric_limits<Mark>::max();

// A moment among the calls that change files of a round: how many writes,
// truncations and deletions had begun, of all clients. 0 is before the first.
using CallMark = std::int64_t;

// How the calls of a step have ended a transaction: what the journal mode says
// (pager_end_transaction() in pager.c).
enum class TransactionEnd : std::uint8_t {
  kUnseen,
  kJournalDeleted,
  kJournalTruncated,
  kJournalZeroed,  // its header
  kWalWritten,
};

// What a step did to the files. Calls that failed do not count, but for those
// that a mark must come after.
struct StepCalls {
  // The newest write to the WAL by the step's client until it returned.
  CallMark wal_written;
  // When it returned, whoever made the call: the newest write to the database
  // file, and the newest truncation of the WAL to nothing, or its deletion.
  CallMark database_written;
  CallMark wal_emptied;
  std::int64_t writes;  // of the step, to the database or its WAL
  TransactionEnd end;   // the newest of the step
  bool wal_deleted;     // by the step
};

// WalCheckpointResult, in memory that is shared.
struct CheckpointAnswer {
  bool is_there;  // a checkpoint that was no error
  bool is_busy;
  std::int64_t log_frames;
  std::int64_t checkpointed_frames;
};

struct StepRecord {
  std::atomic<Progress> progress;
  // When it came so far; meaningful as `progress` says.
  Mark intended_at;
  Mark acknowledged_at;
  Mark returned_at;
  // Saver::AttemptedCommit(), as known last.
  std::int64_t attempted;
  std::int32_t code;          // absl::StatusCode, if returned
  std::int64_t value;         // Outcome::value, if returned
  std::int64_t acknowledged;  // the commit counter, if acknowledged
  // The cache of the open transaction had spilled when the step began, whether
  // or not that wrote to the database file.
  bool transaction_spilled;
  // What the saver said when the step had returned, if there was one.
  bool has_saver;
  bool is_in_transaction;
  bool is_aborted;
  bool is_in_doubt;
  // How many errors had been injected since the round began.
  std::int64_t errors;
  StepCalls calls;
  CheckpointAnswer checkpoint;
};

// Nothing is left of an earlier round: what a step that is in flight has not
// said yet must not be what another one said.
inline void Clear(StepRecord& record) {
  record.progress.store(Progress::kNone, std::memory_order_relaxed);
  record.intended_at = 0;
  record.acknowledged_at = kNever;
  record.returned_at = kNever;
  record.attempted = 0;
  record.code = 0;
  record.value = 0;
  record.acknowledged = 0;
  record.transaction_spilled = false;
  record.has_saver = false;
  record.is_in_transaction = false;
  record.is_aborted = false;
  record.is_in_doubt = false;
  record.errors = 0;
  record.calls = {};
  record.checkpoint = {};
}

// What the syncs of a round have covered: when the newest successful ones of
// the WAL and of the directory began. -1: there was none.
struct SyncMarks {
  CallMark wal = -1;
  Mark wal_began = -1;  // the same, among the steps
  Mark directory = -1;
};

// Where the child is, at all times. The newest of two slots is always whole.
static_assert(std::is_trivially_copyable_v<CrashPlace>);
class Position {
 public:
  void Set(const CrashPlace& place) {
    const std::uint32_t next = newest_.load(std::memory_order_relaxed) ^ 1U;
    slots_[next] = place;
    newest_.store(next, std::memory_order_release);
  }
  CrashPlace Get() const {
    return slots_[newest_.load(std::memory_order_acquire)];
  }

 private:
  CrashPlace slots_[2];
  std::atomic<std::uint32_t> newest_;
};

struct SharedPage {
  // Of the round that runs.
  std::atomic<Mark> now;
  bool crash_reached;  // the child is about to kill itself, at its position
  std::int32_t crashed_client;  // which one
  std::int64_t kill_due;  // on MonotonicNanoseconds; 0 = no timer was armed
  Position positions[kMaxClients];
  bool database_written_since_commit;
  std::atomic<CallMark> calls;
  std::atomic<CallMark> database_written;  // as StepCalls has it
  std::atomic<CallMark> wal_emptied;       // the same
  bool finished;     // all steps returned; of several clients those of one
  SyncMarks synced;  // if system calls are recorded
  bool spilled;
  bool savepoint_rolled_back_after_spill;
  bool statement_failed_after_spill;
  StepRecord records[PlanLimits::kMaxStepsPerRound];
  LockRefusals lock_refusals;  // of several clients that take turns
  std::uint32_t starved_step;  // the first out of resources, +1; 0 = none
  std::uint32_t message_step;  // which step `message` is of, +1; 0 = none
  char message[1024];          // of that one, or of the first error that is no
                               // refusal

  // Of the examination afterwards.
  bool examined;
  std::int32_t violation;  // ViolationClass, -1 = none
  std::int32_t skipped;    // SkipReason, -1 = none
  std::int64_t cut;
  std::int64_t wal_frames_recovered;
  bool hot_journal;
  bool is_damaged;
  std::int32_t alternative;  // Examination::alternative
  char why[8192];
};

inline CrashPlace PlaceOf(int client, const SharedPage& page) {
  return page.positions[client].Get();
}
// Where the one died that did so last; with one client, where that is.
inline CrashPlace PlaceOfCrash(const SharedPage& page) {
  return PlaceOf(page.crashed_client, page);
}

// Before a round of so many steps.
inline void ClearRound(SharedPage& page, std::size_t steps) {
  page.now = 0;
  page.crash_reached = false;
  page.crashed_client = 0;
  page.kill_due = 0;
  for (Position& position : page.positions) {
    position.Set({0, {}, Phase::kBetween, {}});
  }
  page.database_written_since_commit = false;
  page.calls = 0;
  page.database_written = 0;
  page.wal_emptied = 0;
  page.finished = false;
  page.synced = {};
  page.spilled = false;
  page.savepoint_rolled_back_after_spill = false;
  page.statement_failed_after_spill = false;
  page.starved_step = 0;
  page.message_step = 0;
  for (std::size_t i = 0; i < steps; ++i) Clear(page.records[i]);
  Clear(page.lock_refusals);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SHARED_PAGE_H_
