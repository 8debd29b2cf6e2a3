#include "oracle/crash_place.h"

#include "names/names.h"

namespace lastcommit {

std::string_view Name(Phase phase) {
  constexpr Names<Phase, Phase::kBetween> kNames("create", "open", "statement",
                                                 "commit", "checkpoint",
                                                 "close", "between");
  return kNames.Of(phase);
}

}  // namespace lastcommit
