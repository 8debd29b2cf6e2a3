// Cause: why a loss of power can take something that was promised, or leave
// half of it, as it is read off the syncs of a recording.

#ifndef LASTCOMMIT_JUDGE_CAUSE_H_
#define LASTCOMMIT_JUDGE_CAUSE_H_

#include <string_view>

namespace lastcommit {

// Settings come first: SQLite's documentation allows the loss, or the program
// itself left a sync out.
enum class Cause {
  kWalNotSynced,        // WAL at NORMAL or OFF
  kDirectoryNotSynced,  // the name of the journal or of the database
  kJournalNotSynced,    // the end of the journal: TRUNCATE at NORMAL
  kDatabaseNotSynced,   // OFF: written without syncs
  kJournalSyncedOnce,   // a rollback journal at NORMAL
  kUnprotected,         // journal_mode MEMORY or OFF, or no SQLite at all
  kOwnFilesNotSynced,   // the program put a file or a directory in its place
  kAttachedWal,         // several databases and one transaction, in WAL mode
  kVacuumUndone,        // bugs of SQLite that are known (docs/findings.md)
  kPartialRollback,
  kMissingSync,  // a bug: no level leaves this sync out alone
  kUnknown,      // a bug: all was synced
};
inline constexpr int kCauses = static_cast<int>(Cause::kUnknown) + 1;

// "wal_not_synced".
std::string_view Name(Cause cause);
inline bool IsSetting(Cause cause) { return cause < Cause::kVacuumUndone; }

}  // namespace lastcommit

#endif  // LASTCOMMIT_JUDGE_CAUSE_H_
