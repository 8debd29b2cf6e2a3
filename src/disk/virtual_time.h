// VirtualTime: a clock for runs that must be the same each time. It begins at a
// fixed moment, and goes on when somebody sleeps or looks. Plain data, so that
// it can be in memory that processes share; nobody else may use it meanwhile.

#ifndef LASTCOMMIT_DISK_VIRTUAL_TIME_H_
#define LASTCOMMIT_DISK_VIRTUAL_TIME_H_

#include <cstdint>

namespace lastcommit {

struct VirtualTime {
  // 2026-01-01 00:00:00 as a Julian day, in milliseconds.
  static constexpr std::int64_t kBeginning = 212'633'985'600'000;
  // Time passes a little whenever somebody looks, so that who waits for it does
  // not wait for ever.
  static constexpr std::int64_t kTickMicroseconds = 10;

  std::int64_t microseconds = 0;  // since the beginning

  void Sleep(std::int64_t for_microseconds) {
    microseconds += for_microseconds;
  }
  // As xCurrentTimeInt64 has it.
  std::int64_t Look() {
    microseconds += kTickMicroseconds;
    return kBeginning + microseconds / 1000;
  }
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_VIRTUAL_TIME_H_
