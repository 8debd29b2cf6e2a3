// A plan that some savers keep and one does not.

#ifndef LASTCOMMIT_TESTS_EXPLAIN_PLANS_H_
#define LASTCOMMIT_TESTS_EXPLAIN_PLANS_H_

#include <string>

#include "operations.h"
#include "plan/plan.h"

namespace lastcommit {

inline constexpr char kHonest[] = "sqlite";
// Loses the transaction that a kill interrupts, having acknowledged it.
inline constexpr char kDishonest[] = "planted-ack-before-commit";

// Three transactions, the second of which is killed in its COMMIT, and things
// that do not matter.
inline Plan PlanKilledInCommit(const std::string& saver) {
  const auto blob = [](int id) {
    return Op(threads::Kind::kPutBlob, {.id = id, .content = {300, 12}});
  };
  const Step commit = {.kind = StepKind::kCommit,
                       .crash = CrashPoint{1, Moment::kBefore}};
  Plan plan;
  plan.saver = saver;
  plan.profile.cache_size = 10;
  plan.rounds = {{{{.kind = StepKind::kOpen},
                   blob(1),
                   {.kind = StepKind::kBegin},
                   blob(1),
                   blob(2),
                   commit,
                   blob(3),
                   {.kind = StepKind::kClose}}}};
  return plan;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_EXPLAIN_PLANS_H_
