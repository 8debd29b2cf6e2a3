#include "campaign/work_list.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace lastcommit {

bool IsOfShard(std::uint64_t index, const Shard& shard) {
  return index / kIndexesPerChunk % static_cast<std::uint64_t>(shard.of) ==
         static_cast<std::uint64_t>(shard.number - 1);
}

WorkList::WorkList(IndexRanges done, const Shard& shard,
                   std::optional<std::uint64_t> limit)
    : done_(std::move(done)),
      shard_(shard),
      limit_(limit),
      next_chunk_(static_cast<std::uint64_t>(shard.number - 1)) {}

std::optional<IndexRange> WorkList::Next() {
  if (ready_.empty()) AddChunks();
  if (ready_.empty()) return std::nullopt;
  const IndexRange range = ready_.front();
  ready_.pop_front();
  return range;
}

void WorkList::GiveBack(const IndexRange& range) {
  if (!range.is_empty()) ready_.push_front(range);
}

// Until one has something that is not done.
void WorkList::AddChunks() {
  constexpr std::uint64_t kLastChunk =
      std::numeric_limits<std::uint64_t>::max() / kIndexesPerChunk;
  while (ready_.empty() && next_chunk_ < kLastChunk) {
    IndexRange chunk = {next_chunk_ * kIndexesPerChunk,
                        (next_chunk_ + 1) * kIndexesPerChunk};
    if (limit_) chunk.end = std::min(chunk.end, *limit_);
    if (chunk.is_empty()) return;
    next_chunk_ += static_cast<std::uint64_t>(shard_.of);
    for (const IndexRange& missing : done_.MissingFrom(chunk)) {
      ready_.push_back(missing);
    }
  }
}

}  // namespace lastcommit
