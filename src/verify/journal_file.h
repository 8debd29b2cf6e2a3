// What a rollback journal holds and what SQLite will do with it, read byte by
// byte and without SQLite, which deletes it either way
// (https://sqlite.org/fileformat2.html#the_rollback_journal). Only reads.

#ifndef LASTCOMMIT_VERIFY_JOURNAL_FILE_H_
#define LASTCOMMIT_VERIFY_JOURNAL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lastcommit {

// As hasHotJournal() and pager_playback() of SQLite's pager.c decide.
enum class JournalFate {
  kNone,   // there is no journal
  kCold,   // it is empty or begins with a zero: its transaction has ended
  kInUse,  // its transaction is under way in a living process
  kDatabaseIsEmpty,  // deleted unread
  kNoHeader,         // deleted: it never had a whole header
  kSuperIsGone,      // deleted: the transaction of several files was committed
  kRolledBack,
};

struct JournalState {
  JournalFate fate = JournalFate::kNone;
  std::int64_t bytes = 0;
  // Where there is a header: the database before its transaction, and the pages
  // of it that can be written back, until one does not match its checksum.
  std::int64_t original_pages = 0;
  std::int64_t records = 0;
  // It counts one that does not match. A header counts what it was synced with,
  // if anything was synced, before the database was written.
  bool is_broken = false;
  // The super-journal that it names (https://sqlite.org/atomiccommit.html
  // #_multi_file_commit): without that file it is not rolled back.
  std::string super_journal;
};

// The journal of `database`, which lies beside it. `is_in_use`: a process has
// the RESERVED lock of the database that was copied. An error is one of
// reading.
absl::StatusOr<JournalState> ReadJournal(const std::string& database,
                                         bool is_in_use);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_JOURNAL_FILE_H_
