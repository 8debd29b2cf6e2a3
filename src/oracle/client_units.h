// The steps of a client as units that take effect together, read from what was
// recorded of them. commit_order.h puts those of all clients into one order.

#ifndef LASTCOMMIT_ORACLE_CLIENT_UNITS_H_
#define LASTCOMMIT_ORACLE_CLIENT_UNITS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "oracle/round_view.h"

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

// When one client died alone.
struct DeathOfOne {
  int client = 0;
  Mark at = 0;
};

// The units of each client that has steps, in the order of its program.
using RoundUnits = std::vector<std::vector<Unit>>;

// Those of a client that died ended then.
RoundUnits ReadUnits(const RoundView& view,
                     const std::optional<DeathOfOne>& death);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_CLIENT_UNITS_H_
