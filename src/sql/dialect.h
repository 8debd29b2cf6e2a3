// Dialect: the vocabulary that a script is. Its operations are the script's
// transactions and queries; its rules are the same SQL, run one after the other
// on a database in memory that never crashes.

#ifndef LASTCOMMIT_SQL_DIALECT_H_
#define LASTCOMMIT_SQL_DIALECT_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql/script.h"
#include "sql/tables.h"
#include "store/operation.h"
#include "store/vocabulary.h"

namespace lastcommit::sql {

// A script that was found to be fit: it runs, and what it does follows from its
// parameters and the state alone.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // Lives as long as the program, as plans want it. Its name is "sql-" and
  // eight hexadecimal digits of the script's bytes.
  virtual const Vocabulary& vocabulary() const = 0;
  virtual const Script& script() const = 0;
  virtual const Tables& tables() const = 0;
  // PRAGMA foreign_keys, as the script leaves it.
  virtual bool enforces_foreign_keys() const = 0;
  virtual const Transaction& TransactionOf(
      const Operation& operation) const = 0;
};

// Reads and checks a script, once a process: a second call with the same path
// gives the same dialect. InvalidArgument with file and line, NotFound,
// FailedPrecondition if there is another one already. Not thread-safe.
absl::StatusOr<const Dialect*> UseScript(const std::string& path);

// Only whether the script is fit: what UseScript() would say of it.
absl::Status CheckScript(const std::string& path);
// The same of a text; `path` is for messages.
absl::Status CheckScriptText(const std::string& path, std::string text);
// What it would say of each transaction of the text, ":LINE: why". An error is
// about none of them.
absl::StatusOr<std::vector<std::string>> UnfitTransactions(std::string text);

// The model forgets the states of the trial before; without a script nothing
// happens.
void BeginTrial();

// nullptr before UseScript().
const Dialect* UsedScript();

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_DIALECT_H_
