// The copy of a database that is checked, as SQLite reads it. What SQLite says
// of the file is an Answer, with all rows that came before it; only what it
// says of this machine is an error.

#ifndef LASTCOMMIT_VERIFY_CHECKED_DATABASE_H_
#define LASTCOMMIT_VERIFY_CHECKED_DATABASE_H_

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace lastcommit {

// Values as text, not escaped; NULL is "NULL".
using Row = std::vector<std::string>;

enum class AnswerKind {
  kAnswered,
  kDamaged,    // SQLITE_CORRUPT, SQLITE_NOTADB
  kUnchecked,  // what this SQLite cannot do: a function of a program is missing
};

struct Answer {
  std::vector<Row> rows;  // also those before an error
  AnswerKind kind = AnswerKind::kAnswered;
  int code = SQLITE_OK;  // the extended one
  std::string message;   // SQLite's own, escaped

  bool ok() const { return kind == AnswerKind::kAnswered; }
};

// The values with bars between them, escaped.
std::string Shown(const Row& row);

// As a string, and as a name, of SQL.
std::string QuotedText(const std::string& text);
std::string QuotedName(const std::string& name);

class CheckedDatabase {
 public:
  // Nothing is read yet.
  static absl::StatusOr<CheckedDatabase> Open(const std::string& path);

  // Ends after `limit` rows. Errors: ResourceExhausted and others of this
  // machine.
  absl::StatusOr<Answer> Ask(const std::string& sql,
                             std::size_t limit = SIZE_MAX);
  // The first value of the first row; 0 if there is none, or none that is a
  // number. What SQLite says against it is in `refused`.
  absl::StatusOr<std::int64_t> AskNumber(const std::string& sql,
                                         Answer& refused);

  sqlite3* connection() { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close(connection); }
  };
  explicit CheckedDatabase(sqlite3* connection) : connection_(connection) {}

  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_CHECKED_DATABASE_H_
