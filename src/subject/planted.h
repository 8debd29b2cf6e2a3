// The planted savers: SqliteSaver with one bug each, of the kind that real
// programs have. The tester must find each with the class that the entry names:
// under SIGKILL, or under the faults of SaverEntry::shown_by, or with several
// clients (SaverEntry::needs_clients). Without a fault, and alone, they answer
// like the ReferenceModel in everything, but for those whose bugs need none
// (SaverEntry::needs_crash). Only the registry calls these.

#ifndef LASTCOMMIT_SUBJECT_PLANTED_H_
#define LASTCOMMIT_SUBJECT_PLANTED_H_

#include "subject/registry.h"

namespace lastcommit {

// Acknowledges a transaction and only then commits it.
SaverEntry PlantedAckBeforeCommit();

// Commits rows in one SQLite transaction and the commit counter in the next.
SaverEntry PlantedTwoTransactions();

// Keeps the bytes of blobs in files beside the database (named
// `<database>-blob-<digest>`), which no rollback of SQLite's undoes.
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

// Creates its file before it sets `synchronous`.
SaverEntry PlantedCreationBeforeSettings();

// Writes the tombstone of a thread in one transaction, deletes it in the next.
SaverEntry PlantedDeleteInTwoTransactions();

// Makes the thread in one transaction, the copy in it in the next.
SaverEntry PlantedCopyInTwoTransactions();

// Commits the chunks of a streamed blob one by one.
SaverEntry PlantedChunksOneByOne();

// Deletes the WAL that it finds on opening.
SaverEntry PlantedWalThrownAway();

// Goes on after a crash with the log numbers that the database file has without
// its WAL.
SaverEntry PlantedLogNumbersReused();

// Writes the sequence of the checkpoints when it closes.
SaverEntry PlantedCounterWrittenAtClose();

// Replaces a pending write that is there already.
SaverEntry PlantedOverwritesFirstWrite();

// Ends blobs at their first NUL.
SaverEntry PlantedBlobAsText();

// Leaves the digest of a checkpoint that is put again as it was.
SaverEntry PlantedFirstDigestKept();

// Answers OK for a batch of which SQLite refused an entry.
SaverEntry PlantedSwallowedError();

// Forgets that a thread was deleted.
SaverEntry PlantedNoTombstone();

// Acknowledges what it commits to a file that another program has removed.
SaverEntry PlantedRemovedFilesUnnoticed();

// Compares a task's version with a copy in memory that a rollback leaves alone.
SaverEntry PlantedTaskVersionOutside();

// Run on a disk that drops the syncs of the WAL, of the database file, of the
// directory.
SaverEntry PlantedWalSyncDropped();
SaverEntry PlantedDatabaseSyncDropped();
SaverEntry PlantedDirectorySyncDropped();

// Runs with synchronous NORMAL, whatever was asked for.
SaverEntry PlantedNormalOnly();

// Turns synchronous off around bulk writes.
SaverEntry PlantedBulkUnsynced();

// Checkpoints the WAL without a sync.
SaverEntry PlantedCheckpointUnsynced();

// Closes with synchronous OFF, so that the last checkpoint has no sync.
SaverEntry PlantedCloseUnsynced();

// Writes the newest frame of the WAL again after it was synced.
SaverEntry PlantedWalRewritten();

// Answer OK to a checkpoint, a VACUUM, a change of the journal mode, and do
// nothing.
SaverEntry PlantedCheckpointDoesNothing();
SaverEntry PlantedVacuumDoesNothing();
SaverEntry PlantedModeChangeDoesNothing();

// Backs up the database file without its WAL.
SaverEntry PlantedBackupWithoutWal();

// Migrates in two transactions; leaves out rows.
SaverEntry PlantedMigrationInTwoCommits();
SaverEntry PlantedMigrationLosesRows();

// Says OK for a COMMIT that failed.
SaverEntry PlantedFailedCommitIgnored();

// Repeats a COMMIT that failed until there is no transaction any more, which it
// takes for success.
SaverEntry PlantedFailedCommitRepeated();

// Says OK when the disk is full.
SaverEntry PlantedFullDiskIgnored();

// Keeps what a call had done that std::bad_alloc ended.
SaverEntry PlantedHalfWithoutMemory();

// Acknowledges a COMMIT whether or not it failed, and then says that it did.
SaverEntry PlantedAcknowledgedInAnyCase();

// Says of a COMMIT that failed that it is not there; says of everything that
// failed that it may be.
SaverEntry PlantedDoubtDenied();
SaverEntry PlantedDoubtEverywhere();

// Does not get over an interrupt, or over a transaction that was aborted.
SaverEntry PlantedInterruptedForEver();
SaverEntry PlantedAbortedForEver();

// Calls an error by the wrong name.
SaverEntry PlantedIoErrorAsNotFound();
SaverEntry PlantedIoErrorAsBusy();

// Says that a transaction is open which SQLite has rolled back.
SaverEntry PlantedFlagOfItsOwn();

// Does not close its connection after an error.
SaverEntry PlantedOpenAfterError();

// ---- The ends of a connection's life ----

// Leaves the WAL when it closes; commits what is open then.
SaverEntry PlantedWalLeftByClose();
SaverEntry PlantedCommitAtClose();

// Refuses to open what a crash has left; does not write to it.
SaverEntry PlantedRecoveryRefused();
SaverEntry PlantedReadOnlyAfterCrash();

// ---- Those whose bugs several clients show ----

// Reads the commit counter before it has the write lock.
SaverEntry PlantedCounterReadBeforeLock();

// Compares a task's version with what it read before the transaction.
SaverEntry PlantedTaskCheckBeforeLock();

// Takes the WAL for empty after a checkpoint that was busy.
SaverEntry PlantedBusyCheckpointIgnored();

// Reads from a snapshot that only its own commits end.
SaverEntry PlantedReaderNeverReset();

// Changes the journal mode with PRAGMA journal_mode and nothing else.
SaverEntry PlantedBareModeChange();

// Backs up the logs in one transaction and everything else in the next.
SaverEntry PlantedBackupInTwoReads();

// The second client runs with synchronous NORMAL, whatever was asked for; says
// OK for a COMMIT that failed.
SaverEntry PlantedNormalForOthers();
SaverEntry PlantedOthersIgnoreFailedCommit();

// Takes the write lock to read.
SaverEntry PlantedReadAsAWriter();

// Keeps the write lock after a rollback, until it is used again.
SaverEntry PlantedWriteLockKept();

// Says that the database is busy without having tried.
SaverEntry PlantedBusyWithoutATry();

// Updates no task in a transaction if anybody else has committed since its
// last.
SaverEntry PlantedAllTakenForChanged();

// Run on a disk whose locks of the wal-index exclude nobody, and on one where a
// close of any descriptor ends all locks of its process.
SaverEntry PlantedIndexLocksShared();
SaverEntry PlantedLocksLostByClose();

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLANTED_H_
