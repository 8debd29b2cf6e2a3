// The checks of a database that this process may write to: recovery,
// integrity_check, foreign_key_check, virtual tables, the schema, digests. A
// damaged file may crash SQLite, so this is called in a child process
// (verify/verification.cc).

#ifndef LASTCOMMIT_VERIFY_CHECKS_H_
#define LASTCOMMIT_VERIFY_CHECKS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "verify/surroundings.h"
#include "verify/verification.h"

namespace lastcommit {

struct CopyToCheck {
  // It holds the copy under the name kDatabaseName, with its WAL and journal,
  // and room for another database.
  std::string directory;
  // When it was copied, a process was in a transaction with its journal.
  bool is_in_use = false;
  std::vector<Surrounding> surroundings = {};  // of what was copied
};

// An error is one of the tester.
absl::StatusOr<Verification> CheckCopy(const CopyToCheck& copy);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_CHECKS_H_
