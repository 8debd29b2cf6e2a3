// Real files that belong to a Storage: written out for a process to open, and
// compared with it. -shm files are no part of either.

#ifndef LASTCOMMIT_DISK_REAL_FILES_H_
#define LASTCOMMIT_DISK_REAL_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "disk/storage.h"

namespace lastcommit {

// nullopt: there is none, or it cannot be read.
std::optional<std::string> ReadRealFile(const std::string& path);

// The contents of one of the storage's files, which must be there.
std::string ContentOf(const Storage& storage, const std::string& name);

// What differs, a line for each file; none if sizes and contents are equal.
std::vector<std::string> DifferencesFrom(const Storage& storage,
                                         const std::string& directory);

// Makes the files of `directory` those of `image`. Of the others it removes
// those that `before` names and every -shm; what neither knows of stays, as it
// was not written through SQLite.
absl::Status WriteImage(const Storage& image, const Storage& before,
                        const std::string& directory);

}  // namespace lastcommit

#endif  // LASTCOMMIT_DISK_REAL_FILES_H_
