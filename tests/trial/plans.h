// Plans written by hand, for tests of trials.

#ifndef LASTCOMMIT_TESTS_TRIAL_PLANS_H_
#define LASTCOMMIT_TESTS_TRIAL_PLANS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace lastcommit {

Step StepOf(StepKind kind);
Step PutBlob(int id, std::int64_t size);
// Of that client.
Step By(int client, Step step);
Step By(int client, StepKind kind);

// A round of open, `steps` and close.
Round RoundOf(std::vector<Step> steps);
Plan PlanOf(saver::JournalMode mode, std::vector<Round> rounds);
Plan PlanOf(std::vector<Round> rounds);

// Three commits: a blob, a transaction of two, whose commit is step
// kCommitStep, and a blob.
inline constexpr std::size_t kCommitStep = 5;
Round RoundWithACommit();

// With the crash at that step of that round instead of where it was.
Plan KilledAt(Plan plan, std::size_t round, std::size_t step,
              const CrashPoint& crash);
// With a timed kill there, and no crash in that round.
Plan KilledAfter(Plan plan, std::size_t round, std::size_t step,
                 std::int64_t microseconds);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_TRIAL_PLANS_H_
