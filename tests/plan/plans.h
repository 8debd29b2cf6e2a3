// Plans and lines of plans that several tests of src/plan use.

#ifndef LASTCOMMIT_TESTS_PLAN_PLANS_H_
#define LASTCOMMIT_TESTS_PLAN_PLANS_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "plan/codec.h"
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

// What is wrong with the text of a plan; empty = nothing.
inline std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<Plan> plan = ParsePlan(text, "plan");
  EXPECT_TRUE(plan.ok() || absl::IsInvalidArgument(plan.status()));
  return plan.ok() ? "" : std::string(plan.status().message());
}

// The plan of PlanText("").
inline Plan SmallestPlan() {
  Plan plan;
  plan.rounds = {{{{.kind = StepKind::kOpen}, {.kind = StepKind::kClose}}}};
  return plan;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_PLAN_PLANS_H_
