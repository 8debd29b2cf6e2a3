// Plans and lines of plans that several tests of src/plan use.

#ifndef LASTCOMMIT_TESTS_PLAN_PLANS_H_
#define LASTCOMMIT_TESTS_PLAN_PLANS_H_

#include <string>

#include "plan/plan.h"

namespace lastcommit {

inline constexpr char kHeaderLine[] =
    R"({"lastcommit":2,"saver":"sqlite","engine":"fork","profile":)"
    R"({"journal_mode":"wal","synchronous":"full","page_size":4096,)"
    R"("cache_size":0,"wal_autocheckpoint":1000},"expect":"held"})"
    "\n";
inline constexpr char kOpenLine[] = "{\"step\":\"open\"}\n";
inline constexpr char kCloseLine[] = "{\"step\":\"close\"}\n";

// A round of open, `steps` and close behind the header.
inline std::string PlanText(const std::string& steps) {
  return std::string(kHeaderLine) + kOpenLine + steps + kCloseLine;
}

// The plan of PlanText("").
inline Plan SmallestPlan() {
  Plan plan;
  plan.rounds = {{{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}}};
  return plan;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_PLAN_PLANS_H_
