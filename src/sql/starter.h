// A script to start from, of a database that exists: its schema, and for each
// table an insert, an update and a delete.

#ifndef LASTCOMMIT_SQL_STARTER_H_
#define LASTCOMMIT_SQL_STARTER_H_

#include <string>

#include "absl/status/statusor.h"

struct sqlite3;

namespace lastcommit::sql {

// A script that CheckScript() takes, of the database that the connection has
// open; nothing of its rows is in it. What a script cannot have, or SQLite
// refused each time, stands there as a comment, with why. `name` is for people.
// InvalidArgument: there is no table, none that a script can change, or the
// schema is none that this SQLite can make anew. Other errors are those of
// reading.
absl::StatusOr<std::string> StarterScript(sqlite3* connection,
                                          const std::string& name);

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_STARTER_H_
