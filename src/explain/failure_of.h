// What a violated trial says of itself to the table of known bugs
// (explain/known_bugs.h).

#ifndef LASTCOMMIT_EXPLAIN_FAILURE_OF_H_
#define LASTCOMMIT_EXPLAIN_FAILURE_OF_H_

#include <string>
#include <vector>

#include "explain/failure.h"
#include "plan/plan.h"
#include "subject/registry.h"
#include "trial/trial.h"

namespace lastcommit {

// `result` is that of the plan, and violated. What the predicates of the table
// get with it is WithExactCrashes(plan, result).
Failure FailureOf(const SaverEntry& entry, const Plan& plan,
                  const TrialResult& result);

// The names of the bugs of that SQLite (sqlite3_libversion_number()) that the
// violation looks like. None if the trial is not violated, and none of a
// planted saver: what is wrong with that one is known.
std::vector<std::string> LikelyBugsOf(const Plan& plan,
                                      const TrialResult& result,
                                      int sqlite_version);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_FAILURE_OF_H_
