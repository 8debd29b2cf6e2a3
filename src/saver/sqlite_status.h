// The one place where an SQLite result becomes an absl::Status.

#ifndef LASTCOMMIT_SAVER_SQLITE_STATUS_H_
#define LASTCOMMIT_SAVER_SQLITE_STATUS_H_

#include <string_view>

#include "absl/status/status.h"

struct sqlite3;

namespace lastcommit::saver {

// Maps a (extended) result code to the status codes listed in sqlite_saver.h.
// OK for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. The message names `what` was
// being done, the extended code by name and number and, if `connection` is not
// null, sqlite3_errmsg(). Without memory it has the code alone.
absl::Status SqliteStatus(int result, sqlite3* connection,
                          std::string_view what) noexcept;

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_SQLITE_STATUS_H_
