#include "results/index_ranges.h"

#include <algorithm>
#include <iterator>

namespace lastcommit {

void IndexRanges::Add(const IndexRange& range) {
  if (range.is_empty()) return;
  IndexRange whole = range;
  auto next = ranges_.upper_bound(range.first);
  if (next != ranges_.begin() && std::prev(next)->second >= range.first) {
    --next;
  }
  while (next != ranges_.end() && next->first <= whole.end) {
    whole.first = std::min(whole.first, next->first);
    whole.end = std::max(whole.end, next->second);
    next = ranges_.erase(next);
  }
  ranges_[whole.first] = whole.end;
}

bool IndexRanges::Contains(std::uint64_t index) const {
  const auto next = ranges_.upper_bound(index);
  return next != ranges_.begin() && std::prev(next)->second > index;
}

bool IndexRanges::Overlaps(const IndexRange& range) const {
  if (range.is_empty()) return false;
  const auto next = ranges_.lower_bound(range.first);
  if (next != ranges_.end() && next->first < range.end) return true;
  return next != ranges_.begin() && std::prev(next)->second > range.first;
}

bool IndexRanges::Overlaps(const IndexRanges& other) const {
  for (const auto& [first, end] : other.ranges_) {
    if (Overlaps(IndexRange{first, end})) return true;
  }
  return false;
}

std::vector<IndexRange> IndexRanges::MissingFrom(
    const IndexRange& range) const {
  std::vector<IndexRange> missing;
  std::uint64_t first = range.first;
  auto next = ranges_.upper_bound(range.first);
  if (next != ranges_.begin()) {
    first = std::max(first, std::prev(next)->second);
  }
  for (; next != ranges_.end() && next->first < range.end; ++next) {
    if (first < next->first) missing.push_back({first, next->first});
    first = next->second;
  }
  if (first < range.end) missing.push_back({first, range.end});
  return missing;
}

std::vector<IndexRange> IndexRanges::ranges() const {
  std::vector<IndexRange> all;
  for (const auto& [first, end] : ranges_) all.push_back({first, end});
  return all;
}

std::uint64_t IndexRanges::size() const {
  std::uint64_t sum = 0;
  for (const auto& [first, end] : ranges_) sum += end - first;
  return sum;
}

}  // namespace lastcommit
