// HandLoop: the loop that somebody would write by hand to crash-test one
// program: raw sqlite3 with prepared statements, a fork, a SIGKILL in the
// middle of a write, a second fork that recovers and checks. It makes the same
// SQLite calls as ForkTrial does for the same plan, with the values made
// beforehand, and without generator, model and judgement: what ForkTrial costs
// beyond it is the price of the tester.
//
// Not for finding anything: that a row is there is all it looks at.

#ifndef LASTCOMMIT_BENCH_HAND_LOOP_H_
#define LASTCOMMIT_BENCH_HAND_LOOP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plan/plan.h"
#include "threads/arguments.h"

namespace lastcommit {

// One step of a plan with everything that it writes.
struct HandCall {
  StepKind kind = StepKind::kRead;
  threads::Kind operation = threads::Kind::kAppendLog;  // of an operation
  std::string thread;
  std::string ns;
  std::string id;
  std::string parent;  // empty = none
  std::string task;
  std::string type;
  std::string bytes;
  std::string metadata;  // of a write: its channel
  std::vector<std::string> payloads;
  int up = 0;
  saver::CheckpointMode mode = saver::CheckpointMode::kPassive;
};

class HandLoop {
 public:
  // Takes plans of one round with a crash and of the kinds that HandStore
  // knows. `directory` must exist; files are
  // made in it. InvalidArgument for other plans.
  static absl::StatusOr<HandLoop> Create(const Plan& plan,
                                         const std::string& directory);

  // The process dies instead of its n-th write (1, 2, ...).
  void KillAtWrite(std::int64_t n) { kill_at_write_ = n; }

  // One kill and one recovery. Internal if either went otherwise.
  absl::Status RunOnce();

 private:
  HandLoop() = default;

  Profile profile_;
  std::vector<HandCall> calls_;
  std::string directory_;
  std::int64_t kill_at_write_ = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_HAND_LOOP_H_
