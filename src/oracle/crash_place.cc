#include "oracle/crash_place.h"

#include "names/names.h"

namespace lastcommit {

std::string_view Name(Phase phase) {
  constexpr Names<Phase, Phase::kBetween> kNames("create", "open", "statement",
                                                 "commit", "checkpoint",
                                                 "close", "between");
  return kNames.Of(phase);
}

Phase PhaseOf(StepKind kind, bool in_transaction) {
  switch (kind) {
    case StepKind::kOpen:
      return Phase::kOpen;
    case StepKind::kClose:
    case StepKind::kReopen:
      return Phase::kClose;
    case StepKind::kCommit:
      return Phase::kCommit;
    case StepKind::kWalCheckpoint:
      return Phase::kCheckpoint;
    default:
      return IsChange(kind) && !in_transaction ? Phase::kCommit
                                               : Phase::kStatement;
  }
}

}  // namespace lastcommit
