// The files of a trial: a database directory and the copies that the
// examination reads. Only ever used while no process has the database open.

#ifndef LASTCOMMIT_TRIAL_TRIAL_FILES_H_
#define LASTCOMMIT_TRIAL_TRIAL_FILES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
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

// Whether a rollback journal of so many bytes is hot: its header was not
// zeroed, something is in it, and its super-journal, if it names one, is there
// (https://sqlite.org/atomiccommit.html#_hot_rollback_journals). `read` gives
// at most so many bytes from there, none if it fails. Any bytes may stand in
// the path.
bool IsHotJournal(
    std::int64_t size,
    const std::function<std::string(std::int64_t at, std::size_t most)>& read,
    const std::function<bool(const std::string& path)>& is_there);

struct Leftovers {
  std::int64_t wal_bytes = 0;
  bool hot_journal = false;  // a rollback journal that is
};
Leftovers FindLeftovers(const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_TRIAL_FILES_H_
