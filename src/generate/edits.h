// What the files that make edits share. Only they include it.

#ifndef LASTCOMMIT_GENERATE_EDITS_H_
#define LASTCOMMIT_GENERATE_EDITS_H_

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "generate/shrink_edits.h"
#include "plan/plan.h"

namespace lastcommit {

using Edits = std::vector<Edit>;

// nullopt if the edit changed nothing.
inline std::optional<Plan> IfChanged(const Plan& before, Plan after) {
  if (after == before) return std::nullopt;
  return after;
}

// 0, then what is half way, then one less.
template <typename Int>
std::vector<Int> Towards(Int target, Int value) {
  std::vector<Int> values;
  if (value == target) return values;
  values.push_back(target);
  for (Int gap = static_cast<Int>((value - target) / 2); gap != 0;
       gap = static_cast<Int>(gap / 2)) {
    values.push_back(static_cast<Int>(value - gap));
  }
  return values;
}

// The edits from `first` on make one number smaller, the boldest first.
inline void AreOfOneNumber(std::size_t first, Edits& edits) {
  for (std::size_t i = first; i < edits.size(); ++i) edits[i].back = i - first;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_GENERATE_EDITS_H_
