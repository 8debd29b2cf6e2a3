// IndexRanges: a set of indexes of plans, kept as the ranges it is made of. A
// run of days has done millions of plans and few ranges.

#ifndef LASTCOMMIT_RESULTS_INDEX_RANGES_H_
#define LASTCOMMIT_RESULTS_INDEX_RANGES_H_

#include <cstdint>
#include <map>
#include <vector>

namespace lastcommit {

// From `first` on, up to but not including `end`.
struct IndexRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;

  bool is_empty() const { return first >= end; }
  std::uint64_t size() const { return is_empty() ? 0 : end - first; }
  bool operator==(const IndexRange&) const = default;
};

class IndexRanges {
 public:
  void Add(const IndexRange& range);
  bool Contains(std::uint64_t index) const;
  bool Overlaps(const IndexRange& range) const;
  bool Overlaps(const IndexRanges& other) const;
  // The parts of `range` that are not in the set, ascending.
  std::vector<IndexRange> MissingFrom(const IndexRange& range) const;

  // Ascending; neither overlapping nor touching.
  std::vector<IndexRange> ranges() const;
  std::uint64_t size() const;
  bool is_empty() const { return ranges_.empty(); }

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // first -> end
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_INDEX_RANGES_H_
