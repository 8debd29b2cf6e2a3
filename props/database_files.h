// Files of databases, whole and damaged at random, for what checks databases.

#ifndef LASTCOMMIT_PROPS_DATABASE_FILES_H_
#define LASTCOMMIT_PROPS_DATABASE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "props/independent_reading.h"

namespace lastcommit {

struct FilesOfKind {
  std::string name;
  DatabaseFiles files;
  // As they stood before the last commits: what is stale.
  DatabaseFiles older;
  // What is in it after each of its commits. The last is what `files` have.
  std::vector<Tables> states;
  std::size_t page_size = 0;
  bool is_ours = false;  // of SqliteSaver
};

std::vector<FilesOfKind> AllKindsOfFiles();

struct DamagedFiles {
  DatabaseFiles files;
  std::string what;             // for people
  bool has_only_flips = false;  // of at most 8 bits, in one file
  std::string changed;  // that file, if it is the only one that was changed
};

// The same for the same numbers.
DamagedFiles Damage(const FilesOfKind& kind, std::mt19937_64& random);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PROPS_DATABASE_FILES_H_
