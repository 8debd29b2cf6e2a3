// Steps of the vocabulary `threads`, as tests write them.

#ifndef LASTCOMMIT_TESTS_OPERATIONS_H_
#define LASTCOMMIT_TESTS_OPERATIONS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "operations.h"
#include "plan/plan.h"
#include "threads/arguments.h"

namespace lastcommit {

// What a step has besides its operation.
struct Besides {
  int client = 0;
  std::optional<CrashPoint> crash = {};
  std::optional<std::int64_t> kill_after_us = {};
  std::optional<IoError> error = {};
  std::vector<Switch> switches = {};
};

inline Step Op(threads::Kind kind, const threads::Arguments& arguments = {},
               const Besides& besides = {}) {
  Step step = StepOf(threads::Make(kind, arguments));
  step.client = besides.client;
  step.crash = besides.crash;
  step.kill_after_us = besides.kill_after_us;
  step.error = besides.error;
  step.switches = besides.switches;
  return step;
}

inline bool Is(const Step& step, threads::Kind kind) {
  return IsOperation(step.kind) && threads::KindOf(step.operation) == kind;
}

inline threads::Arguments ArgumentsOf(const Step& step) {
  return threads::ArgumentsOf(step.operation);
}

// The step as another one, with the arguments that both have.
inline Step As(threads::Kind kind, Step step) {
  step.operation = threads::Make(kind, ArgumentsOf(step));
  return step;
}

// The step with some arguments changed: `change(threads::Arguments&)`.
template <typename Change>
Step With(Step step, const Change& change) {
  threads::Arguments arguments = ArgumentsOf(step);
  change(arguments);
  step.operation = threads::Make(threads::KindOf(step.operation), arguments);
  return step;
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_OPERATIONS_H_
