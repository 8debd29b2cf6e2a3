// A plan as people read it: one numbered line a step, the crash marked, what
// was never run greyed out in words. Several clients have a column each
// (clients_story.h).

#ifndef LASTCOMMIT_EXPLAIN_STORY_H_
#define LASTCOMMIT_EXPLAIN_STORY_H_

#include <string>

#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

// Several lines, each ended by a newline. Printable ASCII: names of the plan
// are escaped.
std::string ReadableProgram(const Plan& plan);
// The same of a plan that was run with that result: of each switch it says at
// which call of SQLite's it was made, and which were not.
std::string ReadableProgram(const Plan& plan, const TrialResult& result);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_STORY_H_
