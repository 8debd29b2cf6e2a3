// What goes wrong in a step, for people.

#ifndef LASTCOMMIT_EXPLAIN_FAULT_STORY_H_
#define LASTCOMMIT_EXPLAIN_FAULT_STORY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace lastcommit {

// 1st, 2nd, 3rd, 4th, 11th, 21st.
std::string Ordinal(std::int64_t number);

// Whether there are other clients, of whom it must be said if they die, too.
enum class Company { kAlone, kOthers };

// "KILLED before I/O call 7", one such mark for each fault of the step.
std::vector<std::string> FaultMarks(const Step& step, Company company);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_FAULT_STORY_H_
