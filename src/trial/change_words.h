// A change of a file that no sync has covered, in SQLite's words: "database
// page 4", "WAL frame 7 of commit 3", "journal record of page 5". What a file
// has in it is read as https://sqlite.org/fileformat2.html says; where it makes
// no sense, there are byte ranges. Pure functions.

#ifndef LASTCOMMIT_TRIAL_CHANGE_WORDS_H_
#define LASTCOMMIT_TRIAL_CHANGE_WORDS_H_

#include <string>

#include "disk/storage.h"
#include "plan/fault.h"

namespace lastcommit {

// `then` is the disk as the program saw it when the change had been made.
// `page_size` counts where the files do not say it. Commits are those of the
// WAL, from its beginning.
std::string InWords(const PendingChange& change, const Storage& then,
                    int page_size);

// What became of the change with that name: "lost: ..." or "torn: ..." with
// ranges of bytes in the file, both ends included.
std::string FateInWords(const Fate& fate, const PendingChange& change,
                        const std::string& name);

}  // namespace lastcommit

#endif  // LASTCOMMIT_TRIAL_CHANGE_WORDS_H_
