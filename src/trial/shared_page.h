// The memory that outlives a killed child: anonymous, MAP_SHARED, written by
// the child and read by the parent after the child is gone. Plain data only.

#ifndef LASTCOMMIT_TRIAL_SHARED_PAGE_H_
#define LASTCOMMIT_TRIAL_SHARED_PAGE_H_

#include <atomic>
#include <cstdint>

#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

// How far a step came. Written in this order.
enum class Progress : std::uint8_t {
  kNone,
  kIntended,      // the saver's method is about to be called
  kAcknowledged,  // a commit was acknowledged, the method has not returned
  kReturned,
};

struct StepRecord {
  std::atomic<Progress> progress;
  std::int32_t code;          // absl::StatusCode, if returned
  std::int64_t value;         // Outcome::value, if returned
  std::int64_t acknowledged;  // the commit counter, if acknowledged
};

struct SharedPage {
  // Of the round that runs.
  bool crash_reached;
  CrashPlace crash;
  bool database_written_since_commit;
  bool finished;  // all steps returned
  bool spilled;
  bool savepoint_rolled_back_after_spill;
  bool statement_failed_after_spill;
  StepRecord records[PlanLimits::kMaxStepsPerRound];
  std::uint32_t message_step;  // which step `message` is of, +1; 0 = none
  char message[1024];          // of the first error that is no refusal

  // Of the examination afterwards.
  bool examined;
  std::int32_t violation;  // ViolationClass, -1 = none
  std::int32_t skipped;    // SkipReason, -1 = none
  std::int64_t cut;
  std::int64_t wal_frames_recovered;
  bool hot_journal;
  char why[8192];
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_SHARED_PAGE_H_
