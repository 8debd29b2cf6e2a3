// Tables: what a database of a script holds, as the rows of a State.

#ifndef LASTCOMMIT_SQL_TABLES_H_
#define LASTCOMMIT_SQL_TABLES_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sql/script.h"
#include "store/state.h"

struct sqlite3;

namespace lastcommit::sql {

// A row is told apart by its values, as people read them: what changed one is
// seen as a row that is missing and one that nobody put there. Rowids are none
// of its values unless a column is one. Shadow tables of virtual tables are not
// read: the virtual table is.
class Tables {
 public:
  // Those that the connection has in its main database, and in the attached
  // ones of those names, in the order of their names.
  static absl::StatusOr<Tables> Of(sqlite3* connection,
                                   const std::vector<std::string>& attached);

  // The schema and all rows, in whatever transaction is open.
  absl::Status AddRows(sqlite3* connection, State& state) const;
  // The rows that the invariants give. The model has none of them, so that each
  // is a difference.
  absl::Status AddBroken(sqlite3* connection,
                         const std::vector<Invariant>& invariants,
                         State& state) const;

 private:
  struct Table {
    std::string name;
    std::string select;
    TableSpec spec;
  };

  std::vector<std::string> databases_;  // their names, the main one first
  // Specs are pointed to by rows: they stay where they are.
  std::deque<Table> tables_;
};

// As a name of SQL.
std::string QuotedName(const std::string& name);

// The first row of a broken invariant; nullptr if there is none, as in any
// state of a store that no script describes.
const RowKey* BrokenIn(const State& state);
// The same state without such rows.
State WithoutBroken(State state);

}  // namespace lastcommit::sql

#endif  // LASTCOMMIT_SQL_TABLES_H_
