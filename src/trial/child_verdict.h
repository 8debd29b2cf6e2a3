// Verdicts that come from a child: those it left in memory that it shares, and
// those on one that did not end as it should.

#ifndef LASTCOMMIT_TRIAL_CHILD_VERDICT_H_
#define LASTCOMMIT_TRIAL_CHILD_VERDICT_H_

#include <cstdint>

#include "model/verdict.h"
#include "trial/child.h"

namespace lastcommit {

// A verdict as plain data: the class or the reason as a number, or -1.
std::int32_t ViolationOf(const Verdict& verdict);
std::int32_t SkippedOf(const Verdict& verdict);
Verdict VerdictOf(std::int32_t violation, std::int32_t skipped,
                  const char* why);

// The child left with exit code 0 in the middle of its work.
void CallEarlyLeaveACrash(bool is_done, ChildReport& child);

// Of a child that hung or crashed; `doing` says what the child was at.
Verdict CrashedVerdict(const ChildReport& report, const char* doing);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CHILD_VERDICT_H_
