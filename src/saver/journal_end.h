// The defence against the end of a rollback journal that a loss of power takes
// back when the next transaction has begun to write over it (docs/findings.md).
// Called when the database is opened, and by TransactionStack.

#ifndef LASTCOMMIT_SAVER_JOURNAL_END_H_
#define LASTCOMMIT_SAVER_JOURNAL_END_H_

#include "absl/status/status.h"
#include "saver/database.h"
#include "saver/settings.h"

namespace lastcommit::saver {

// Whether transactions of that mode write over the journal of the former one,
// at a level that promises something after a loss of power.
bool WritesOverJournal(JournalMode mode, Synchronous synchronous);

// Makes what is in the journal durable, if there is one, and its name. May be
// called whatever transactions are open.
absl::Status SyncJournal(Database& database);

// The same of a database without content; before it is read.
absl::Status SyncEmptyDatabase(Database& database);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_JOURNAL_END_H_
