// The table of locks, a row for each kind: who may hold it, and whom it makes
// busy to be refused it. A claim about SQLite, each row with its source.

#ifndef LASTCOMMIT_ORACLE_LOCK_ROWS_H_
#define LASTCOMMIT_ORACLE_LOCK_ROWS_H_

#include <span>

#include "oracle/lock_refusal.h"

namespace lastcommit {

// The clients that may hold a lock.
enum class Holder {
  kConnected,  // those that have the database open, at work or not
  kAtWork,     // in the middle of a step, or in a transaction
  kWriting,    // in a transaction, or a step that may write
  kCopying,    // a step that may checkpoint
  kEndingWal,  // a step that may be the last to use a WAL
};

// The steps that are busy when they are refused a lock.
enum class Refused {
  kAnybody,
  kWriters,
  kModeChanges,  // steps that may leave WAL
  kCheckpoints,
  // A checkpoint, or a step that has tried too often (SQLITE_PROTOCOL).
  kCheckpointsOrOften,
};

struct LockRow {
  LockKind lock;
  Holder holder;
  Refused refused;
  const char* source;
};

// By LockKind, all of them.
std::span<const LockRow> LockRows();

const LockRow& RowOf(LockKind lock);

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_LOCK_ROWS_H_
