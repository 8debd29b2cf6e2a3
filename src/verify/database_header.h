// The header of a database file and the look of its pages, read without SQLite,
// which says no more than "file is not a database" where the header is gone
// (https://sqlite.org/fileformat2.html#the_database_header). Only reads.

#ifndef LASTCOMMIT_VERIFY_DATABASE_HEADER_H_
#define LASTCOMMIT_VERIFY_DATABASE_HEADER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lastcommit {

struct DatabaseHeader {
  std::int64_t bytes = 0;  // of the file
  bool has_magic = false;
  // It has the bytes that are the same in each version of the format, and a
  // size of pages that there is.
  bool is_plausible = false;
  int page_size = 0;  // 0: no size that there is
  int write_version = 0;
  int read_version = 0;
  int schema_format = 0;
  int writer = 0;  // SQLITE_VERSION_NUMBER of the last writer; 0: not said
};

// The highest version of the format that is known: 1 journal, 2 WAL
// (https://sqlite.org/fileformat2.html#file_format_version_numbers).
inline constexpr int kKnownFormat = 2;

// An error is one of reading. A file that is shorter has no magic.
absl::StatusOr<DatabaseHeader> ReadDatabaseHeader(const std::string& database);

// 3040001 is 3.40.1.
std::string VersionName(int version_number);

// What speaks for a database whose header was overwritten, and against an
// encrypted one or a file of another program: empty if nothing does. The WAL
// beside it is looked at, too.
absl::StatusOr<std::string> TracesOfADatabase(const std::string& database);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_DATABASE_HEADER_H_
