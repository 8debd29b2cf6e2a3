// The journal mode of a database that is open: what it is, which another
// connection may have changed, and changing it. Called by SqliteSaver, when a
// database is opened, and by TransactionStack.

#ifndef LASTCOMMIT_SAVER_JOURNAL_MODE_H_
#define LASTCOMMIT_SAVER_JOURNAL_MODE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "saver/database.h"
#include "saver/kept_locks.h"
#include "saver/settings.h"

namespace lastcommit::saver {

// Sets a PRAGMA and reads it back: SQLite ignores what it does not want to do
// (FailedPrecondition).
absl::Status SetPragma(Database& database, const char* name,
                       const std::string& value, const std::string& expected);
absl::Status SetPragma(Database& database, const char* name, int value);

// As the connection knows it: exact inside a transaction.
absl::StatusOr<bool> IsInWalMode(Database& database);

// Sets the mode. More than PRAGMA journal_mode, which leaves old pages in the
// cache when WAL is left, gives its lock back meanwhile, and does not see what
// others have changed (docs/findings.md). Unavailable: another connection was
// in the way. FailedPrecondition: SQLite does not want to. After an error
// `locks` may have something to release.
absl::Status SetJournalMode(Database& database, KeptLocks& locks,
                            JournalMode mode);

// Changes mode and `synchronous`, outside a transaction. Unavailable: another
// connection was in the way until `busy_timeout` had passed, and neither has
// changed. After any other error the mode may have; `synchronous` is then the
// former level if it has not, and otherwise EXTRA or the one asked for.
absl::Status ChangeJournalMode(Database& database, KeptLocks& locks,
                               JournalMode mode, Synchronous synchronous,
                               absl::Duration busy_timeout);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_JOURNAL_MODE_H_
