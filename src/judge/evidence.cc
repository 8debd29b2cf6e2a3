#include "judge/evidence.h"

#include <algorithm>
#include <string>

namespace lastcommit {
namespace {

bool IsOf(Cause cause, const PendingChange& change) {
  if (cause == Cause::kDirectoryNotSynced) return change.is_of_directory();
  if (cause == Cause::kUnprotected) return !change.is_of_directory();
  return true;
}

}  // namespace

Changes MissingOf(const Changes& pending, const Survival& survival) {
  Changes missing;
  auto fate = survival.fates.begin();
  std::int64_t file_change = 0;
  std::int64_t directory_change = 0;
  for (const PendingChange& change : pending) {
    if (change.is_of_directory()) {
      const bool is_there =
          survival.directory < 0 || directory_change < survival.directory;
      ++directory_change;
      if (!is_there) missing.push_back(change);
    } else {
      const bool is_there =
          fate == survival.fates.end() || fate->change != file_change;
      ++file_change;
      if (is_there) continue;
      ++fate;
      missing.push_back(change);
    }
  }
  return missing;
}

void Evidence::Learn(std::uint64_t call, const Touch& touch,
                     std::uint64_t newest) {
  for (; next_ < line_.lapses.size() && line_.lapses[next_].call <= call;
       ++next_) {
    until_[line_.lapses[next_].cause] = newest;
  }
  if (!touch.database) return;
  if (line_.IsUnprotectedAt(call)) until_[Cause::kUnprotected] = newest;
}

Cause Evidence::OfDamage(std::uint64_t call, const Changes& pending,
                         const Changes& missing, const Storage& storage) const {
  // Nothing needs to be missing then: the rest was not written yet.
  if (line_.IsUnprotectedAt(call)) return Cause::kUnprotected;
  if (MayBe(Cause::kDatabaseNotSynced, missing, storage)) {
    return Cause::kDatabaseNotSynced;
  }
  if (IsVacuumUndone(pending, missing, storage)) return Cause::kVacuumUndone;
  return FirstOf(
      {Cause::kJournalSyncedOnce, Cause::kJournalNotSynced, Cause::kUnprotected,
       Cause::kOwnFilesNotSynced, Cause::kMissingSync},
      missing, storage);
}

Cause Evidence::OfLoss(std::uint64_t call, const Changes& missing,
                       const Storage& storage) const {
  // Without its directory the database is gone, whatever else is there.
  if (std::any_of(
          missing.begin(), missing.end(),
          [&](const PendingChange& change) { return IsOfFolder(change); })) {
    return Cause::kOwnFilesNotSynced;
  }
  const Cause cause =
      FirstOf({Cause::kWalNotSynced, Cause::kDatabaseNotSynced,
               Cause::kJournalNotSynced, Cause::kOwnFilesNotSynced,
               Cause::kDirectoryNotSynced, Cause::kJournalSyncedOnce,
               Cause::kUnprotected},
              missing, storage);
  if (IsSetting(cause)) return cause;
  return line_.IsUnprotectedAt(call) ? Cause::kUnprotected
                                     : OfBug(call, missing, storage);
}

// The end of a journal is missing, and what SQLite cut off behind it is gone.
bool Evidence::IsVacuumUndone(const Changes& pending, const Changes& missing,
                              const Storage& storage) const {
  const auto is_end = [&](const PendingChange& change) {
    return change.path == names_.journal &&
           change.kind != PendingChange::Kind::kWrite;
  };
  const auto is_cut = [&](const PendingChange& change) {
    return change.kind == PendingChange::Kind::kTruncate &&
           change.inode == storage.Find(names_.database) &&
           std::none_of(missing.begin(), missing.end(),
                        [&](const PendingChange& other) {
                          return other.id == change.id;
                        });
  };
  return MayBe(Cause::kVacuumUndone, pending, storage) &&
         std::any_of(missing.begin(), missing.end(), is_end) &&
         std::any_of(pending.begin(), pending.end(), is_cut);
}

Cause Evidence::FirstOf(std::initializer_list<Cause> causes,
                        const Changes& missing, const Storage& storage) const {
  for (const Cause cause : causes) {
    if (MayBe(cause, missing, storage)) return cause;
  }
  return Cause::kUnknown;
}

Cause Evidence::OfBug(std::uint64_t call, const Changes& missing,
                      const Storage& storage) const {
  if (line_.IsBrokenAt(call)) return Cause::kPartialRollback;
  return FirstOf({Cause::kMissingSync}, missing, storage);
}

bool Evidence::MayBe(Cause cause, const Changes& missing,
                     const Storage& storage) const {
  const auto until = until_.find(cause);
  return std::any_of(
      missing.begin(), missing.end(), [&](const PendingChange& change) {
        return until != until_.end() && change.id <= until->second &&
               IsOf(cause, change) && IsOwn(change, storage);
      });
}

// A directory above the database was made or moved.
bool Evidence::IsOfFolder(const PendingChange& change) const {
  return change.is_of_directory() &&
         (names_.database.starts_with(change.path + "/") ||
          (!change.to.empty() && names_.database.starts_with(change.to + "/")));
}

bool Evidence::IsOwn(const PendingChange& change,
                     const Storage& storage) const {
  const auto has = [&](const std::string& name) {
    return change.path == name || change.to == name ||
           (change.inode != kNoInode && change.inode == storage.Find(name));
  };
  return has(names_.database) || has(names_.journal) || has(names_.wal);
}

}  // namespace lastcommit
