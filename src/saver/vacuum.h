// VACUUM that a loss of power cannot turn into damage (docs/findings.md). Only
// sqlite_saver.cc calls it.

#ifndef LASTCOMMIT_SAVER_VACUUM_H_
#define LASTCOMMIT_SAVER_VACUUM_H_

#include "absl/status/status.h"
#include "saver/database.h"
#include "saver/settings.h"

namespace lastcommit::saver {

// No transaction is open.
absl::Status Vacuum(Database& database, JournalMode mode);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_VACUUM_H_
