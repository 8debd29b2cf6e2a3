// What goes wrong in a step, for people. Only story.cc calls it.

#ifndef LASTCOMMIT_CAMPAIGN_FAULT_STORY_H_
#define LASTCOMMIT_CAMPAIGN_FAULT_STORY_H_

#include <string>

#include "plan/plan.h"

namespace lastcommit {

// "   <== KILLED before I/O call 7", one such mark for each fault of the step.
std::string FaultMarks(const Step& step);

}  // namespace lastcommit

#endif  // LASTCOMMIT_CAMPAIGN_FAULT_STORY_H_
