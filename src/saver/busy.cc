#include "saver/busy.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>

#include "absl/cleanup/cleanup.h"

namespace lastcommit::saver {

void SetBusyTimeout(Database& database, absl::Duration timeout) {
  const std::int64_t timeout_ms = absl::ToInt64Milliseconds(timeout);
  constexpr std::int64_t kMaxTimeoutMs = 1 << 30;
  sqlite3_busy_timeout(database.connection(),
                       static_cast<int>(std::min(timeout_ms, kMaxTimeoutMs)));
}

absl::Status RetryWhileBusy(Database& database, absl::Duration timeout,
                            absl::FunctionRef<absl::Status()> work) {
  constexpr absl::Duration kLongestPause = absl::Milliseconds(64);
  // Or the two would wait for each other's sum.
  SetBusyTimeout(database, absl::ZeroDuration());
  const absl::Cleanup restore = [&] { SetBusyTimeout(database, timeout); };
  absl::Duration pause = absl::Milliseconds(1);
  // As SQLite's own handler does, by the time slept: the VFS may have a clock
  // of its own.
  for (absl::Duration waited;; waited += pause) {
    absl::Status status = work();
    if (!absl::IsUnavailable(status) || waited >= timeout) return status;
    pause = std::min(2 * pause, kLongestPause);
    sqlite3_sleep(static_cast<int>(absl::ToInt64Milliseconds(pause)));
  }
}

}  // namespace lastcommit::saver
