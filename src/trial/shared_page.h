// The memory that outlives a killed child: anonymous, MAP_SHARED, written by
// the child, or by those of several clients, and read by the parent after they
// are gone. Plain data only.

#ifndef LASTCOMMIT_TRIAL_SHARED_PAGE_H_
#define LASTCOMMIT_TRIAL_SHARED_PAGE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "oracle/attached_cuts.h"
#include "oracle/round_trace.h"
#include "trial/told_verdict.h"

namespace lastcommit {

struct SharedPage : RoundTrace {
  // Of the round that runs.
  bool crash_reached;  // the child is about to kill itself, at its position
  std::int32_t crashed_client;  // which one
  std::int64_t kill_due;  // on MonotonicNanoseconds; 0 = no timer was armed
  bool database_written_since_commit;
  std::atomic<CallMark> calls;
  std::atomic<CallMark> wal_emptied;  // as StepCalls has it
  bool finished;     // all steps returned; of several clients those of one
  SyncMarks synced;  // if system calls are recorded
  bool spilled;
  bool savepoint_rolled_back_after_spill;
  bool statement_failed_after_spill;
  std::uint32_t starved_step;  // the first out of resources, +1; 0 = none

  // Of the examination afterwards.
  bool examined;
  bool was_read;
  std::int64_t cut;
  std::int64_t lowest;
  std::int64_t highest;
  std::int64_t wal_frames_recovered;
  bool hot_journal;
  bool is_damaged;
  std::int32_t alternative;  // as Examination has them
  bool is_mixed;
  AttachedPlaces attached;
  ToldVerdict verdict;

  char error[1024];  // of the tester, in a child; empty: none
};

// Where the client died that was the last to die; with one client, where that
// client is.
inline CrashPlace PlaceOfCrash(const SharedPage& page) {
  return PlaceOf(page.crashed_client, page);
}

// Before a round of so many steps.
inline void ClearRound(SharedPage& page, std::size_t steps) {
  ClearRound(static_cast<RoundTrace&>(page), steps);
  page.crash_reached = false;
  page.crashed_client = 0;
  page.kill_due = 0;
  page.database_written_since_commit = false;
  page.calls = 0;
  page.wal_emptied = 0;
  page.finished = false;
  page.synced = {};
  page.spilled = false;
  page.savepoint_rolled_back_after_spill = false;
  page.statement_failed_after_spill = false;
  page.starved_step = 0;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SHARED_PAGE_H_
