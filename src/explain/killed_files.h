// The files that a killed process left, as a DiskMap: what a kill leaves is all
// there, and what recovery makes of it is said unit by unit.

#ifndef LASTCOMMIT_EXPLAIN_KILLED_FILES_H_
#define LASTCOMMIT_EXPLAIN_KILLED_FILES_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "explain/disk_map.h"

namespace lastcommit {

// Of the files in `directory`, which are only read. NotFound: there is no
// database. Another error is one of reading.
absl::StatusOr<DiskMap> KilledFiles(const std::string& directory,
                                    std::size_t round);

}  // namespace lastcommit

#endif  // LASTCOMMIT_EXPLAIN_KILLED_FILES_H_
