// Waiting for the locks of other connections, where SQLite's own busy handler
// does not wait, or would wait for too long.

#ifndef LASTCOMMIT_SAVER_BUSY_H_
#define LASTCOMMIT_SAVER_BUSY_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "saver/database.h"

namespace lastcommit::saver {

void SetBusyTimeout(Database& database, absl::Duration timeout);

// Runs `work` with a busy timeout of 0, again and again, with pauses, as long
// as it is Unavailable and `timeout` has not passed; at least once. Afterwards
// the connection's busy timeout is `timeout`.
absl::Status RetryWhileBusy(Database& database, absl::Duration timeout,
                            absl::FunctionRef<absl::Status()> work);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_BUSY_H_
