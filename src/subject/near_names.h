// What somebody may have meant who wrote a name that nothing has.

#ifndef LASTCOMMIT_SUBJECT_NEAR_NAMES_H_
#define LASTCOMMIT_SUBJECT_NEAR_NAMES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lastcommit {

inline constexpr std::size_t kMostNearNames = 3;

// Those of `names` that have each word of `written`, and those that differ from
// it in no more than a third of its letters; the nearest first, kMostNearNames
// at most.
std::vector<std::string> NearNames(std::string_view written,
                                   const std::vector<std::string>& names);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_NEAR_NAMES_H_
