#include "saver/vacuum.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "status/status.h"

namespace lastcommit::saver {
namespace {

// After the commit SQLite cuts the database file to its new size, without
// having journaled what is cut off (pager_end_transaction() in pager.c). If
// that survives a loss of power and the end of the journal does not, the
// journal is rolled back into a file that lacks pages. From this level on the
// end of the journal is durable before the file is cut.
Synchronous LevelFor(JournalMode mode) {
  switch (mode) {
    case JournalMode::kDelete:
      return Synchronous::kExtra;
    case JournalMode::kTruncate:
      return Synchronous::kFull;
    default:
      return Synchronous::kOff;
  }
}

absl::Status SetSynchronous(Database& database, std::int64_t level) {
  return database.RunOnce(absl::StrCat("PRAGMA synchronous = ", level));
}

}  // namespace

absl::Status Vacuum(Database& database, JournalMode mode) {
  ASSIGN_OR_RETURN(const std::int64_t level,
                   database.QueryInt("PRAGMA synchronous"));
  const auto needed = static_cast<std::int64_t>(LevelFor(mode));
  // At OFF nothing is promised, and it stays fast.
  if (level == static_cast<std::int64_t>(Synchronous::kOff) ||
      level >= needed) {
    return database.Run("VACUUM");
  }
  RETURN_IF_ERROR(SetSynchronous(database, needed));
  absl::Status vacuumed = database.Run("VACUUM");
  RETURN_IF_ERROR(SetSynchronous(database, level));
  return vacuumed;
}

}  // namespace lastcommit::saver
