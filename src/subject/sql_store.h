// The store that a script describes (sql/script.h), for the registry.

#ifndef LASTCOMMIT_SUBJECT_SQL_STORE_H_
#define LASTCOMMIT_SUBJECT_SQL_STORE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "subject/registry.h"

namespace lastcommit {

// Reads the script and makes its dialect and its store known under the
// dialect's name, which is returned. Before the first plan, in a process that
// has not started others. The errors of sql::UseScript().
absl::StatusOr<std::string> UseSqlScript(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_SQL_STORE_H_
