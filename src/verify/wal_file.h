// What a -wal file holds, read byte by byte and without SQLite, because SQLite
// says nothing about the frames that it ignores
// (https://sqlite.org/fileformat2.html#walformat). Only reads.

#ifndef LASTCOMMIT_VERIFY_WAL_FILE_H_
#define LASTCOMMIT_VERIFY_WAL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lastcommit {

struct WalState {
  std::int64_t bytes = 0;         // 0 also if there is no such file
  bool has_valid_header = false;  // SQLite ignores all of it without one
  std::int64_t frames = 0;        // for which the file has room
  std::int64_t valid = 0;         // from the first on, until one does not match
  std::int64_t committed = 0;     // of the valid ones
  std::int64_t transactions = 0;
  // The pages of the database that committed frames hold, and how many of them
  // stand in the database file just so: a checkpoint has moved them.
  std::int64_t pages = 0;
  std::int64_t checkpointed_pages = 0;
  // Commit frames with the salts of this WAL behind the first frame that does
  // not match. SQLite ignores them, and no killed process leaves any: frames
  // are written in order, and old ones have other salts.
  std::int64_t commits_behind_a_gap = 0;
};

// The WAL of `database`. An error is one of reading.
absl::StatusOr<WalState> ReadWal(const std::string& database);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_WAL_FILE_H_
