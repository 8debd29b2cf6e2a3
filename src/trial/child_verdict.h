// Verdicts that come from a child: those it left in memory that it shares, and
// those on one that did not end as it should.

#ifndef LASTCOMMIT_TRIAL_CHILD_VERDICT_H_
#define LASTCOMMIT_TRIAL_CHILD_VERDICT_H_

#include "model/verdict.h"
#include "trial/child.h"
#include "trial/told_verdict.h"

namespace lastcommit {

// Puts a verdict down as plain data, and reads it again.
void Tell(const Verdict& verdict, ToldVerdict& told);
Verdict VerdictOf(const ToldVerdict& told);

// The child left with exit code 0 in the middle of its work.
void CallEarlyLeaveACrash(bool is_done, ChildReport& child);

// Of a child that hung or crashed; `doing` says what the child was at.
Verdict CrashedVerdict(const ChildReport& report, const char* doing);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CHILD_VERDICT_H_
