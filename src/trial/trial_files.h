// The files of a trial: a database directory and the copies that the
// examination reads. Only ever used while no process has the database open.

#ifndef LASTCOMMIT_TRIAL_TRIAL_FILES_H_
#define LASTCOMMIT_TRIAL_TRIAL_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace lastcommit {

// The database inside a trial's directory.
inline constexpr char kDatabaseName[] = "state.db";

enum class CopyWhat { kAll, kDatabaseAlone };

// Copies the files of one directory to another, which is made, or emptied if
// it exists. -shm files are left out: the first opener truncates them
// (https://sqlite.org/wal.html#sometimes_queries_return_sqlite_busy_in_wal_mode).
// kDatabaseAlone leaves out the database's -wal and -journal too.
absl::Status CopyDirectory(const std::string& from, const std::string& to,
                           CopyWhat what);

// Removes a directory of plain files and directories; a missing one is fine.
void RemoveDirectory(const std::string& path);

// An empty one; what is there is removed. The directory above must exist.
absl::Status MakeEmptyDirectory(const std::string& path);

struct Leftovers {
  std::int64_t wal_bytes = 0;
  // A rollback journal whose header was not zeroed, with something in it, and
  // whose super-journal, if it names one, is there:
  // https://sqlite.org/atomiccommit.html#_hot_rollback_journals
  bool hot_journal = false;
};
Leftovers FindLeftovers(const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_TRIAL_FILES_H_
