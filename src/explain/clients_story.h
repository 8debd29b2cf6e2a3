// A round of several clients as people read it: a column for each, the steps in
// the order of the plan, and where another client goes on, in words. Only
// story.cc calls it.

#ifndef LASTCOMMIT_EXPLAIN_CLIENTS_STORY_H_
#define LASTCOMMIT_EXPLAIN_CLIENTS_STORY_H_

#include <cstddef>
#include <string>

#include "explain/story_facts.h"
#include "plan/plan.h"
#include "trial/trial.h"

namespace lastcommit {

// Lines, each ended by a newline. The columns have a step's fields as a plan
// has them, below stands what they mean. `ran`: what came of the plan, with the
// `facts` of it; nullptr if it was not run.
std::string RoundOfClients(const Plan& plan, std::size_t round,
                           const TrialResult* ran, const StoryFacts* facts);

// "random, 5 % of the yield points (seed 12)".
std::string InWords(const Schedule& schedule);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_CLIENTS_STORY_H_
