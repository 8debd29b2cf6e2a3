// A copy of the database in a file of its own, which is whole or not there.
// Only sqlite_saver.cc calls it.

#ifndef LASTCOMMIT_SAVER_BACKUP_H_
#define LASTCOMMIT_SAVER_BACKUP_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "saver/database.h"

namespace lastcommit::saver {

// See SqliteSaver::Backup. No transaction is open. `patience`: how long it
// waits for others.
absl::Status Backup(Database& database, const std::string& path,
                    absl::Duration patience);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_BACKUP_H_
