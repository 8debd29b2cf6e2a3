// Matchers for absl::Status and absl::StatusOr, which Abseil of Debian 12 does
// not have.

#ifndef LASTCOMMIT_TESTS_MATCHERS_H_
#define LASTCOMMIT_TESTS_MATCHERS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"

namespace lastcommit {

inline const absl::Status& StatusOf(const absl::Status& status) {
  return status;
}
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return arg.ok();
}

MATCHER_P(StatusIs, code,
          "has the status " +
              absl::StatusCodeToString(absl::StatusCode(code))) {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P(IsOkAndHolds, matcher, "is OK and holds what is expected") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return testing::ExplainMatchResult(matcher, *arg, result_listener);
}

}  // namespace lastcommit

#endif  // LASTCOMMIT_TESTS_MATCHERS_H_
