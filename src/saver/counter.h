// The commit counter: the row of table meta that every transaction changes.

#ifndef LASTCOMMIT_SAVER_COUNTER_H_
#define LASTCOMMIT_SAVER_COUNTER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "saver/database.h"

namespace lastcommit::saver {

// DataLoss if the row is missing.
absl::StatusOr<std::int64_t> ReadCounter(Database& database);
absl::Status WriteCounter(Database& database, std::int64_t value);

}  // namespace lastcommit::saver

#endif  // LASTCOMMIT_SAVER_COUNTER_H_
