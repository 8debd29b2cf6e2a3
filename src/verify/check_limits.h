// What the check of a database may take. Content decides what SQLite does while
// it checks: an expression of a CHECK, of an index or of a generated column is
// evaluated for each row, and nothing bounds it
// (https://sqlite.org/security.html). So the child that checks has limits, and
// what goes beyond them cannot be checked.

#ifndef LASTCOMMIT_VERIFY_CHECK_LIMITS_H_
#define LASTCOMMIT_VERIFY_CHECK_LIMITS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace lastcommit {

// For a database of any size: with what is added for each MiB of it, of its WAL
// and of its journal.
struct CheckLimits {
  std::int64_t seconds = 60;
  std::int64_t seconds_per_mib = 1;
  std::int64_t memory_mib = 512;
  std::int64_t memory_mib_per_mib = 1;
  std::int64_t max_memory_mib = 4096;
};

// For one database.
struct CheckBounds {
  absl::Duration time;
  std::int64_t memory_mib = 0;
  std::int64_t file_mib = 0;  // of any file that is written
};

// `directory` holds the copy, and nothing else.
CheckBounds BoundsFor(const CheckLimits& limits, const std::string& directory);

// In the child: this process and each of its connections keep to them. Beyond
// them it ends, or SQLite gives an error.
void KeepTo(const CheckBounds& bounds);

// "more than 60 s" and the like; "" if it was something else: of a child by
// what waitpid says, and of an error that SQLite gave in it.
std::string WhatWasExceeded(int wait_status, const CheckBounds& bounds);
std::string WhatWasExceeded(const absl::Status& status,
                            const CheckBounds& bounds);
std::string TimeExceeded(const CheckBounds& bounds);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_CHECK_LIMITS_H_
