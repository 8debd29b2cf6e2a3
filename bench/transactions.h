// A program for trials: transactions of a checkpoint and a log entry each.

#ifndef LASTCOMMIT_BENCH_TRANSACTIONS_H_
#define LASTCOMMIT_BENCH_TRANSACTIONS_H_

#include <cstdint>

#include "plan/plan.h"
#include "tests/operations.h"

namespace lastcommit {

inline Step StepOf(StepKind kind) {
  Step step;
  step.kind = kind;
  return step;
}

// The last commit crashes.
inline Round Transactions(int count, int first_id, const CrashPoint& crash) {
  Round round;
  round.steps.push_back(StepOf(StepKind::kOpen));
  for (int i = first_id; i < first_id + count; ++i) {
    round.steps.push_back(StepOf(StepKind::kBegin));
    const auto seed = static_cast<std::uint64_t>(i);
    round.steps.push_back(
        Op(threads::Kind::kPutCheckpoint,
           {.id = i, .parent = i - 1, .content = {1000, seed}}));
    round.steps.push_back(
        Op(threads::Kind::kAppendLog, {.content = {200, seed}}));
    round.steps.push_back(StepOf(StepKind::kCommit));
  }
  round.steps.back().crash = crash;
  return round;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_BENCH_TRANSACTIONS_H_
