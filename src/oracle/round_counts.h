// RoundCounts: what the judgement of a round counts, for the ledger.

#ifndef LASTCOMMIT_ORACLE_ROUND_COUNTS_H_
#define LASTCOMMIT_ORACLE_ROUND_COUNTS_H_

#include <cstdint>
#include <iterator>

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

  RoundCounts& operator+=(const RoundCounts& other);
};

// Every field, once.
inline constexpr std::int64_t RoundCounts::*kRoundCounts[] = {
    &RoundCounts::steps,           &RoundCounts::commits,
    &RoundCounts::errors,          &RoundCounts::errors_in_open,
    &RoundCounts::went_on,         &RoundCounts::refused_for_removal,
    &RoundCounts::refusals,        &RoundCounts::refusals_not_judged,
    &RoundCounts::commits_in_turn, &RoundCounts::checkpoints_across_commits,
    &RoundCounts::mode_changes,    &RoundCounts::checkpoints,
    &RoundCounts::vacuums,
};
static_assert(sizeof(RoundCounts) ==
              std::size(kRoundCounts) * sizeof(std::int64_t));

inline RoundCounts& RoundCounts::operator+=(const RoundCounts& other) {
  for (const auto field : kRoundCounts) this->*field += other.*field;
  return *this;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_ROUND_COUNTS_H_
