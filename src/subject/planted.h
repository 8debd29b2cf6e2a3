// The planted savers: SqliteSaver with one bug each, of the kind that real
// programs have. Without a crash they answer like the ReferenceModel in
// everything; the tester must find each under SIGKILL, with the class that the
// entry names. Only the registry calls these.

#ifndef LASTCOMMIT_SUBJECT_PLANTED_H_
#define LASTCOMMIT_SUBJECT_PLANTED_H_

#include "subject/registry.h"

namespace lastcommit {

// Acknowledges a transaction and only then commits it.
SaverEntry PlantedAckBeforeCommit();

// Commits rows in one SQLite transaction and the commit counter in the next.
SaverEntry PlantedTwoTransactions();

// Keeps the bytes of blobs in files beside the database (named
// `<database>-blob-<hash>`), which no rollback of SQLite's undoes.
SaverEntry PlantedBlobInFile();

// Turns the journal off while it writes a blob outside a transaction.
SaverEntry PlantedJournalOff();

// Commits the good entries of a batch that it refuses, and takes them back in
// another transaction.
SaverEntry PlantedCommitInErrorPath();

// Writes a log entry of its own when it opens after a crash.
SaverEntry PlantedWriteInRecovery();

// Rebuilds log numbers after a crash in two transactions.
SaverEntry PlantedRecoveryInTwoTransactions();

// Creates its file in more than one transaction.
SaverEntry PlantedCreationInTwoTransactions();

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLANTED_H_
