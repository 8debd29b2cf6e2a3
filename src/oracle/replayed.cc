#include "oracle/replayed.h"

#include <algorithm>

namespace lastcommit {

// Excuse: AlternativesAt.
Alternatives AlternativesAt(Mark now, bool is_kill, Alternatives by_order,
                            const Replayed& replayed, Mark wal_synced) {
  for (const Overtaken& gone : replayed.overtaken) {
    by_order.erase(std::remove(by_order.begin(), by_order.end(), gone.with),
                   by_order.end());
    const Mark until = is_kill
                           ? gone.overtaken_at
                           : std::max(gone.overtaken_at, gone.lost_power_until);
    const bool is_written_over =
        gone.is_of_the_dead && gone.overtaken_at <= wal_synced;
    if (gone.attempted_at <= now && now < until && !is_written_over) {
      by_order.push_back(gone.with);
    }
  }
  return by_order;
}

// Excuse: AttemptedAt.
Mark AttemptedAt(std::int64_t cut, std::size_t step, const RoundTrace& trace) {
  return trace.records[cut == 0 ? 0 : step].intended_at;
}

}  // namespace lastcommit
