// A verdict as plain data, in memory that a child shares. What is too long is
// cut short.

#ifndef LASTCOMMIT_TRIAL_TOLD_VERDICT_H_
#define LASTCOMMIT_TRIAL_TOLD_VERDICT_H_

#include <cstddef>
#include <cstdint>

#include "model/verdict.h"

namespace lastcommit {

struct ToldVerdict {
  struct Row {
    char row[512];
    char expected[512];
    char found[512];
  };

  std::int32_t violation;  // ViolationClass, -1 = none
  std::int32_t skipped;    // SkipReason, -1 = none
  char why[8192];
  std::size_t rows;
  Row row[Verdict::kMostRows];
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_TOLD_VERDICT_H_
