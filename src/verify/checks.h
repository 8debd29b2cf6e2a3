// The checks of a database that this process may write to: recovery,
// integrity_check, foreign_key_check, the schema. A damaged file may crash
// SQLite, so this is called in a child process (verify/verification.cc).

#ifndef LASTCOMMIT_VERIFY_CHECKS_H_
#define LASTCOMMIT_VERIFY_CHECKS_H_

#include <string>

#include "absl/status/statusor.h"
#include "verify/verification.h"

namespace lastcommit {

// `directory` holds the copy under the name kDatabaseName, with its WAL and
// journal, and room for another database. An error is one of the tester.
absl::StatusOr<Verification> CheckCopy(const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_CHECKS_H_
