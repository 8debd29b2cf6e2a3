#include "trial/plans.h"

#include <utility>

#include "operations.h"

namespace lastcommit {

Step StepOf(StepKind kind) { return {.kind = kind}; }

Step PutBlob(int id, std::int64_t size) {
  return Op(threads::Kind::kPutBlob, {.id = id, .content = {size, 1}});
}

Step By(int client, Step step) {
  step.client = client;
  return step;
}
Step By(int client, StepKind kind) { return By(client, StepOf(kind)); }

Round RoundOf(std::vector<Step> steps) {
  steps.insert(steps.begin(), StepOf(StepKind::kOpen));
  steps.push_back(StepOf(StepKind::kClose));
  return {std::move(steps)};
}

Plan PlanOf(saver::JournalMode mode, std::vector<Round> rounds) {
  Plan plan;
  plan.profile.journal_mode = mode;
  plan.rounds = std::move(rounds);
  return plan;
}

Plan PlanOf(std::vector<Round> rounds) {
  return PlanOf(saver::JournalMode::kWal, std::move(rounds));
}

Round RoundWithACommit() {
  return RoundOf({PutBlob(0, 100), StepOf(StepKind::kBegin), PutBlob(0, 5000),
                  PutBlob(1, 100), StepOf(StepKind::kCommit), PutBlob(2, 10)});
}

Plan KilledAt(Plan plan, std::size_t round, std::size_t step,
              const CrashPoint& crash) {
  for (Step& other : plan.rounds[round].steps) other.crash.reset();
  plan.rounds[round].steps[step].crash = crash;
  return plan;
}

Plan KilledAfter(Plan plan, std::size_t round, std::size_t step,
                 std::int64_t microseconds) {
  for (Step& other : plan.rounds[round].steps) {
    other.crash.reset();
    other.kill_after_us.reset();
  }
  plan.rounds[round].steps[step].kill_after_us = microseconds;
  return plan;
}

}  // namespace lastcommit
