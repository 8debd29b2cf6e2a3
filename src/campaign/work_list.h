// WorkList: which plans are still to be run. Hands out their indexes in ranges
// of a chunk at most, first those that a dead worker left, then new ones.

#ifndef LASTCOMMIT_CAMPAIGN_WORK_LIST_H_
#define LASTCOMMIT_CAMPAIGN_WORK_LIST_H_

#include <cstdint>
#include <deque>
#include <optional>

#include "results/index_ranges.h"
#include "results/run_options.h"

namespace lastcommit {

// Consecutive indexes that go to one worker, and to one shard: shard i of n
// has the chunks whose number modulo n is i - 1. Results depend on it.
inline constexpr std::uint64_t kIndexesPerChunk = 16;

bool IsOfShard(std::uint64_t index, const Shard& shard);

class WorkList {
 public:
  // All indexes of the shard below `limit` that are not in `done`.
  WorkList(IndexRanges done, const Shard& shard,
           std::optional<std::uint64_t> limit);

  // nullopt: there is nothing to do now; something may still be given back.
  std::optional<IndexRange> Next();
  // To be handed out again, before anything new.
  void GiveBack(const IndexRange& range);

 private:
  void AddChunks();

  const IndexRanges done_;
  const Shard shard_;
  const std::optional<std::uint64_t> limit_;
  std::uint64_t next_chunk_;
  std::deque<IndexRange> ready_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_WORK_LIST_H_
