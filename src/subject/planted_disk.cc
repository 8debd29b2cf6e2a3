// The bug is below the saver: a disk, a controller or a virtual machine that
// says "synced" and goes on caching
// (https://sqlite.org/howtocorrupt.html#_disk_drives_that_do_not_honor_sync_requests),
// or a file system whose directories nobody syncs. The saver is as good as
// ours, and nothing but a loss of power can tell.
//
// Or a disk that does not keep locks, which nobody can tell who is alone: a
// network file system with "locks" that exclude nobody
// (https://sqlite.org/howtocorrupt.html#_filesystems_with_broken_or_missing_lock_implementations),
// and POSIX itself, where a close of any descriptor ends all locks that the
// process has on the file
// (https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).

#include <optional>
#include <string_view>

#include "subject/planted.h"
#include "subject/planted_subject.h"
#include "subject/sql_reader.h"

namespace lastcommit {
namespace {

SaverEntry OnADiskThatDrops(const UnkeptSyncs& dropped, std::string_view name,
                            std::string_view description,
                            ViolationClass planted) {
  SaverEntry entry = {name, description, planted, OpenPlanted<SqliteSubject>,
                      ReadStateBySql};
  entry.shown_by = ShownBy::kPowerLoss;
  entry.unkept_syncs = dropped;
  return entry;
}

SaverEntry OnADiskThatLosesLocks(const UnkeptLocks& lost, std::string_view name,
                                 std::string_view description,
                                 ViolationClass planted) {
  SaverEntry entry = {name, description, planted, OpenPlanted<SqliteSubject>,
                      ReadStateBySql};
  entry.needs_clients = 2;
  entry.unkept_locks = lost;
  return entry;
}

}  // namespace

SaverEntry PlantedWalSyncDropped() {
  return OnADiskThatDrops({.of = FileRole::kWal}, "planted-wal-sync-dropped",
                          "runs on a disk that only says that it syncs the WAL",
                          ViolationClass::kLostCommit);
}

SaverEntry PlantedDatabaseSyncDropped() {
  return OnADiskThatDrops(
      {.of = FileRole::kDatabase}, "planted-database-sync-dropped",
      "runs on a disk that only says that it syncs the database file",
      ViolationClass::kDamaged);
}

SaverEntry PlantedDirectorySyncDropped() {
  return OnADiskThatDrops(
      {.of_directory = true}, "planted-directory-sync-dropped",
      "runs on a disk that only says that it syncs directories",
      ViolationClass::kLostCommit);
}

SaverEntry PlantedIndexLocksShared() {
  return OnADiskThatLosesLocks(
      {.of_index = true}, "planted-index-locks-shared",
      "runs on a disk whose exclusive locks of the wal-index exclude nobody",
      ViolationClass::kLostCommit);
}

SaverEntry PlantedLocksLostByClose() {
  return OnADiskThatLosesLocks(
      {.after_close = true}, "planted-locks-lost-by-close",
      "runs where a close of any descriptor ends all locks of its process",
      ViolationClass::kLostCommit);
}

}  // namespace lastcommit
