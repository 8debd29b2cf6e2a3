#include "saver/partial_rollback.h"

#include <sqlite3.h>

#include "saver/counter.h"
#include "saver/sqlite_status.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

int PagesWritten(sqlite3* connection) {
  int written = 0;
  int unused_highwater = 0;
  sqlite3_db_status(connection, SQLITE_DBSTATUS_CACHE_WRITE, &written,
                    &unused_highwater, /*resetFlg=*/0);
  return written;
}

// Writes the page of the counter into the WAL. True if a page was written.
absl::StatusOr<bool> WriteCounterThrough(Database& database,
                                         std::int64_t value) {
  RETURN_IF_ERROR(WriteCounter(database, value));
  const int before = PagesWritten(database.connection());
  const int result = sqlite3_db_cacheflush(database.connection());
  RETURN_IF_ERROR(
      SqliteStatus(result, database.connection(), "flush the commit counter"));
  return PagesWritten(database.connection()) > before;
}

}  // namespace

bool HasPartialRollbackBug(int version_number) {
  return version_number >= 3011000 && version_number < 3050002;
}

// The bug: when a page that the transaction already put into the WAL is written
// again, SQLite overwrites the frame in place, notes in Wal.iReCksum from which
// frame on COMMIT must compute the checksums again, and leaves the checksums of
// all later frames out. sqlite3WalSavepointUndo() takes frames back but leaves
// iReCksum, which may then point behind frames that have no checksum; COMMIT
// does not repair those, and recovery stops at the first of them.
//
// So make iReCksum small before there is anything to go back to: write one page
// twice at the beginning of the transaction. iReCksum only ever gets smaller
// within a transaction, and no later savepoint lies below the frame it names.
// The two values differ because SQLite does not write an unchanged page.
absl::StatusOr<bool> WriteCounterTwice(Database& database,
                                       std::int64_t counter) {
  ASSIGN_OR_RETURN(const bool is_first_written,
                   WriteCounterThrough(database, -counter));
  ASSIGN_OR_RETURN(const bool is_second_written,
                   WriteCounterThrough(database, counter));
  return is_first_written && is_second_written;
}

}  // namespace lastcommit::saver
