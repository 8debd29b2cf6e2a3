// IsJson: whether a text is JSON, told from a lack of memory.

#ifndef LASTCOMMIT_SAVER_JSON_H_
#define LASTCOMMIT_SAVER_JSON_H_

#include <string_view>

#include "absl/status/statusor.h"

struct sqlite3;

namespace lastcommit::saver {

// Whether json_valid() accepts `text`, which has no NUL. An error is one of
// SQLite's, ResourceExhausted if there is no memory to find out. Reads nothing
// of the database.
absl::StatusOr<bool> IsJson(sqlite3* connection, std::string_view text);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_JSON_H_
