// The file that SQLite is going to open, before SQLite sees it. By plain system
// calls: a path that only options.vfs understands passes, and shows when SQLite
// opens it.

#ifndef LASTCOMMIT_SAVER_NEW_FILE_H_
#define LASTCOMMIT_SAVER_NEW_FILE_H_

#include <string>

#include "absl/status/status.h"

namespace lastcommit::saver {

// FailedPrecondition: the path leads to something that is no file (SQLite would
// wait for a FIFO's other end), or in a circle.
absl::Status CheckIsNoOtherThanAFile(const std::string& path);

// Creates a missing file empty, with the mode 0600; SQLite itself would take
// 0644. Through a symbolic link too.
void CreateIfMissing(const std::string& path);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_NEW_FILE_H_
