// What a WAL says of its frames.

#ifndef LASTCOMMIT_JUDGE_WAL_FRAMES_H_
#define LASTCOMMIT_JUDGE_WAL_FRAMES_H_

#include <string>

#include "disk/storage.h"

namespace lastcommit {

// A transaction was committed whose frames have no checksum: the living see
// through the wal-index what no recovery finds. The partial-rollback bug of
// SQLite 3.11.0 to 3.50.1 leaves that (docs/findings.md). Not while somebody
// writes; https://sqlite.org/walformat.html has the format.
bool HasBrokenCommit(const Storage& image, const std::string& database);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_WAL_FRAMES_H_
