// A plan on a simulated disk whose verdict depends on the saver.

#ifndef LASTCOMMIT_TESTS_EXPLAIN_SIM_PLANS_H_
#define LASTCOMMIT_TESTS_EXPLAIN_SIM_PLANS_H_

#include <string>

#include "operations.h"
#include "plan/plan.h"

namespace lastcommit {

inline constexpr char kDropsWalSyncs[] = "planted-wal-sync-dropped";

// A commit that is acknowledged, and another one; power is lost between the
// two, which takes everything that was not synced.
inline Plan PlanWithoutPower(const std::string& saver) {
  const auto log = [] { return Op(threads::Kind::kAppendLog); };
  Plan plan;
  plan.saver = saver;
  plan.engine = Engine::kSim;
  plan.profile.page_size = 1024;
  Step lost = log();
  lost.crash = CrashPoint{0, Moment::kBefore, {SurvivalKind::kNone}};
  plan.rounds = {
      {{{.kind = StepKind::kOpen}, log(), lost, {.kind = StepKind::kClose}}}};
  return plan;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_EXPLAIN_SIM_PLANS_H_
