// How the planted savers go behind SqliteSaver's back: one SQL statement on its
// connection.

#ifndef LASTCOMMIT_SUBJECT_PLANTED_SQL_H_
#define LASTCOMMIT_SUBJECT_PLANTED_SQL_H_

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

struct sqlite3;

namespace lastcommit {

// Runs one statement to its end, with `texts` as its parameters ?1, ?2, ...
// Returns the first column of the first row, nullopt without a row.
absl::StatusOr<std::optional<std::string>> RunSql(
    sqlite3* connection, std::string_view sql,
    std::initializer_list<std::string_view> texts = {});

// Inside a transaction of SqliteSaver: it will not count as a commit.
absl::Status HideFromCommitCounter(sqlite3* connection);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_PLANTED_SQL_H_
