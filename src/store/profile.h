// Profile: the SQLite settings that a store is opened with, and what its disk
// promises.

#ifndef LASTCOMMIT_STORE_PROFILE_H_
#define LASTCOMMIT_STORE_PROFILE_H_

#include "saver/settings.h"

namespace lastcommit {

// The defaults are SqliteSaver's and the unix VFS's.
struct Profile {
  saver::JournalMode journal_mode = saver::JournalMode::kWal;
  saver::Synchronous synchronous = saver::Synchronous::kFull;
  int page_size = 4096;
  int cache_size = 0;  // pages; 0 = SQLite's default
  int wal_autocheckpoint = 1000;
  int sector_size = 4096;
  // https://sqlite.org/psow.html
  bool powersafe_overwrite = true;

  bool operator==(const Profile&) const = default;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_STORE_PROFILE_H_
