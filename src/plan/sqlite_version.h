// SQLite's version numbers as text: 3011000 is "3.11.0"
// (https://sqlite.org/c3ref/c_source_id.html).

#ifndef LASTCOMMIT_PLAN_SQLITE_VERSION_H_
#define LASTCOMMIT_PLAN_SQLITE_VERSION_H_

#include <optional>
#include <string>
#include <string_view>

namespace lastcommit {

std::string PrintSqliteVersion(int number);

// The inverse: three numbers of 0 to 999 without leading zeros, not all 0.
std::optional<int> ParseSqliteVersion(std::string_view text);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PLAN_SQLITE_VERSION_H_
