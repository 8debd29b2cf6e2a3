// The confined VFS: SQLite's default VFS in a process that opens databases
// which the tester did not make. Whatever stands in such a file, nothing
// outside one directory is opened, created, changed or deleted.
//
// A rollback journal may name a super-journal, which is any path at all. When
// SQLite rolls such a journal back, it opens that path and deletes it
// (https://sqlite.org/atomiccommit.html#multi_file_commit, pager_delsuper() in
// pager.c). Here SQLite is told the truth about whether it is there, because
// that decides between rolling back and not; then it is shown an empty file,
// and told that it was deleted. A refusal would make a playback fail that
// succeeds elsewhere.
//
// For children of a fork, after which it cannot be taken away again.

#ifndef LASTCOMMIT_DISK_CONFINED_VFS_H_
#define LASTCOMMIT_DISK_CONFINED_VFS_H_

#include <string>

#include "absl/status/status.h"

namespace lastcommit {

// From now on SQLite keeps to `directory` and what is beneath it, through what
// is the default VFS now. Called again, it keeps to the new one.
//
//  * Only regular files are opened, and no symbolic link is followed.
//  * Temporary files are in memory.
//  * Libraries are not loaded.
//
// NotFound, PermissionDenied ...: the directory cannot be resolved.
absl::Status ConfineSqlite(const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_CONFINED_VFS_H_
