// How errors travel here: absl::Status across every interface, and CHECK for a
// bug of the program itself. Abseil of Debian 12 has no macros for either.
//
// Not for: violations that the tester finds. Those are values (see Verdict).

#ifndef LASTCOMMIT_STATUS_STATUS_H_
#define LASTCOMMIT_STATUS_STATUS_H_

#include <cstdio>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Leaves the function with the error of `expression`, if it has one.
#define RETURN_IF_ERROR(expression)                     \
  do {                                                  \
    if (absl::Status lastcommit_status_ = (expression); \
        !lastcommit_status_.ok()) {                     \
      return lastcommit_status_;                        \
    }                                                   \
  } while (false)

// Declares or assigns `target` from a StatusOr, or leaves with its error.
#define ASSIGN_OR_RETURN(target, expression)                                 \
  LASTCOMMIT_ASSIGN_OR_RETURN_(LASTCOMMIT_CONCAT_(lastcommit_or_, __LINE__), \
                               target, expression)

#define LASTCOMMIT_CONCAT_(a, b) LASTCOMMIT_CONCAT_INNER_(a, b)
#define LASTCOMMIT_CONCAT_INNER_(a, b) a##b
// `target` may declare a variable, which has no parentheses.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define LASTCOMMIT_ASSIGN_OR_RETURN_(or_value, target, expression) \
  auto or_value = (expression);                                    \
  if (!or_value.ok()) return std::move(or_value).status();         \
  target = *std::move(or_value)
// NOLINTEND(bugprone-macro-parentheses)

// Stops the process when the program itself is wrong. Never for input.
#define CHECK(condition)                                                    \
  do {                                                                      \
    if (!(condition)) {                                                     \
      std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", __FILE__, __LINE__, \
                   #condition);                                             \
      std::abort();                                                         \
    }                                                                       \
  } while (false)

#endif  // LASTCOMMIT_STATUS_STATUS_H_
