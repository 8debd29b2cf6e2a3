#include "oracle/lock_rows.h"

#include <array>
#include <cstddef>

namespace lastcommit {
namespace {

// Functions are those of SQLite 3.40.1 and 3.54.1, in pager.c and wal.c.
constexpr std::array<LockRow, kLockKinds> kRows = {{
    {LockKind::kShared, Holder::kAtWork, Refused::kAnybody,
     "https://sqlite.org/lockingv3.html section 3: a rollback journal's "
     "readers hold it as long as they read, writers until they end; "
     "sqlite3PagerSharedLock()"},
    {LockKind::kSharedWithIndex, Holder::kConnected, Refused::kAnybody,
     "pager_unlock(): with a WAL only the read transaction ends, the lock is "
     "kept until the connection closes; https://sqlite.org/wal.html"},
    {LockKind::kReserved, Holder::kWriting, Refused::kWriters,
     "https://sqlite.org/lockingv3.html section 3; sqlite3PagerBegin()"},
    {LockKind::kExclusiveOfWriter, Holder::kWriting, Refused::kWriters,
     "https://sqlite.org/lockingv3.html section 5: a spill or a COMMIT; "
     "PENDING stays if it fails; pager_wait_on_lock()"},
    {LockKind::kExclusiveOfRecovery, Holder::kAtWork, Refused::kAnybody,
     "https://sqlite.org/lockingv3.html section 4: who reads rolls back a hot "
     "journal, or what it must take for one while another one commits; "
     "hasHotJournal(), sqlite3PagerSharedLock()"},
    {LockKind::kExclusiveOfWal, Holder::kEndingWal, Refused::kModeChanges,
     "sqlite3WalClose(), sqlite3PagerCloseWal(): a close that does not get it "
     "is not the last one, and says nothing"},
    {LockKind::kWrite, Holder::kWriting, Refused::kWriters,
     "https://sqlite.org/walformat.html section 2.3; "
     "sqlite3WalBeginWriteTransaction()"},
    {LockKind::kWriteAndCopy, Holder::kCopying, Refused::kCheckpoints,
     "https://sqlite.org/c3ref/wal_checkpoint_v2.html: FULL, RESTART and "
     "TRUNCATE keep writers out; sqlite3WalCheckpoint()"},
    {LockKind::kWriteToLook, Holder::kAtWork, Refused::kCheckpointsOrOften,
     "walIndexReadHdr(): two copies of the header that differ are read again "
     "under it, by readers, too; walTryBeginRead() tries again"},
    {LockKind::kCheckpoint, Holder::kCopying, Refused::kCheckpoints,
     "https://sqlite.org/walformat.html section 2.3; sqlite3WalCheckpoint()"},
    {LockKind::kRecovery, Holder::kAtWork, Refused::kCheckpointsOrOften,
     "https://sqlite.org/walformat.html section 2.3: whoever comes first; "
     "walIndexRecover()"},
    {LockKind::kRecoveryLook, Holder::kAtWork, Refused::kAnybody,
     "https://sqlite.org/rescode.html#busy_recovery; walTryBeginRead()"},
    {LockKind::kReadMark, Holder::kAtWork, Refused::kCheckpointsOrOften,
     "https://sqlite.org/walformat.html section 2.3: for a read transaction; "
     "walTryBeginRead()"},
    {LockKind::kReadMarkChange, Holder::kAtWork, Refused::kCheckpointsOrOften,
     "walTryBeginRead() moves a mark, walRestartLog() and walCheckpoint() need "
     "them for a moment; whoever is refused takes another one or tries again"},
}};

}  // namespace

std::span<const LockRow> LockRows() { return kRows; }

const LockRow& RowOf(LockKind lock) {
  return kRows[static_cast<std::size_t>(lock)];
}

}  // namespace lastcommit
