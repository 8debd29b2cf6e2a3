// What is said about a WAL and a journal: which commits count, which SQLite
// ignores and why, what it will do when the database is opened.

#ifndef LASTCOMMIT_VERIFY_FILE_WORDS_H_
#define LASTCOMMIT_VERIFY_FILE_WORDS_H_

#include <cstdint>
#include <string>

#include "verify/journal_file.h"
#include "verify/report.h"
#include "verify/wal_file.h"

namespace lastcommit {

void SayWal(const WalState& wal, Report& report);
void SayJournal(const JournalState& journal, Report& report);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_FILE_WORDS_H_
