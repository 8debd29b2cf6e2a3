// A sweep as a page: the verdict, and a matrix of calls and survivals in which
// each cell is a verdict.

#ifndef LASTCOMMIT_EXPLAIN_SWEEP_PAGE_H_
#define LASTCOMMIT_EXPLAIN_SWEEP_PAGE_H_

#include "explain/sweep.h"
#include "page/document.h"
#include "plan/plan.h"

namespace lastcommit {

Document PageOf(const SweepSummary& summary, const SweepOptions& options,
                const Plan& plan);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_SWEEP_PAGE_H_
