// Reads the tables of SqliteSaver by plain SQL, without any of its code, so
// that a store that lies about its own content is seen.

#ifndef LASTCOMMIT_SUBJECT_SQL_READER_H_
#define LASTCOMMIT_SUBJECT_SQL_READER_H_

#include <string>

#include "absl/status/statusor.h"
#include "model/state.h"

struct sqlite3;

namespace lastcommit {

// One read transaction over all tables. Unavailable when the database is
// locked, DataLoss when it is damaged. `path` is not used: the rows are all
// there is (see SaverEntry::read).
absl::StatusOr<State> ReadStateBySql(sqlite3* connection,
                                     const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_SQL_READER_H_
