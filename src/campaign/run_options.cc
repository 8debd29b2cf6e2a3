#include "campaign/run_options.h"

namespace lastcommit {

const char* Word(FaultChoice fault) {
  switch (fault) {
    case FaultChoice::kNone:
      return "none";
    case FaultChoice::kKill:
      return "kill";
    case FaultChoice::kMixed:
      return "mixed";
    case FaultChoice::kTimedKill:
      return "timed-kill";
  }
  return "";
}

std::optional<FaultChoice> ParseFault(std::string_view word) {
  for (const FaultChoice fault :
       {FaultChoice::kNone, FaultChoice::kKill, FaultChoice::kMixed,
        FaultChoice::kTimedKill}) {
    if (word == Word(fault)) return fault;
  }
  return std::nullopt;
}

}  // namespace lastcommit
