// The steps of a client as units that take effect together, read from what was
// recorded of them. Used by commit_order.cc, which puts those of all clients
// into one order.

#ifndef LASTCOMMIT_ORACLE_CLIENT_UNITS_H_
#define LASTCOMMIT_ORACLE_CLIENT_UNITS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "oracle/round_trace.h"
#include "plan/plan.h"

namespace lastcommit {

// The steps of one client that take effect together: a transaction, or a step
// outside of one.
struct Unit {
  int client = 0;
  std::vector<std::size_t> steps;
  // In the newest of `steps` it was still running.
  bool is_in_flight = false;
  // The last of `steps` was its commit and failed, so that it may be there.
  bool is_in_doubt = false;
  bool is_transaction = false;
  // Its connection was closed.
  bool is_left = false;
  // Whether it changed the commit counter, to which value.
  bool is_committed = false;
  std::int64_t counter = 0;  // also of one that may have
  Mark began_at = 0;
  Mark ended_at = kNever;
  // Of what may commit: when that was called, and acknowledged.
  Mark attempted_at = kNever;
  Mark acknowledged_at = kNever;
};

inline absl::StatusCode CodeOf(const StepRecord& record) {
  return static_cast<absl::StatusCode>(record.code);
}

inline bool IsOpening(StepKind kind) {
  return kind == StepKind::kOpen || kind == StepKind::kReopen;
}

// `program`: the client's steps, as indices into those of the round; not empty.
std::vector<Unit> ReadUnits(const Round& round, const RoundTrace& trace,
                            const std::vector<std::size_t>& program);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_CLIENT_UNITS_H_
