// A call of the VFS in SQLite's words, for the story of clients: "xShmLock of
// the wal-index, taking WRITE". A pure function.

#ifndef LASTCOMMIT_TRIAL_CALL_WORDS_H_
#define LASTCOMMIT_TRIAL_CALL_WORDS_H_

#include <string>

#include "disk/vfs_call.h"

namespace lastcommit {

std::string InWords(const VfsCall& call);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CALL_WORDS_H_
