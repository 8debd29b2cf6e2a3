#include "explain/killed_files.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "status/status.h"
#include "store/attached.h"
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

DiskFile DatabaseFileOf(const std::string& name, const DatabaseHeader& header,
                        const JournalState& journal) {
  DiskFile file = {name, "page", {}};
  std::int64_t next = 1;
  if (header.page_size > 0) {
    AddUntil(header.bytes / header.page_size, UnitState::kThere, next, file);
  }
  if (journal.fate == JournalFate::kRolledBack && !file.units.empty()) {
    file.units[0].change =
        absl::StrCat("of which the journal puts back ", journal.records);
  }
  return file;
}

// Without a database that says so SQLite has no use for a WAL
// (https://sqlite.org/fileformat2.html#file_format_version_numbers).
DiskFile WalFileOf(const std::string& name, const WalState& wal,
                   const DatabaseHeader& header) {
  DiskFile file = {absl::StrCat(name, "-wal"), "frame", {}};
  const bool is_used = header.bytes > 0 && header.read_version == 2;
  std::int64_t next = 1;
  if (is_used) {
    AddUntil(wal.committed, UnitState::kCommitted, next, file);
    AddUntil(wal.valid, UnitState::kUncommitted, next, file);
  }
  AddUntil(wal.frames, UnitState::kIgnored, next, file);
  return file;
}

DiskFile JournalFileOf(const std::string& name, const JournalState& journal) {
  DiskFile file = {absl::StrCat(name, "-journal"), "record", {}};
  std::int64_t next = 1;
  AddUntil(journal.records,
           journal.fate == JournalFate::kRolledBack ? UnitState::kPutBack
                                                    : UnitState::kIgnored,
           next, file);
  if (journal.is_broken && !file.units.empty()) {
    file.units.back().change = "and behind it one that does not match";
  }
  return file;
}

// Of one database.
absl::Status AddFiles(const std::string& database, DiskMap& map) {
  ASSIGN_OR_RETURN(const DatabaseHeader header, ReadDatabaseHeader(database));
  ASSIGN_OR_RETURN(const WalState wal, ReadWal(database));
  ASSIGN_OR_RETURN(const JournalState journal,
                   ReadJournal(database, /*is_in_use=*/false));
  const std::string name = std::filesystem::path(database).filename().string();
  map.files.push_back(DatabaseFileOf(name, header, journal));
  if (wal.bytes > 0) map.files.push_back(WalFileOf(name, wal, header));
  // A super-journal would be where the process ran, and not here.
  if (journal.bytes > 0 && journal.super_journal.empty()) {
    map.files.push_back(JournalFileOf(name, journal));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DiskMap> KilledFiles(const std::string& directory,
                                    std::size_t round) {
  const std::string database = absl::StrCat(directory, "/", kDatabaseName);
  std::error_code error;
  if (!std::filesystem::exists(database, error)) {
    return absl::NotFoundError("no database");
  }
  DiskMap map;
  map.round = round;
  map.is_killed = true;
  RETURN_IF_ERROR(AddFiles(database, map));
  for (int number = 1; number <= kMostAttached; ++number) {
    const std::string attached = AttachedPath(database, number);
    if (!std::filesystem::exists(attached, error)) break;
    RETURN_IF_ERROR(AddFiles(attached, map));
  }
  return map;
}

}  // namespace lastcommit
