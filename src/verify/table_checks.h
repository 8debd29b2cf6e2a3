// What SQLite itself checks: integrity_check and foreign_key_check, table by
// table where the whole fails, and the own checks of virtual tables. Nothing
// that one table lacks (a collation, a function, a module of its program) hides
// damage in another.

#ifndef LASTCOMMIT_VERIFY_TABLE_CHECKS_H_
#define LASTCOMMIT_VERIFY_TABLE_CHECKS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "verify/checked_database.h"
#include "verify/report.h"

namespace lastcommit {

// Each returns an error of this machine alone. `as_a_whole` is false where the
// schema could be read in part only: then each table by itself.
absl::Status CheckIntegrity(CheckedDatabase& database, bool as_a_whole,
                            Report& report);

// How many rows refer to nothing. SQLite does not enforce foreign keys unless
// the program asks for it (https://sqlite.org/foreignkeys.html#fk_enable): so
// they are damage only in a database of a program that always does.
absl::StatusOr<std::int64_t> CheckForeignKeys(CheckedDatabase& database,
                                              bool are_enforced,
                                              Report& report);

// FTS3, FTS4, FTS5 and R-Tree keep an index in tables of their own, which
// integrity_check takes for rows like any.
absl::Status CheckVirtualTables(CheckedDatabase& database, Report& report);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_TABLE_CHECKS_H_
