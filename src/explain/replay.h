// Runs one plan again: for people, for the corpus, and to see whether a
// violation repeats.

#ifndef LASTCOMMIT_EXPLAIN_REPLAY_H_
#define LASTCOMMIT_EXPLAIN_REPLAY_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "plan/plan.h"
#include "trial/trial.h"
#include "trial/trial_runner.h"

namespace lastcommit {

struct Repetition {
  int times = 0;
  TrialResult first;
  // Names of verdicts ("violated(lost_commit)") and how often.
  std::map<std::string, int> verdicts;

  bool is_stable() const { return verdicts.size() == 1; }
  void Add(const Repetition& more);
};

// At least once. Asked before each trial, `is_cancelled` ends it early: with
// none at all, if it says so at once.
absl::StatusOr<Repetition> Repeat(
    TrialRunner& trial, const Plan& plan, int times,
    const std::function<bool()>& is_cancelled = [] { return false; });

// "20 of 20 violated(lost_commit)", or all verdicts with their counts.
std::string Describe(const Repetition& repetition);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_REPLAY_H_
