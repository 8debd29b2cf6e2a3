#include "subject/near_names.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>

namespace lastcommit {
namespace {

// How many letters must be put in, taken out or replaced to make one of the
// other (V. I. Levenshtein, 1966).
std::size_t Distance(std::string_view one, std::string_view other) {
  // Of what was seen of `one` to each beginning of `other`.
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t replaced = diagonal + (one[i] == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

// Whether each word of `written`, between its hyphens, is in the name.
bool HasItsWords(std::string_view name, std::string_view written) {
  // What is shorter is in too many names.
  constexpr std::size_t kLeast = 3;
  if (written.size() < kLeast) return false;
  while (true) {
    const std::string_view word = written.substr(0, written.find('-'));
    if (word.empty() || name.find(word) == std::string_view::npos) {
      return false;
    }
    if (word.size() == written.size()) return true;
    written.remove_prefix(word.size() + 1);
  }
}

// nullopt: it is not near.
std::optional<std::size_t> DistanceIfNear(std::string_view written,
                                          std::string_view name) {
  const std::size_t difference = std::max(written.size(), name.size()) -
                                 std::min(written.size(), name.size());
  if (HasItsWords(name, written)) return difference;
  const std::size_t most = written.size() / 3;
  if (difference > most) return std::nullopt;
  const std::size_t distance = Distance(written, name);
  return distance <= most ? std::optional(distance) : std::nullopt;
}

}  // namespace

std::vector<std::string> NearNames(std::string_view written,
                                   const std::vector<std::string>& names) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : names) {
    const auto distance = DistanceIfNear(written, name);
    if (distance.has_value()) near.emplace_back(*distance, name);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) {
    return a.first < b.first;
  });
  near.resize(std::min(near.size(), kMostNearNames));
  std::vector<std::string> nearest;
  nearest.reserve(near.size());
  for (auto& [distance, name] : near) nearest.push_back(std::move(name));
  return nearest;
}

}  // namespace lastcommit
