// What a -wal file holds, read byte by byte and without SQLite, because SQLite
// says nothing about the frames that it ignores
// (https://sqlite.org/fileformat2.html#walformat). Only reads.

#ifndef LASTCOMMIT_VERIFY_WAL_FILE_H_
#define LASTCOMMIT_VERIFY_WAL_FILE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace lastcommit {

// SQLite ignores the whole WAL without a valid one; a version that it does not
// know it refuses.
enum class WalHeader {
  kNone,      // no WAL, or an empty one
  kTooShort,  // for a header and something behind it
  kNoMagic,   // or a size of pages that there is not
  kWrongChecksum,
  kUnknownVersion,
  kValid,
};

// Why SQLite reads no further than the last valid frame.
enum class WalEnd {
  kFileEnds,
  kWrongChecksum,  // or page number 0
  kOlder,          // what is left of a generation of before the WAL began anew
  kNewer,          // the header is older than the frames
  kForeign,        // salts that no generation near this one has
};

struct WalState {
  std::int64_t bytes = 0;  // 0 also if there is no such file
  WalHeader header = WalHeader::kNone;
  std::int64_t frames = 0;     // for which the file has room
  std::int64_t valid = 0;      // from the first on, until one does not match
  std::int64_t committed = 0;  // of the valid ones
  std::int64_t transactions = 0;
  WalEnd end = WalEnd::kFileEnds;
  // The pages of the database that committed frames hold, and how many of them
  // stand in the database file just so: a checkpoint has moved them.
  std::int64_t pages = 0;
  std::int64_t checkpointed_pages = 0;

  // Transactions behind the valid frames, which SQLite ignores, by their commit
  // frames: of this generation, of newer ones, of older or foreign ones. No
  // killed process leaves any of the first two but one, the last, whose frame
  // was cut short: frames are written in order, and old ones have other salts.
  std::int64_t ignored = 0;
  std::int64_t ignored_newer = 0;
  std::int64_t ignored_older = 0;
  // Of `ignored` and `ignored_newer`, those whose commit frame fits to the one
  // before it: it was written as a whole, behind a frame that was there.
  std::int64_t ignored_whole = 0;
  // The pages that they hold, and how many stand in the database just so.
  std::int64_t ignored_pages = 0;
  std::int64_t ignored_pages_in_database = 0;
};

// The WAL of `database`. An error is one of reading.
absl::StatusOr<WalState> ReadWal(const std::string& database);

}  // namespace lastcommit

#endif  // LASTCOMMIT_VERIFY_WAL_FILE_H_
