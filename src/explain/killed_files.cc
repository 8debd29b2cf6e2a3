#include "explain/killed_files.h"

#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "trial/trial_files.h"
#include "verify/database_header.h"
#include "verify/journal_file.h"
#include "verify/wal_file.h"

namespace lastcommit {
namespace {

// Units from `next` on up to `last`, if there are any.
void AddUntil(std::int64_t last, UnitState state, std::int64_t& next,
              DiskFile& file) {
  if (next > last) return;
  file.units.push_back({next, last, state});
  next = last + 1;
}

DiskFile DatabaseFileOf(const DatabaseHeader& header) {
  DiskFile file = {kDatabaseName, "page", {}};
  std::int64_t next = 1;
  if (header.page_size > 0) {
    AddUntil(header.bytes / header.page_size, UnitState::kThere, next, file);
  }
  return file;
}

DiskFile WalFileOf(const WalState& wal) {
  DiskFile file = {absl::StrCat(kDatabaseName, "-wal"), "frame", {}};
  std::int64_t next = 1;
  AddUntil(wal.committed, UnitState::kCommitted, next, file);
  AddUntil(wal.valid, UnitState::kUncommitted, next, file);
  AddUntil(wal.frames, UnitState::kIgnored, next, file);
  return file;
}

DiskFile JournalFileOf(const JournalState& journal) {
  DiskFile file = {absl::StrCat(kDatabaseName, "-journal"), "record", {}};
  std::int64_t next = 1;
  AddUntil(journal.records,
           journal.fate == JournalFate::kRolledBack ? UnitState::kPutBack
                                                    : UnitState::kIgnored,
           next, file);
  return file;
}

}  // namespace

absl::StatusOr<DiskMap> KilledFiles(const std::string& directory,
                                    std::size_t round) {
  const std::string database = absl::StrCat(directory, "/", kDatabaseName);
  std::error_code error;
  if (!std::filesystem::exists(database, error)) {
    return absl::NotFoundError("no database");
  }
  ASSIGN_OR_RETURN(const DatabaseHeader header, ReadDatabaseHeader(database));
  ASSIGN_OR_RETURN(const WalState wal, ReadWal(database));
  ASSIGN_OR_RETURN(const JournalState journal,
                   ReadJournal(database, /*is_in_use=*/false));
  DiskMap map;
  map.round = round;
  map.is_killed = true;
  map.files.push_back(DatabaseFileOf(header));
  if (wal.bytes > 0) map.files.push_back(WalFileOf(wal));
  if (journal.bytes > 0) map.files.push_back(JournalFileOf(journal));
  return map;
}

}  // namespace lastcommit
