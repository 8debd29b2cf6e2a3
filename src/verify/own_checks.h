// What only the program of the saver can say about its own databases: that the
// schema is complete, that all bytes are those of their digests, that the saver
// opens it.

#ifndef LASTCOMMIT_VERIFY_OWN_CHECKS_H_
#define LASTCOMMIT_VERIFY_OWN_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "verify/checked_database.h"
#include "verify/report.h"

namespace lastcommit {

// Against the schema of a new database, which is made in `directory`.
absl::Status CompareSchema(CheckedDatabase& database,
                           const std::string& directory, Report& report);

// Every digest that there is, whatever the version of the schema. What does not
// match is named.
absl::Status CheckDigests(CheckedDatabase& database, Report& report);

// Opening writes: nothing else has the database open then.
absl::Status OpenBySaver(const std::string& path, Report& report);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_OWN_CHECKS_H_
