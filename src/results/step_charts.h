// A plan as charts for a page: what each client does, and where everything
// ends.

#ifndef LASTCOMMIT_RESULTS_STEP_CHARTS_H_
#define LASTCOMMIT_RESULTS_STEP_CHARTS_H_

#include <vector>

#include "page/document.h"
#include "plan/plan.h"

namespace lastcommit {

// One for each round. Of a round with very many steps only the first ones; it
// says so.
std::vector<StepChart> StepChartsOf(const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_RESULTS_STEP_CHARTS_H_
