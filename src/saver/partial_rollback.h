// The defence against the bug of SQLite 3.11.0 to 3.50.1 that loses commits
// after a partial rollback in WAL mode (docs/findings.md). Called by
// TransactionStack at the beginning of a transaction that may roll back partly.

#ifndef LASTCOMMIT_SAVER_PARTIAL_ROLLBACK_H_
#define LASTCOMMIT_SAVER_PARTIAL_ROLLBACK_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "saver/database.h"

namespace lastcommit::saver {

// `version_number` as of sqlite3_libversion_number().
bool HasPartialRollbackBug(int version_number);

// Writes the commit counter so that partial rollbacks of the open transaction
// are safe. Must come before its first savepoint. The database is in WAL mode
// and a write transaction is open. False if SQLite did not do the writes, for
// instance because the caller turned cache_spill off: then nothing less than a
// full rollback is known to be safe.
absl::StatusOr<bool> WriteCounterTwice(Database& database,
                                       std::int64_t counter);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_PARTIAL_ROLLBACK_H_
