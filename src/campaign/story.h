// A plan as people read it: one numbered line a step, the crash marked, what
// was never run greyed out in words.

#ifndef LASTCOMMIT_CAMPAIGN_STORY_H_
#define LASTCOMMIT_CAMPAIGN_STORY_H_

#include <string>

#include "plan/plan.h"

namespace lastcommit {

// Several lines, each ended by a newline. Printable ASCII: names of the plan
// are escaped.
std::string ReadableProgram(const Plan& plan);

// "lastcommit 0.1.0": this program.
std::string TesterVersion();

// "SQLite 3.40.1 (source id)": the library that is linked in, which is the one
// under test.
std::string SqliteUnderTest();

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_STORY_H_
