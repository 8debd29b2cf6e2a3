// RoundTrace: what is recorded of a round while its clients run, for the
// judgement afterwards. Plain data only: it may be in memory that outlives
// killed children. A kill may come between any two instructions of a child:
// what the judgement relies on is written before the store that says it is
// there. Clients that run at the same time write to the same marks, and
// otherwise each to what is its own.

#ifndef LASTCOMMIT_ORACLE_ROUND_TRACE_H_
#define LASTCOMMIT_ORACLE_ROUND_TRACE_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "oracle/crash_place.h"
#include "oracle/lock_refusal.h"
#include "plan/plan.h"
#include "store/attached.h"
#include "store/operation.h"

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
  // As `wal_written`, which with all the others is of the main database.
  OfEachAttached attached_wal_written;
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
  // Store::AttemptedCommit(), as known last.
  std::int64_t attempted;
  // Store::Seen(), as known last; 0 = it has not read yet.
  std::array<std::int64_t, OperationSpec::kMostSeen> seen;
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
  bool breaks_invariant;  // the rows that it read
};

// Nothing is left of an earlier round: what a step that is in flight has not
// said yet must not be what another one said.
inline void Clear(StepRecord& record) {
  record.progress.store(Progress::kNone, std::memory_order_relaxed);
  record.intended_at = 0;
  record.acknowledged_at = kNever;
  record.returned_at = kNever;
  record.attempted = 0;
  record.seen = {};
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
  record.breaks_invariant = false;
}

// What the syncs of a round have covered: when the newest successful ones of
// the WAL and of the directory began. -1: there was none.
struct SyncMarks {
  CallMark wal = -1;
  Mark wal_began = -1;  // the same, among the steps
  Mark directory = -1;
  // As `wal`, which is that of the main database.
  OfEachAttached attached_wal = {-1, -1, -1};
};

// A sync of that database's WAL has succeeded, which began then.
inline void NoteWalSync(int database, CallMark calls, Mark began,
                        SyncMarks& synced) {
  if (database > 0) {
    CallMark& attached = Of(database, synced.attached_wal);
    attached = std::max(attached, calls);
    return;
  }
  synced.wal = std::max(synced.wal, calls);
  synced.wal_began = std::max(synced.wal_began, began);
}

// The value that a step `unlink` answers.
enum class Unlinked : std::int8_t {
  kNothing,  // there was no such file
  kFile,
  kFileBesideAJournal,  // of some bytes
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

struct RoundTrace {
  std::atomic<Mark> now;
  Position positions[kMaxClients];
  std::atomic<CallMark> database_written;  // as StepCalls has it
  StepRecord records[PlanLimits::kMaxStepsPerRound];
  LockRefusals lock_refusals;  // of several clients that take turns
  std::uint32_t message_step;  // which step `message` is of, +1; 0 = none
  char message[1024];          // of that one, or of the first error that is no
                               // refusal
};

inline CrashPlace PlaceOf(int client, const RoundTrace& trace) {
  return trace.positions[client].Get();
}

// Before a round of so many steps.
inline void ClearRound(RoundTrace& trace, std::size_t steps) {
  trace.now = 0;
  for (Position& position : trace.positions) {
    position.Set({0, {}, Phase::kBetween, {}});
  }
  trace.database_written = 0;
  trace.message_step = 0;
  for (std::size_t i = 0; i < steps; ++i) Clear(trace.records[i]);
  Clear(trace.lock_refusals);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ROUND_TRACE_H_
