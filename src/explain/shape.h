// The shape of a shrunk plan: what stays the same when one bug is found again
// by another plan. Findings of one class and one shape are listed as one.

#ifndef LASTCOMMIT_EXPLAIN_SHAPE_H_
#define LASTCOMMIT_EXPLAIN_SHAPE_H_

#include <string>

#include "plan/plan.h"

namespace lastcommit {

// "lost_commit wal: open begin commit! close": the class, the journal mode, and
// the kinds of steps of each round. `!` is where the process dies, `!!` before
// that step begins, `!subset` a power loss, `?sync` an error; `/` stands
// between rounds, `*` after a kind that stands there several times in a row.
// Numbers, sizes and the rest of the profile are left out: shrinking makes them
// small, and the bug is seldom in them.
std::string ShapeOf(const Plan& plan, ViolationClass violation);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_SHAPE_H_
