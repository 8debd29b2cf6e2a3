#include "oracle/crash_place.h"

#include <array>

namespace lastcommit {

std::string_view Name(Phase phase) {
  constexpr std::array<std::string_view, kPhases> kNames = {
      "create",     "open",  "statement", "commit",
      "checkpoint", "close", "between"};
  return kNames[static_cast<std::size_t>(phase)];
}

}  // namespace lastcommit
