// Reads a whole store by plain SQL, without its code.

#ifndef LASTCOMMIT_SUBJECT_SQL_READER_H_
#define LASTCOMMIT_SUBJECT_SQL_READER_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "store/state.h"

struct sqlite3;

namespace lastcommit {

// The rows of a table: first the columns that tell a row apart, as its spec
// says, then those that are hashed.
struct TableQuery {
  const TableSpec* table;
  std::string_view sql;
};

// In one read transaction of the caller's connection. The commit counter is the
// `value` of the key 'commit_counter' in the table `meta`. A database without a
// schema gives cut -1; DataLoss: a schema without the counter.
absl::StatusOr<State> ReadTables(sqlite3* connection,
                                 std::span<const TableQuery> tables);

// Adds the rows of the tables, in whatever transaction is open.
absl::Status AddRows(sqlite3* connection, std::span<const TableQuery> tables,
                     State& state);

// Of a store of the vocabulary `threads` with SqliteSaver's tables; as
// SaverEntry::read.
absl::StatusOr<State> ReadStateBySql(sqlite3* connection,
                                     const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_SUBJECT_SQL_READER_H_
