// The part of a difference between two plans that is about what goes wrong:
// crashes, timed kills and errors. Only plan_difference.cc calls it.

#ifndef LASTCOMMIT_TOKEN_FAULT_DIFFERENCE_H_
#define LASTCOMMIT_TOKEN_FAULT_DIFFERENCE_H_

#include "absl/status/status.h"
#include "plan/plan.h"
#include "token/number_code.h"

namespace lastcommit {

// Of what a plan that was generated so can have something: the rest costs no
// bits.
struct FaultScope {
  bool timed_kills = false;
  bool disk_faults = false;  // survivals, errors, images, the disk's promises
};
FaultScope ScopeOf(const Plan& generated);

// The faults of `round`, whose steps are known already. `base` is the
// generated round that it was, or null. InvalidArgument for bits that say none.
absl::Status CodeFaults(NumberCode& code, const FaultScope& scope,
                        const Round* base, Round& round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TOKEN_FAULT_DIFFERENCE_H_
