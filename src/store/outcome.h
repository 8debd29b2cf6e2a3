// Outcome: what one step answers, as the model and a store say it.

#ifndef LASTCOMMIT_STORE_OUTCOME_H_
#define LASTCOMMIT_STORE_OUTCOME_H_

#include <cstdint>

#include "absl/status/status.h"

namespace lastcommit {

struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  // open, reopen: the commit counter; commit: its new value; read: Digest of
  // the state; live_read, backup: Digest of the committed state; operations:
  // what their vocabulary says; 0 for the others and for errors.
  std::int64_t value = 0;

  bool operator==(const Outcome&) const = default;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_OUTCOME_H_
