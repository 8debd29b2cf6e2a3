// What stands around a database and concerns it, though it is in none of its
// bytes: other names of the file, processes that write where nobody will look.
// Only looks: nothing is opened but directories.

#ifndef LASTCOMMIT_VERIFY_SURROUNDINGS_H_
#define LASTCOMMIT_VERIFY_SURROUNDINGS_H_

#include <string>
#include <vector>

#include "verify/verification.h"

namespace lastcommit {

struct SurroundingLimits {
  // Of all processes together, and of the directory.
  static constexpr int kMostDescriptors = 500'000;
  static constexpr int kMostNames = 100'000;
};

struct Surrounding {
  Remark remark;        // a note or a warning
  std::string summary;  // of a warning
};

// `database` is a path without symbolic links. Processes of other users are
// seen by root only.
std::vector<Surrounding> LookAround(const std::string& database);

// Why the file is no database but a part of one (its -wal, -journal or -shm),
// and whose; empty if it is none, or if it cannot be read.
std::string WhoseFile(const std::string& path);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_SURROUNDINGS_H_
