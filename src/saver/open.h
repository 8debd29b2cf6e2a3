// How a database is opened: created if it is missing, refused if it is not
// ours, recovered, and given its settings.

#ifndef LASTCOMMIT_SAVER_OPEN_H_
#define LASTCOMMIT_SAVER_OPEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "saver/database.h"
#include "saver/sqlite_saver.h"

namespace lastcommit::saver {

// The level to set; InvalidArgument if it is not the durability asked for.
absl::StatusOr<Synchronous> SynchronousOf(const Options& options);

// The errors are those of SqliteSaver::Open. Fills `report`.
absl::StatusOr<Database> OpenDatabase(const std::string& path,
                                      const Options& options,
                                      Synchronous synchronous,
                                      RecoveryReport& report);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_OPEN_H_
