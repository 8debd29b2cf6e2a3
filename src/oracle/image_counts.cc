#include "oracle/image_counts.h"

#include <algorithm>

namespace lastcommit {

void CountImage(const CrashFacts& facts, const LegalCuts& legal,
                const Survived& survived, std::int64_t cut, bool is_damaged,
                ImageCounts& counts) {
  // The schema, commit 0, is none that a caller asked for.
  const std::int64_t lost = std::max<std::int64_t>(
      0, facts.acknowledged - std::max<std::int64_t>(0, cut));
  if (legal.anything) {
    ++counts.no_demand;
    counts.damaged += is_damaged ? 1 : 0;
    counts.with_lost_commits_without_demand += lost > 0 && !is_damaged ? 1 : 0;
    return;
  }
  ++counts.judged;
  if (is_damaged || cut < legal.lowest) return;  // a violation
  counts.with_lost_changes +=
      survived.lost + survived.directory_lost > 0 ? 1 : 0;
  counts.with_lost_commits += lost > 0 ? 1 : 0;
  counts.lost_commits += lost;
}

}  // namespace lastcommit
