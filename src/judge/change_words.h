// A change that a loss of power takes, in the words of SQLite's file format
// (https://sqlite.org/fileformat2.html): pages of a database, frames of a WAL,
// the header of a journal.

#ifndef LASTCOMMIT_JUDGE_CHANGE_WORDS_H_
#define LASTCOMMIT_JUDGE_CHANGE_WORDS_H_

#include <string>

#include "disk/storage.h"

namespace lastcommit {

// "4096 bytes at 8192 of a.db: page 3". Paths are said below `root`, and
// escaped. `storage` is the disk before the loss, whose files say how large a
// page is; where they do not, only the bytes are said.
std::string InWords(const PendingChange& change, const Storage& storage,
                    const std::string& root);

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_CHANGE_WORDS_H_
