// What a step is called with, for people. For the story of a plan.

#ifndef LASTCOMMIT_EXPLAIN_STEP_WORDS_H_
#define LASTCOMMIT_EXPLAIN_STEP_WORDS_H_

#include <string>

#include "plan/plan.h"

namespace lastcommit {

// "\"thread-0\" / \"blob-1\", 300 bytes (seed 12)"; empty for a step without
// any. Printable ASCII: names are escaped.
std::string ArgumentsInWords(const Step& step);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_STEP_WORDS_H_
