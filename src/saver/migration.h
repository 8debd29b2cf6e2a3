// From an older schema to the present one. Called while a database is opened,
// before its settings are in force.

#ifndef LASTCOMMIT_SAVER_MIGRATION_H_
#define LASTCOMMIT_SAVER_MIGRATION_H_

#include "absl/status/statusor.h"
#include "saver/database.h"

namespace lastcommit::saver {

// In one transaction, so that a crash leaves the old database or the new one.
// Returns the version before; 0 if somebody else was faster. The commit counter
// stays: it is not a commit of the caller's.
absl::StatusOr<int> Migrate(Database& database);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_MIGRATION_H_
