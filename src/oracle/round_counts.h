// RoundCounts: what the judgement of a round counts, for the ledger.

#ifndef LASTCOMMIT_ORACLE_ROUND_COUNTS_H_
#define LASTCOMMIT_ORACLE_ROUND_COUNTS_H_

#include <cstdint>

namespace lastcommit {

struct RoundCounts {
  std::int64_t steps = 0;                // that returned
  std::int64_t commits = 0;              // acknowledged
  std::int64_t errors = 0;               // that were injected in them
  std::int64_t errors_in_open = 0;       // those in its opens
  std::int64_t went_on = 0;              // connections that committed after one
  std::int64_t refused_for_removal = 0;  // steps, because a file was removed
  // Of several clients (oracle/commit_order.h):
  std::int64_t refusals = 0;
  std::int64_t refusals_not_judged = 0;  // of them
  std::int64_t commits_in_turn = 0;
  std::int64_t checkpoints_across_commits = 0;
  // Steps that were obeyed, as the calls show (oracle/step_claims.h).
  std::int64_t mode_changes = 0;
  std::int64_t checkpoints = 0;
  std::int64_t vacuums = 0;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ROUND_COUNTS_H_
