// The verdict on a child that did not end as it should.

#ifndef LASTCOMMIT_TRIAL_CHILD_VERDICT_H_
#define LASTCOMMIT_TRIAL_CHILD_VERDICT_H_

#include "model/verdict.h"
#include "trial/child.h"

namespace lastcommit {

// Left with exit code 0 in the middle of its work.
void CallEarlyLeaveACrash(bool is_done, ChildReport& child);

// Of one that hung or crashed; `doing` says what it was at.
Verdict CrashedVerdict(const ChildReport& report, const char* doing);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CHILD_VERDICT_H_
