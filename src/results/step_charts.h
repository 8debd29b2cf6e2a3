// A plan as charts for a page: what each client does, and where everything
// ends.

#ifndef LASTCOMMIT_RESULTS_STEP_CHARTS_H_
#define LASTCOMMIT_RESULTS_STEP_CHARTS_H_

#include <vector>

#include "explain/story_facts.h"
#include "page/document.h"
#include "plan/plan.h"

namespace lastcommit {

// One for each round, with what is known of it. Of a round with very many steps
// only the first ones; it says so.
std::vector<StepChart> StepChartsOf(const Plan& plan, const StoryFacts& facts);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_STEP_CHARTS_H_
