// ClientSchedule: who goes on at a yield point, as a plan's schedule and the
// switches of its steps say. Every decision is keyed by (round, client, step,
// yield point), so that it stays the same when another part of the plan goes.

#ifndef LASTCOMMIT_TRIAL_CLIENT_SCHEDULE_H_
#define LASTCOMMIT_TRIAL_CLIENT_SCHEDULE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "disk/vfs_call.h"
#include "plan/plan.h"

namespace lastcommit {

// A yield point of a step: 0 is before it begins, 2 n - 1 and 2 n are before
// and after its n-th call of the VFS.
struct YieldPoint {
  int client = 0;
  std::size_t step = 0;        // in the round
  std::size_t in_program = 0;  // the same step, among those of its client
  std::int64_t at = 0;
  // What the client is at: a checkpoint, a commit, an open or a close.
  bool is_delicate = false;
  // Another client was left in the middle of a step.
  bool is_nested = false;
};

// A switch that was made.
struct TakenSwitch {
  std::size_t round = 0;
  std::size_t step = 0;
  Switch what;
  // The step that the client that goes on is in, or comes to.
  std::size_t to_step = 0;
  std::optional<VfsCall> call = {};  // nullopt: before the step begins
};

class ClientSchedule {
 public:
  // The plan must outlive it.
  ClientSchedule(const Plan& plan, std::size_t round);

  // The client of `others` that goes on; they are not empty and ascending.
  // nullopt: the one at the yield point goes on itself.
  std::optional<int> At(const YieldPoint& point,
                        const std::vector<int>& others) const;

 private:
  bool IsDirectedAt(const YieldPoint& point) const;
  std::uint64_t RandomAt(const YieldPoint& point, std::int64_t at) const;

  const Schedule& schedule_;
  const std::size_t round_;
  const Round& steps_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CLIENT_SCHEDULE_H_
